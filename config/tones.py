"""Tones of a country's exchanges, one TOML file each: what an FXO line hears of a call's progress.

Files in /etc/trunkline/profiles/tones win by name over the shipped ones. `default` is for every
country without a file, by ITU-T E.180 and E.182. Where two sources differ both tones stand in the
file, the likelier one first, with a note.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config.countries import DEFAULT, ProfileName, Source
from config.fields import Section
from config.folder import read_folders
from config.voice import Hertz, Milliseconds, Tone

SHIPPED = Path(__file__).parent / "profiles" / "tones"
TONE_DIRS = (Path("/etc/trunkline/profiles/tones"), SHIPPED)

Note = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Register = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{2}$")]


class Signal(StrEnum):
    """How the exchange sends the caller's number."""

    BELL = "bell"  # FSK, Bell 202: Telcordia GR-30
    V23 = "v23"  # FSK, V.23: ETSI EN 300 659-1, BT SIN 227, NTT
    DTMF = "dtmf"  # ETSI EN 300 659-1, annex
    NONE = "none"  # nothing that a modem reads for sure


class When(StrEnum):
    """When it sends it."""

    BEFORE_RING = "before_ring"
    AFTER_FIRST_RING = "after_first_ring"


class Confidence(StrEnum):
    """How sure that is: a page that says so, general knowledge, or hearsay."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ProgressTone(Section):
    """One tone: frequencies that sound together, and when."""

    freqs_hz: Annotated[tuple[Hertz, ...], Field(min_length=1, max_length=2)] = Field(
        description="Its frequencies."
    )
    cadence_ms: Annotated[tuple[Milliseconds, ...], Field(max_length=8)] = Field(
        default=(), description="On, off, on, off; none for a tone without pauses."
    )
    am_hz: Annotated[int, Field(ge=5, le=100)] | None = Field(
        default=None, description="Frequency that modulates its loudness."
    )
    note: Note | None = Field(default=None, description="Who says so, where sources differ.")

    @model_validator(mode="after")
    def _ends_with_a_pause(self) -> Self:
        if len(self.cadence_ms) % 2:
            raise ValueError("cadence_ms is on, off, on, off: its last figure is a pause")
        return self


class CallerId(Section):
    """How the caller's number comes to an analogue line."""

    signal: Signal = Field(description="bell, v23, dtmf or none.")
    when: When = Field(
        default=When.AFTER_FIRST_RING, description="before_ring or after_first_ring."
    )
    cx93001: Register | None = Field(
        default=None, description="Register AT!4886 of a Conexant CX93001, in hex."
    )
    confidence: Confidence = Field(description="high, medium or low.")
    source: Source = Field(description="Where that comes from.")


class Tolerance(Section):
    """How far an exchange may be off and still be understood."""

    freq_hz: Annotated[int, Field(ge=5, le=50)] = Field(
        default=25, description="In hertz. Source: hints of field guide 6, gateways' manuals."
    )
    cadence_percent: Annotated[int, Field(ge=5, le=25)] = Field(
        default=20, description="Of each on and off; gateways sold have 10 to 25."
    )


Variants = Annotated[tuple[ProgressTone, ...], Field(min_length=1, max_length=4)]


class CountryTones(Section):
    """The tones of one country, each with its variants, the likeliest first."""

    name: ProfileName = Field(description="ISO 3166 code in small letters, the file's name.")
    title: str = Field(max_length=60, description="The country's name.")
    dial: Variants = Field(description="The exchange waits for digits.")
    ringback: Variants = Field(description="The callee's phone rings.")
    busy: Variants = Field(description="The callee is busy, or hung up.")
    congestion: Variants = Field(description="No way through, or the callee hung up.")
    caller_id: CallerId = Field(description="How the caller's number comes.")
    tolerance: Tolerance = Field(default=Tolerance(), description="How far tones may be off.")
    notes: tuple[Note, ...] = Field(default=(), description="What else is known.")
    sources: Annotated[tuple[Source, ...], Field(min_length=1)] = Field(
        description="Where the tones come from."
    )


@dataclass(frozen=True)
class Tones:
    """The tones of every country by name, those of /etc first."""

    by_name: Mapping[str, CountryTones]

    def of(self, country: str | None) -> CountryTones:
        """Return the tones of an ISO 3166 country, those of ITU-T E.180 for all others."""
        return self.by_name.get((country or DEFAULT).lower()) or self.by_name[DEFAULT]


def learned(tone: Tone) -> ProgressTone:
    """Return the disconnect tone of gateway.toml in the shape of a country's."""
    return ProgressTone(freqs_hz=tone.freqs_hz, cadence_ms=tone.cadence_ms)


def load_tones(folders: Sequence[Path] = TONE_DIRS) -> Tones:
    """Read all files, earlier folders win by name; ConfigError names what is wrong."""
    return Tones(read_folders(folders, CountryTones, "tones of countries", needed=(DEFAULT,)))
