"""What a chip makes of what it hears; it is told which tone the exchange plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fxo.signals import Signal
from simulator.sound.frames import FRAME_S

if TYPE_CHECKING:
    from simulator.fxo.loop import Loop

_FRAME_MS = round(FRAME_S * 1000)
_DIAL_MS = 500  # of dial tone before it is believed
_BURST_MS = 300  # the same of a burst of ringback
_BUSY_PERIODS = 2  # before busy is believed; told again after each further one
_SIT_MS = 1000
_QUIET = 6  # of 255: louder is no silence


class Hearing:
    """Hears one frame after the other and says which codes it would tell."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._silent = 0
        self._voice = False

    def begin(self) -> None:
        """Forget what was heard of a voice."""
        self._silent, self._voice = 0, False

    def tones(self) -> str:
        """Return the code of the tone that is on the line, when it is due, else nothing."""
        now_ms = self._loop.frames * _FRAME_MS
        cadence = self._loop.cadence
        period_ms = sum(cadence.on_off_ms) if cadence else 0
        match self._loop.signal:
            case Signal.DIAL if _reached(now_ms, _DIAL_MS):
                return "d"
            case Signal.SIT if _reached(now_ms, _SIT_MS):
                return "J"
            case Signal.RINGBACK if _again(now_ms - _BURST_MS, period_ms):
                return "r"
            case Signal.BUSY | Signal.CONGESTION if _again(now_ms, period_ms):
                return "b" if now_ms >= _BUSY_PERIODS * period_ms else ""
            case _:
                return ""

    def silence(self, octets: bytes, limit_s: float) -> str:
        """Return "s" after so much silence from the start, "q" after a voice; 0 s: never."""
        if max(octets) - min(octets) > _QUIET:
            self._silent, self._voice = 0, True
            return ""
        self._silent += 1
        if not limit_s or not _reached(self._silent * _FRAME_MS, round(limit_s * 1000)):
            return ""
        code, self._voice = "q" if self._voice else "s", False
        return code


def _reached(now_ms: int, at_ms: int) -> bool:
    """Whether this is the frame in which a moment lies."""
    return at_ms <= now_ms < at_ms + _FRAME_MS


def _again(now_ms: int, period_ms: int) -> bool:
    """Whether a new period began in this frame."""
    return now_ms >= 0 and now_ms % period_ms < _FRAME_MS
