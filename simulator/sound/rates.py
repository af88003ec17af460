"""Other rates than 8000 samples a second."""

from __future__ import annotations

import numpy as np

from simulator.sound.frames import FRAME_OCTETS
from simulator.sound.waves import Samples, octets

_TAPS = 31  # of the low-pass between 16 kHz and 8 kHz: 1 ms of delay
_CUT = 0.45  # of the lower rate


def resample(sound: bytes, rate: int, wanted: int) -> bytes:
    """Return a whole recording at another rate, cut to its band, filled up to whole frames."""
    samples = np.frombuffer(sound, "<i2").astype(float)
    length = round(len(samples) * wanted / rate)
    spectrum = np.fft.rfft(samples)[: length // 2 + 1]
    again = octets(np.fft.irfft(spectrum, length) * (length / len(samples)))
    return again.ljust(-(-len(again) // FRAME_OCTETS) * FRAME_OCTETS, b"\0")


class _LowPass:
    """A filter that remembers the end of the frame before."""

    def __init__(self) -> None:
        at = np.arange(_TAPS) - _TAPS // 2
        taps = np.sinc(_CUT * at) * np.hamming(_TAPS)
        self._taps = taps / taps.sum()
        self._before = np.zeros(_TAPS - 1)

    def __call__(self, samples: Samples) -> Samples:
        whole = np.concatenate([self._before, samples])
        self._before = whole[-(_TAPS - 1) :]
        return np.convolve(whole, self._taps, "valid")


class Doubler:
    """From 8 kHz to 16 kHz, frame by frame."""

    def __init__(self) -> None:
        self._low_pass = _LowPass()

    def __call__(self, frame: bytes) -> bytes:
        """Return twice as many samples."""
        samples = np.frombuffer(frame, "<i2")
        spread = np.zeros(2 * len(samples))
        spread[::2] = 2.0 * samples
        return octets(self._low_pass(spread))


class Halver:
    """From 16 kHz to 8 kHz, frame by frame."""

    def __init__(self) -> None:
        self._low_pass = _LowPass()

    def __call__(self, frame: bytes) -> bytes:
        """Return half as many samples."""
        return octets(self._low_pass(np.frombuffer(frame, "<i2").astype(float))[::2])
