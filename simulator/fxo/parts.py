"""What a scenario says of an analogue line and of the modem chip at its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from simulator.fields import Part
from simulator.sound.tones import TONES


class CallerId(StrEnum):
    """How an exchange tells who calls."""

    BELL = "bell"  # FSK of Bell 202
    V23 = "v23"  # FSK of V.23, as ETSI and BT have it
    DTMF = "dtmf"
    NONE = "none"


class ExchangePart(Part):
    """The exchange behind an FXO modem; the line's number is that of its first SIM."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    polarity: bool = False  # reversed when the far end answers, and back when it is gone
    loop_drop: bool = False  # the loop is opened for a moment when the far end is gone
    after_hang_up: Literal["busy", "congestion", "silence"] = "busy"
    dead: bool = False  # no current, no dial tone, never reached
    caller_id: CallerId = CallerId.BELL

    @field_validator("country")
    @classmethod
    def _country_has_tones(cls, country: str) -> str:
        if country not in TONES:
            raise ValueError(f"no tones of country {country!r}")
        return country


class ChipPart(Part):
    """What is odd with one FXO modem."""

    reports: bool = True  # False: it tells of rings and its own buffers, never of tones or keys
    polarity: Literal["", "l", "L"] = ""  # its code for a reversed line: V.253 says L, few tell it
    refuses_voice: bool = False  # AT+FCLASS=8 is an ERROR until ATZ
    caller_id_form: Literal["spaced", "tight", "partial"] = "spaced"  # partial: the number alone
