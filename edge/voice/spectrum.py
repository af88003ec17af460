"""How much of a frame's power lies in given bands: one matrix product for all bands of a call.

A tone may be off by some hertz, so a band is what a single DFT bin is not: the space of all sines
between two frequencies, cut down to the few dimensions that hold nearly all of it (Slepian: about
4 * width * duration + 2). A frame's power in the band is that of its projection on them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log10

import numpy as np
from numpy.typing import NDArray

from modem.pcm import FRAME_SAMPLES, RATE

Samples = NDArray[np.float32]
Span = tuple[float, float]  # from and to, in hertz
Band = tuple[Span, ...]  # sounds that belong together

_FULL = 32768.0
_GRID_HZ = 2.5  # sines of a span from which its space is made: far closer than 1 / 20 ms
_NOTHING = 0.15  # of the strongest direction: weaker ones hold noise rather than sines
_LOWEST_DBOV = -127.0  # RFC 6465


def samples_of(frame: bytes) -> Samples:
    """Return the samples of s16le octets, full scale at 1."""
    return np.frombuffer(frame, "<i2").astype(np.float32) / np.float32(_FULL)


def dbov(power: float) -> float:
    """Return a mean square in dB below overload, -127 for silence. 0 dBm0 is -6.15: ITU G.100.1."""
    return 10 * log10(power) if power > 2e-13 else _LOWEST_DBOV  # noqa: PLR2004 - 10^-12.7


def power_of(samples: Samples) -> float:
    """Return the mean square."""
    return float(np.dot(samples, samples)) / len(samples)


def around(freqs_hz: Iterable[float], width_hz: float) -> Band:
    """Return the band of sines that are off by at most `width_hz` on either side."""
    return tuple((freq - width_hz, freq + width_hz) for freq in freqs_hz)


class Bank:
    """Bands of 20 ms frames."""

    def __init__(self, bands: Sequence[Band]) -> None:
        spaces = [_space(band) for band in bands]
        self._matrix = np.ascontiguousarray(np.hstack(spaces))
        self._starts = np.cumsum([0, *(space.shape[1] for space in spaces[:-1])])

    def powers(self, samples: Samples) -> NDArray[np.float32]:
        """Return the mean square in each band: of one frame, or of each row of several."""
        parts = samples @ self._matrix
        found: NDArray[np.float32] = np.add.reduceat(parts * parts, self._starts, axis=-1)
        return found / np.float32(FRAME_SAMPLES)


@lru_cache(maxsize=128)
def _space(band: Band) -> Samples:
    """Return an orthonormal base, FRAME_SAMPLES x dimensions, of the sines in a band."""
    freqs = np.concatenate([_grid(*span) for span in band])
    angles = 2 * np.pi / RATE * np.outer(np.arange(FRAME_SAMPLES), freqs)
    base, sizes, _ = np.linalg.svd(np.hstack([np.cos(angles), np.sin(angles)]), full_matrices=False)
    kept: Samples = base[:, sizes > _NOTHING * sizes[0]].astype(np.float32)
    return kept


def _grid(low: float, high: float) -> NDArray[np.float64]:
    return np.linspace(low, high, 1 + max(1, round((high - low) / _GRID_HZ)))
