"""What the owner can say of voice: [voice], [recording], [[fxo]], [[incoming]]."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config.fields import E164, CountryCode, Name, Section
from config.limits import Limits

Hertz = Annotated[int, Field(ge=200, le=3400)]
Milliseconds = Annotated[int, Field(ge=40, le=20_000)]
# An extension, a group, "pbx NAME", or "play ID" for an announcement.
Destination = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9-]{1,32}|pbx [a-z0-9-]{1,32}|play [a-z0-9-]{1,64})$")
]


class Keep(StrEnum):
    """Which calls are recorded without being asked to."""

    NONE = "none"
    ALL = "all"


class RecordingFormat(StrEnum):
    """How a recording is written."""

    WAV = "wav"
    OPUS = "opus"


class AnswerBy(StrEnum):
    """What an FXO line takes for the answer of the far end."""

    AUTO = "auto"  # polarity where the modem tells it, else ringback that stops, else voice
    POLARITY = "polarity"
    RINGBACK = "ringback"
    VOICE = "voice"
    DIALED = "dialed"  # the end of dialling


class Voice(Section):
    """The sound of calls."""

    enabled: bool = Field(
        default=False,
        description="Whether calls have sound though no extension, PBX or FXO line is configured: "
        "for announcements and recordings alone.",
    )
    announcements: Path = Field(
        default=Path("/var/lib/trunkline/announcements"),
        description="Folder of announcements, one ID.wav or ID.opus each.",
    )
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[a-z0-9]+)*$",
        description="Voice of espeak-ng for announcements that are given as text.",
    )
    gain_in_db: float = Field(
        default=0.0, ge=-24, le=24, description="Gain of what comes from lines, in dB."
    )
    gain_out_db: float = Field(
        default=0.0, ge=-24, le=24, description="Gain of what goes to lines, in dB."
    )
    agent_wait_s: float = Field(
        default=2.0,
        ge=0.5,
        le=10,
        description="Seconds in which an agent must be on the line once a campaign's callee has "
        "answered; then the identity message is played and the call is abandoned.",
    )
    identity: str | None = Field(
        default=None,
        max_length=500,
        description="Who calls, for callees whom no agent could take: name, number, how to be "
        "left alone. A campaign with agents needs it.",
        examples=["This was Example Ltd, +43 1 5550100. Press 9 and we never call again."],
    )


class Recording(Section):
    """Recordings of calls."""

    keep: Keep = Field(
        default=Keep.NONE,
        description="Which calls are recorded: none unless asked by `record`, or all.",
    )
    folder: Path = Field(
        default=Path("/var/lib/trunkline/recordings"), description="Where recordings are kept."
    )
    format: RecordingFormat = Field(
        default=RecordingFormat.WAV,
        description="wav or opus; the line is the left side, the office the right.",
    )
    max_mb: int = Field(
        default=2048,
        ge=1,
        description="Megabytes that recordings may take; the oldest are deleted first.",
    )
    notice: bool | None = Field(
        default=None,
        description="Whether both sides are told that they are recorded; as the profile of "
        "gateway.country says if left out. Turn it off only where the law lets you.",
        examples=[True],
    )
    notice_announcement: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{1,64}$",
        description="Announcement that tells it; an English sentence if left out.",
        examples=["recorded"],
    )
    upload: str | None = Field(
        default=None,
        pattern=r"^(/.+|s3://[a-z0-9.-]{3,63}(/[A-Za-z0-9._/-]*)?)$",
        description="Folder or s3://BUCKET/PREFIX to which finished recordings are copied.",
        examples=["s3://office-calls/vienna"],
    )
    s3_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="Address of the S3-compatible store.",
        examples=["https://minio.example:9000"],
    )
    s3_region: str = Field(default="us-east-1", description="Its region.")
    s3_key_id: str | None = Field(
        default=None, description="Key id for the store.", examples=["trunkline"]
    )
    s3_secret_file: Path | None = Field(
        default=None,
        description="File whose first line is the secret key, readable by the gateway only.",
        examples=["/etc/trunkline/s3-secret"],
    )

    @model_validator(mode="after")
    def _store_is_whole(self) -> Self:
        s3 = (self.upload or "").startswith("s3://")
        if s3 and not (self.s3_endpoint and self.s3_key_id and self.s3_secret_file):
            raise ValueError("upload to s3:// needs s3_endpoint, s3_key_id and s3_secret_file")
        return self


class Tone(Section):
    """A tone that one line's exchange plays, as `trunkline tones learn` found it."""

    freqs_hz: Annotated[tuple[Hertz, ...], Field(min_length=1, max_length=2)] = Field(
        description="Its frequencies."
    )
    cadence_ms: Annotated[tuple[Milliseconds, ...], Field(max_length=8)] = Field(
        default=(), description="On, off, on, off; none for a tone without pauses."
    )

    @model_validator(mode="after")
    def _ends_with_a_pause(self) -> Self:
        if len(self.cadence_ms) % 2:
            raise ValueError("cadence_ms is on, off, on, off: its last figure is a pause")
        return self


class Fxo(Section):
    """An analogue line behind an FXO voice modem."""

    modem: Name = Field(
        description="Name of its modem, as `trunkline lines` shows it.", examples=["usb-1-1-2"]
    )
    line: Name | None = Field(
        default=None,
        description="Identifier of the line; fxo-MODEM when left out.",
        examples=["landline"],
    )
    number: E164 | None = Field(
        default=None, description="The line's number, with +.", examples=["+4315550100"]
    )
    country: CountryCode | None = Field(
        default=None,
        description="Country whose tones the exchange plays; gateway.country if left out.",
        examples=["AT"],
    )
    answer_by: AnswerBy = Field(
        default=AnswerBy.AUTO, description="What is taken for the answer of the far end."
    )
    pulse: bool = Field(default=False, description="Whether the line wants pulse dialling.")
    prefix: str = Field(
        default="",
        pattern=r"^[0-9*#,]{0,16}$",
        description="What is dialled before each number: a digit for an outside line.",
    )
    disconnect_tone: Tone | None = Field(
        default=None,
        description="The tone after the far end hung up, as `trunkline tones learn` found it.",
        examples=[{"freqs_hz": [425], "cadence_ms": [480, 480]}],
    )
    limits: Limits = Field(
        default=Limits(),
        description="Limits of this line, keys as in [limits].",
        examples=[{"max_minutes_day": 60}],
    )
    enabled: bool = Field(default=True, description="Whether the line may be used.")


class Incoming(Section):
    """Who takes calls that come in over a line."""

    line: Name | None = Field(
        default=None,
        description="The line; all lines without a rule of their own if left out.",
        examples=["desk-1"],
    )
    to: Annotated[tuple[Destination, ...], Field(min_length=1, max_length=8)] = Field(
        description='Extensions, groups, "pbx NAME" or "play ID"; each is tried for ring_s.',
        examples=[["600", "play closed"]],
    )
    ring_s: int = Field(
        default=20, ge=5, le=120, description="Seconds that each of them rings before the next."
    )
