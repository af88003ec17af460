"""Two clocks that differ by some ppm: when a sample must be added or taken, and how.

A frame is made one sample longer or shorter by band-limited interpolation over the whole frame, so
that nothing clicks: the pitch of 20 ms changes by half a percent.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 64  # levels: 1.3 s of ticks, longer than the jitter of chunks and of the loop
LEARN = 128  # levels, 2.6 s, from which it is learned what is normal
SETTLED = 16  # samples, 2 ms: nothing is done for less
PACE = 16  # frames between two slips: 390 ppm, twice what a cheap crystal is off
TAPS = 8  # samples to each side that the interpolation looks at


class Steer:
    """Keeps a level, in samples, where it settled: says what each frame should do about it."""

    __slots__ = ("_normal", "_rest", "_seen", "_smooth")

    def __init__(self) -> None:
        self._smooth = self._normal = 0.0
        self._seen = 0
        self._rest = 0

    def step(self, level: float) -> int:
        """Take the level of this tick: 1 to lower it by a sample, -1 to raise it, 0 to leave it."""
        self._seen += 1
        if self._seen <= LEARN:
            self._smooth += (level - self._smooth) / min(self._seen, SMOOTHING)
            self._normal = self._smooth
            return 0
        self._smooth += (level - self._smooth) / SMOOTHING
        self._rest -= 1
        error = self._smooth - self._normal
        if self._rest > 0 or -SETTLED < error < SETTLED:
            return 0
        self._rest = PACE
        return 1 if error > 0 else -1

    def forget(self) -> None:
        """Learn anew what is normal."""
        self._seen = 0


def resize(sound: bytes, samples: int) -> bytes:
    """Make s16le sound `samples` long, first and last sample where they were."""
    taken = np.frombuffer(sound, "<i2").astype(np.float32)
    made = np.rint(_weights(len(taken), samples) @ taken)
    return bytes(np.minimum(np.maximum(made, -32768), 32767).astype("<i2").data)


@cache
def _weights(taken: int, made: int) -> NDArray[np.float32]:
    """What each sample taken adds to each one made: a windowed sinc, each row of sum 1."""
    distance = np.linspace(0, taken - 1, made)[:, None] - np.arange(taken)
    window = np.cos(np.pi / 2 * np.clip(distance / TAPS, -1, 1)) ** 2
    weights = np.sinc(distance) * window
    scaled: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled
