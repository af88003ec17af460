"""What is in a recording: how much of a frequency, and how often a steady tone jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.sound.frames import FRAME_SAMPLES, RATE
from simulator.sound.waves import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = 10 * FRAME_SAMPLES  # 200 ms: lines of the spectrum are 5 Hz apart
_LINES = 3  # to either side that a Hann window smears a line to
_QUIET = 0.25  # of the loudest frame: less is no tone


def samples_of(frames: Iterable[bytes]) -> Samples:
    """Return frames as one row of samples."""
    return np.frombuffer(b"".join(frames), "<i2").astype(float)


def share(frames: Iterable[bytes], hz: float) -> float:
    """Return how much of all energy is at a frequency, 0 to 1; 0 for silence.

    In whole blocks of 200 ms, give or take 15 Hz; what is shorter as one block, with a wider band.
    """
    samples = samples_of(frames)
    block = min(_BLOCK, len(samples))
    if not block:
        return 0.0
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    power = np.abs(np.fft.rfft(blocks * np.hanning(block), axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(block, 1 / RATE) - hz) <= _LINES * RATE / block
    total = power.sum()
    return float(power[:, near].sum() / total) if total else 0.0


def level(frames: Iterable[bytes]) -> float:
    """Return the root mean square of all samples, 0 to 32767."""
    samples = samples_of(frames)
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def discontinuities(frames: Iterable[bytes], hz: float, jump_rad: float = 0.5) -> int:
    """Count where a steady tone jumps or drops out, between its first and last loud frame.

    Take a frequency of which 20 ms are no whole number of turns (440, 1004; not 400, 1000):
    a lost frame of the others leaves no trace.
    """
    samples = samples_of(frames)
    samples = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)
    tone = (samples * turns).reshape(-1, FRAME_SAMPLES).mean(axis=1)
    loud = np.abs(tone) > _QUIET * np.abs(tone).max(initial=0.0)
    if not loud.any():
        return 0
    first, last = np.flatnonzero(loud)[[0, -1]]
    return _jumps(tone[first : last + 1], loud[first : last + 1], jump_rad)


def _jumps(tone: NDArray[np.complex128], loud: NDArray[np.bool_], jump_rad: float) -> int:
    """Count runs of frames that are quiet or turned against the one before."""
    turned = np.abs(np.angle(tone[1:] * np.conj(tone[:-1]))) > jump_rad
    broken = turned | ~loud[1:] | ~loud[:-1]
    return int(np.count_nonzero(broken[1:] & ~broken[:-1]) + broken[:1].sum())
