"""What an exchange puts on a line, and how it sounds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from simulator.sound.frames import SILENCE, Mouth

if TYPE_CHECKING:
    from simulator.sound.tones import Cadence

SIT_HZ = (950, 1400, 1800)  # ITU-T E.180
SIT_FRAMES = 17  # 340 ms each; E.180 says 330


class Signal(StrEnum):
    """The tones are named as in TONES."""

    NONE = "none"
    DIAL = "dial"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    SIT = "sit"
    SPEECH = "speech"


class Information:
    """The three rising tones before "this number is not in service"."""

    def __init__(self) -> None:
        from simulator.sound.waves import steady  # noqa: PLC0415 - numpy, only where sound runs

        self._tones = [steady(hz) for hz in SIT_HZ]
        self._frames = 0

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        place = self._frames // SIT_FRAMES
        self._frames += 1
        return self._tones[place].frame() if place < len(self._tones) else SILENCE


def mouth(cadence: Cadence | None) -> Mouth:
    """Return what plays a tone of the country, or the three tones that have no cadence."""
    from simulator.sound.waves import Tone  # noqa: PLC0415 - as above

    return Tone(cadence) if cadence else Information()
