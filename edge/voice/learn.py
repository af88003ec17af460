"""Finds the tone that an exchange plays when the far end hung up, in a recording of it.

First the one or two frequencies that stand out wherever a tone sounds at all; then its sounds and
pauses, by the Track that will listen for them in calls; then the shortest pattern that repeats up
to the latest time. Frequencies are exact to 5 Hz, times to 10 ms. Where nothing repeats, or pauses
are as long as those of ringback, there is no such tone.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from config.voice import Tone
from edge.voice.cadence import SLACK_MS, Stretch, Track, is_hushed, is_pure, is_tone
from edge.voice.peaks import common_peaks, peaks_of
from edge.voice.spectrum import Bank, Samples, around, power_of, samples_of
from modem.pcm import FRAME_SAMPLES, RATE

LONGEST_S = 60  # of a recording: its end counts

_WIDTH_HZ = 25  # around a frequency that is roughly known
_ALIKE = 0.12  # by what share two stretches may differ
_SIZES = (2, 4, 6, 8)  # stretches in a cycle: config.voice.Tone
_STRETCHES = 7  # that must be alike at least: four sounds and what lies between
_CYCLES = 3
_LONGEST_PAUSE_MS = 1200.0  # ringback has longer ones, no busy or congestion tone has
_LASTING_MS = 4000.0  # a tone without pauses
_ROUND_MS = 5
_EDGE = RATE // 50  # samples over which power is averaged: two frequencies beat within it
_FREQUENCIES = 2  # config.voice.Tone

Piece = tuple[Stretch, int]  # and the sample at which it begins


def learn(frames: Iterable[bytes]) -> Tone | None:
    """Return the latest disconnect tone in 20 ms frames; None: there is none."""
    samples = samples_of(b"".join(deque(frames, maxlen=LONGEST_S * RATE // FRAME_SAMPLES)))
    rough = common_peaks(samples)
    if not rough:
        return None
    pieces = _pieces(samples, rough)
    return _lasting(samples, pieces) or _repeating(samples, pieces[:-1])


def _pieces(samples: Samples, freqs_hz: Sequence[float]) -> list[Piece]:
    """Return the sounds and pauses of a tone, the last of them open."""
    bank = Bank([around(freqs_hz, _WIDTH_HZ)])
    frames = samples.reshape(-1, FRAME_SAMPLES)
    track = Track(memory=len(frames))
    for frame, powers in zip(frames, bank.powers(frames), strict=True):
        track.hear(power_of(frame), float(powers[0]))
    stretches = [*track.done, track.now]
    ends = np.cumsum([stretch.frames for stretch in stretches]) * FRAME_SAMPLES
    return [
        (stretch, int(end) - stretch.frames * FRAME_SAMPLES)
        for stretch, end in zip(stretches, ends, strict=True)
    ]


def _lasting(samples: Samples, pieces: Sequence[Piece]) -> Tone | None:
    stretch, at = pieces[-1]
    if not stretch.on or stretch.ms < _LASTING_MS:
        return None
    before = pieces[-2][0]
    noise = before.mean if is_hushed(before, stretch) else 0.0
    if not is_pure(stretch, noise):
        return None
    return _tone([samples[at : at + stretch.frames * FRAME_SAMPLES]], ())


def _repeating(samples: Samples, pieces: Sequence[Piece]) -> Tone | None:
    for end in range(len(pieces), _STRETCHES - 1, -1):
        for size in _SIZES:
            count = _alike([stretch for stretch, _ in pieces[:end]], size)
            if count >= max(_STRETCHES, _CYCLES * size - 1):
                return _measured(samples, pieces[end - count : end], size)
    return None


def _alike(stretches: Sequence[Stretch], size: int) -> int:
    """Return how many stretches at the end repeat what came `size` before them."""
    count = 0
    for place in range(len(stretches) - 1, -1, -1):
        here = stretches[place]
        later = stretches[place + size] if count >= size else here
        if abs(here.ms - later.ms) > max(_ALIKE * later.ms, SLACK_MS):
            break
        if not is_tone(stretches, place, steady=False):
            break
        if not here.on and here.ms > _LONGEST_PAUSE_MS:
            break
        count += 1
    return count


def _measured(samples: Samples, pieces: Sequence[Piece], size: int) -> Tone | None:
    """Return the tone of a pattern of `size` stretches, measured in all its cycles."""
    if not pieces[0][0].on:
        pieces = pieces[1:]
    edges = [_edge(samples, at, stretch) for stretch, at in pieces]
    lengths = np.diff(edges) / (RATE / 1000)
    cycle = [float(np.mean(lengths[place::size])) for place in range(size)]
    times = [_ROUND_MS * round(ms / _ROUND_MS) for ms in cycle]
    turned = [tuple(times[at:] + times[:at]) for at in range(0, size, 2)]
    cadence = min(turned, key=lambda one: (-one[-1], one))  # the longest pause ends it
    sounds = [
        samples[begin:end]
        for (stretch, _), begin, end in zip(pieces, edges, edges[1:], strict=False)
        if stretch.on
    ]
    return _tone(sounds, cadence)


def _edge(samples: Samples, at: int, stretch: Stretch) -> int:
    """Return the sample at which a stretch really begins: where half of the power came or went."""
    begin = max(0, at - FRAME_SAMPLES - _EDGE // 2)
    near = samples[begin : at + FRAME_SAMPLES + _EDGE // 2]
    power = np.convolve(near * near, np.ones(_EDGE) / _EDGE, "valid")
    high = power > (power.min() + power.max()) / 2
    place = int(np.argmax(high if stretch.on else ~high))
    return begin + place + _EDGE // 2


def _tone(sounds: Sequence[Samples], cadence_ms: tuple[int, ...]) -> Tone | None:
    """Return the tone, if it is one or two level frequencies."""
    freqs = peaks_of(sounds)
    if not 1 <= len(freqs) <= _FREQUENCIES:
        return None
    return Tone(freqs_hz=tuple(round(freq) for freq in freqs), cadence_ms=cadence_ms)
