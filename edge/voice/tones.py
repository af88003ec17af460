"""Makes tones: ringback for a phone, busy, the warning before a call is cut."""

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from config.tones import ProgressTone
from modem.pcm import FRAME_SAMPLES, RATE

LEVEL_DBM0 = -13.0  # of tones that people hear: E.180 recommends -10 +-5 dBm0
WARNING = ProgressTone(freqs_hz=(1000,), cadence_ms=(120, 120, 120, 120))
WARNING_MS = 480  # two short beeps before a call is cut

_FULL_DBM0 = 3.14  # of the loudest sine: ITU-T G.711
_AM_DEPTH = 0.8  # E.180 names none


class ToneSource:
    """A tone as endless frames, each going on where the last one ended."""

    def __init__(self, tone: ProgressTone, level_dbm0: float = LEVEL_DBM0) -> None:
        self._tone = tone
        self._peak = amplitude(level_dbm0) / len(tone.freqs_hz) ** 0.5
        self._at = 0  # samples

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        at = np.arange(self._at, self._at + FRAME_SAMPLES)
        self._at += FRAME_SAMPLES
        sound = sines(self._tone.freqs_hz, at) * self._peak * _on(self._tone.cadence_ms, at)
        if self._tone.am_hz:
            sound *= _swell(self._tone.am_hz, at)
        return octets(sound)


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


def _on(cadence_ms: Sequence[int], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 where the tone sounds and 0 in its pauses."""
    if not cadence_ms:
        return np.ones(len(at))
    ends = np.cumsum(cadence_ms) * RATE // 1000
    place = np.searchsorted(ends, at % ends[-1], side="right")
    return np.asarray(place % 2 == 0, np.float64)


def _swell(am_hz: float, at: NDArray[np.int64]) -> NDArray[np.float64]:
    wave = 1 + _AM_DEPTH * np.cos(2 * np.pi * am_hz / RATE * at)
    swell: NDArray[np.float64] = wave / (1 + _AM_DEPTH**2 / 2) ** 0.5
    return swell
