"""Two clocks that differ by some ppm: when a sample must be added or taken, and how.

A frame is made one sample longer or shorter by band-limited interpolation over the whole frame, so
that nothing clicks: the pitch of 20 ms changes by half a percent.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 64  # levels: 1.3 s of ticks, longer than the jitter of chunks and of the loop
SETTLED = 16  # samples, 2 ms: nothing is done for less
FAR = 160  # samples, 20 ms
PACE = 16  # frames between two slips: 390 ppm, twice what a cheap crystal is off
FAST_PACE = 2  # the same when the level is far off: 0.3 % of pitch, still not heard
TAPS = 8  # samples to each side that the interpolation looks at


class Steer:
    """Keeps a level near a target: step() says what one frame should do about it.

    The target may be moved. Levels and targets are in samples.
    """

    __slots__ = ("_rest", "_smooth", "target")

    def __init__(self, target: float) -> None:
        self.target = target
        self._smooth: float | None = None
        self._rest = PACE

    @property
    def level(self) -> float:
        """The level, smoothed; the target while none was seen."""
        return self.target if self._smooth is None else self._smooth

    def step(self, level: float) -> int:
        """Take the level of this tick: 1 to lower it by a sample, -1 to raise it, 0 to leave it."""
        smooth = level if self._smooth is None else self._smooth
        smooth += (level - smooth) / SMOOTHING
        self._smooth = smooth
        self._rest -= 1
        error = smooth - self.target
        if self._rest > 0 or -SETTLED < error < SETTLED:
            return 0
        self._rest = FAST_PACE if abs(error) > FAR else PACE
        return 1 if error > 0 else -1

    def jump(self, samples: float) -> None:
        """The level was changed by so much at once, on purpose."""
        if self._smooth is not None:
            self._smooth += samples

    def forget(self) -> None:
        """Begin anew: what was seen so far says nothing of what comes."""
        self._smooth = None
        self._rest = PACE


def resize(sound: bytes, samples: int) -> bytes:
    """Make s16le sound `samples` long, first and last sample where they were."""
    taken = np.frombuffer(sound, "<i2").astype(np.float32)
    made = _weights(len(taken), samples) @ taken
    return bytes(np.clip(np.rint(made), -32768, 32767).astype("<i2").data)


@cache
def _weights(taken: int, made: int) -> NDArray[np.float32]:
    """What each sample taken adds to each one made: a windowed sinc, each row of sum 1."""
    distance = np.linspace(0, taken - 1, made)[:, None] - np.arange(taken)
    window = np.cos(np.pi / 2 * np.clip(distance / TAPS, -1, 1)) ** 2
    weights = np.sinc(distance) * window
    scaled: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled
