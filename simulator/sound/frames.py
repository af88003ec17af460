"""Sound in pieces of 20 ms: the constants, who gives them and who takes them."""

from __future__ import annotations

from collections import deque
from typing import Protocol

RATE = 8000  # samples a second, 3GPP TS 26.071
FRAME_S = 0.02
FRAME_SAMPLES = 160
FRAME_OCTETS = 2 * FRAME_SAMPLES  # s16le, one channel
SILENCE = bytes(FRAME_OCTETS)

_PIPE_FRAMES = 8  # 160 ms: the most that waits between two devices whose clocks differ
_START_FRAMES = 2  # waits until so many are there, after it ran empty


class Mouth(Protocol):
    """Whoever says something."""

    def frame(self) -> bytes:
        """Return the next 20 ms; never ends."""
        ...


class Ear(Protocol):
    """Whoever listens."""

    def hear(self, frame: bytes) -> None:
        """Take 20 ms."""
        ...


class Quiet:
    """A mouth that says nothing."""

    def frame(self) -> bytes:
        """Return silence."""
        return SILENCE


class Pipe:
    """An ear whose frames come out of its mouth; a full one loses its oldest."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=_PIPE_FRAMES)
        self._flows = False

    def hear(self, frame: bytes) -> None:
        """Keep a frame."""
        self._frames.append(frame)
        self._flows |= len(self._frames) >= _START_FRAMES

    def frame(self) -> bytes:
        """Return the oldest frame, or silence."""
        if self._flows and self._frames:
            return self._frames.popleft()
        self._flows = False
        return SILENCE


class Echo:
    """Says what it hears, `delay` frames later."""

    def __init__(self, delay: int = 2) -> None:
        self._frames = deque([SILENCE] * delay, maxlen=delay + 1)

    def hear(self, frame: bytes) -> None:
        """Keep a frame."""
        self._frames.append(frame)

    def frame(self) -> bytes:
        """Return what was heard."""
        return self._frames.popleft() if self._frames else SILENCE
