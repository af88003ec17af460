"""Makes tones: ringback for a phone, busy, the warning before a call is cut."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from math import ceil

import numpy as np
from numpy.typing import NDArray

from config.tones import ProgressTone
from modem.pcm import FRAME_SAMPLES, RATE, SILENCE

LEVEL_DBM0 = -13.0  # of tones that people hear: E.180 recommends -10 +-5 dBm0
WARNING = ProgressTone(freqs_hz=(1000,), cadence_ms=(120, 120, 120, 120))
WARNING_MS = 480  # two short beeps before a call is cut

_FULL_DBM0 = 3.14  # of the loudest sine: ITU-T G.711
_AM_DEPTH = 0.8  # E.180 names none


class ToneSource:
    """A tone as endless frames, each going on where the last one ended."""

    def __init__(self, tone: ProgressTone, level_dbm0: float = LEVEL_DBM0) -> None:
        self._second = _second(tone.freqs_hz, tone.am_hz, level_dbm0)
        self._ends = tuple(accumulate(ms * RATE // 1000 for ms in tone.cadence_ms))
        self._at = 0  # samples

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        sound = self._second[self._at // FRAME_SAMPLES % len(self._second)]
        begin, self._at = self._at, self._at + FRAME_SAMPLES
        if not self._ends:
            return sound
        begin %= self._ends[-1]
        place = bisect_right(self._ends, begin)
        if begin + FRAME_SAMPLES > self._ends[place]:
            return self._cut(sound, begin)
        return SILENCE if place % 2 else sound

    def _cut(self, sound: bytes, begin: int) -> bytes:
        """Return a frame in which the tone comes or goes."""
        at = np.arange(begin, begin + FRAME_SAMPLES) % self._ends[-1]
        on = np.searchsorted(self._ends, at, side="right") % 2 == 0
        return octets(np.frombuffer(sound, "<i2") * on.astype(np.float64))


def tone_frames(tone: ProgressTone, ms: int, level_dbm0: float = LEVEL_DBM0) -> Iterator[bytes]:
    """Yield a tone that lasts `ms`, rounded up to a frame."""
    source = ToneSource(tone, level_dbm0)
    return (source.frame() for _ in range(ceil(ms * RATE / 1000 / FRAME_SAMPLES)))


def sines(freqs_hz: Sequence[float], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of sines of amplitude 1, at these samples."""
    angles = 2 * np.pi / RATE * np.outer(freqs_hz, at)
    total: NDArray[np.float64] = np.sin(angles).sum(axis=0)
    return total


def amplitude(level_dbm0: float) -> float:
    """Return the amplitude of a sine of that level."""
    return float(32767 * 10 ** ((level_dbm0 - _FULL_DBM0) / 20))


def octets(sound: NDArray[np.float64]) -> bytes:
    """Return samples as s16le, clipped."""
    return np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()


@lru_cache(maxsize=64)
def _second(freqs_hz: tuple[int, ...], am_hz: int | None, level_dbm0: float) -> tuple[bytes, ...]:
    """Return the frames of a second without pauses: whole hertz repeat after it."""
    at = np.arange(RATE)
    sound = sines(freqs_hz, at) * amplitude(level_dbm0) / len(freqs_hz) ** 0.5
    if am_hz:
        wave = 1 + _AM_DEPTH * np.cos(2 * np.pi * am_hz / RATE * at)
        sound *= wave / (1 + _AM_DEPTH**2 / 2) ** 0.5
    return tuple(octets(part) for part in sound.reshape(-1, FRAME_SAMPLES))
