"""A steady tone with marks in it: frames that are twice as loud, one each half second.

A mark says when it was said and leaves the tone's phase alone, so that one sound measures both the
delay of a way and its discontinuities.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.sound.frames import FRAME_SAMPLES, RATE
from simulator.sound.listen import discontinuities
from simulator.sound.waves import octets

LINE_HZ, PHONE_HZ = 1004, 440  # 20 ms of them are no whole number of turns, 0.5 s are
MARK_FRAMES = 25  # from mark to mark; no delay is longer
_SOFT, _LOUD, _MARK = 6000, 12_000, 9000  # peaks, and what only a mark exceeds
_SAMPLE_NS = 1_000_000_000 // RATE


def tone(hz: int) -> list[bytes]:
    """Frames that can be said over and over; the first is the mark."""
    samples = np.sin(2 * np.pi * hz * np.arange(MARK_FRAMES * FRAME_SAMPLES) / RATE)
    peaks = np.full(len(samples), _SOFT)
    peaks[:FRAME_SAMPLES] = _LOUD
    sound = octets(samples * peaks)
    size = len(sound) // MARK_FRAMES
    return [sound[at : at + size] for at in range(0, len(sound), size)]


@dataclass(slots=True)
class Notes:
    """What one end of a call said and heard, with monotonic nanoseconds."""

    said: list[int] = field(default_factory=list)  # marks
    heard: list[tuple[int, bytes]] = field(default_factory=list)  # frames
    over: bool = True  # what comes now does not count

    def begin(self) -> None:
        """What came until now does not count."""
        self.over = False
        self.said.clear()
        self.heard.clear()

    def say(self) -> None:
        """A mark is said now."""
        if not self.over:
            self.said.append(time.monotonic_ns())

    def hear(self, sound: bytes) -> None:
        """A frame came now."""
        if not self.over:
            self.heard.append((time.monotonic_ns(), sound))

    def found(self, hz: int) -> dict[str, Any]:
        """What is to be told of it; `hz` is what should be heard."""
        frames = [frame for _, frame in self.heard]
        return {
            "said": self.said,
            "heard": _marks(self.heard),
            "frames": len(frames),
            "discontinuities": discontinuities(frames, hz),
        }


def steady() -> None:
    """No garbage is collected in this process any more: that takes 0.1 s, and would be heard."""
    gc.collect()
    gc.disable()


def _marks(heard: Sequence[tuple[int, bytes]]) -> list[int]:
    """When the first sample of each mark was there to be played; a first half one is left out."""
    samples = np.frombuffer(b"".join(frame for _, frame in heard), "<i2").astype(int)
    loud = np.flatnonzero(np.abs(samples) > _MARK)
    begins = loud[np.diff(loud, prepend=-RATE) > FRAME_SAMPLES]
    places = (divmod(int(at), FRAME_SAMPLES) for at in begins)
    return [heard[frame][0] + at * _SAMPLE_NS for frame, at in places if frame]


def delays(said: Sequence[int], heard: Sequence[int]) -> list[int]:
    """Nanoseconds from each mark to when it was heard."""
    if not said:
        return []
    before = [(max((ns for ns in said if ns <= now), default=None), now) for now in heard]
    return [now - ns for ns, now in before if ns is not None]
