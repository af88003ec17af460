"""Modem profiles: what a model of modem does its own way, one TOML file a group of models.

Files in /etc/trunkline/profiles/modems win by name over the shipped ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.fields import Name, Section
from config.folder import read_folders
from config.keys import hint
from config.models import GatewayConfig

SHIPPED = Path(__file__).parent / "profiles" / "modems"
PROFILE_DIRS = (Path("/etc/trunkline/profiles/modems"), SHIPPED)
GENERIC = "generic"

# Set-up may tell a modem how to report; to call, send, unlock or disguise is not set-up.
_EXTENDED = r'[+^*$][A-Z0-9]+(?:\?|=(?:[^;"]|"[^"]*")+)?'
_SET_UP = re.compile(rf"AT(?:[EQVX]\d|&[CDK]\d)*(?:{_EXTENDED}(?:;{_EXTENDED})*)?")
_NOT_SET_UP = re.compile(
    r"[+^*$](CHUP|CHLD|QHUP|VTS|DTMF|CMG[SCWD]|CMSS|CUSD|CPIN|CPWD|CLCK|CFUN|EGMR|SIMEI)\b",
)


def _is_set_up(command: str) -> str:
    """Refuse a line that is no AT command, or that does more than set the modem up."""
    if not _SET_UP.fullmatch(command) or _NOT_SET_UP.search(command):
        raise ValueError(f"{command!r} is no set-up command; calls, PINs and resets are not set-up")
    return command


def _is_pattern(text: str) -> str:
    """Refuse what is no regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Command = Annotated[str, StringConstraints(pattern=r"^AT[ -~]{0,120}$")]
SetUp = Annotated[Command, AfterValidator(_is_set_up)]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
UsbId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Interface = Annotated[int, Field(ge=0, le=255)]
NewMessage = Annotated[str, StringConstraints(pattern=r"^[0-3],[0-3],[0-3],[0-2],[01]$")]


class Family(StrEnum):
    """The module in drivers/families/ that speaks to the modem."""

    GENERIC = "generic"
    QUECTEL = "quectel"
    SIMCOM = "simcom"
    HUAWEI = "huawei"
    CONEXANT = "conexant"
    USR = "usr"


_FXO = frozenset({Family.CONEXANT, Family.USR})


class Ready(StrEnum):
    """How the modem tells that SIM, SMS and phone book are up."""

    CPIN = "cpin"  # +CPIN: READY is all there is
    SMS_DONE = "sms_done"  # URC SMS DONE or SMS Ready, at start only
    QINISTAT = "qinistat"  # AT+QINISTAT shows every bit of ready_mask


class CallReports(StrEnum):
    """What tells of call states."""

    CCINFO = "ccinfo"  # +QIND: "ccinfo",...
    DSCI = "dsci"  # ^DSCI with Quectel's own states
    CLCC = "clcc"  # +CLCC as a URC
    HUAWEI = "huawei"  # ^ORIG ^CONF ^CONN ^CEND
    POLL = "poll"  # AT+CLCC while a call lives


class UssdStyle(StrEnum):
    """How the text of AT+CUSD=1 is written."""

    PLAIN = "plain"
    UCS2 = "ucs2"  # hex of UCS-2
    PACKED = "packed"  # hex of packed GSM 7-bit


class SlotCommand(StrEnum):
    """The command that chooses among SIM slots."""

    QDSIM = "qdsim"  # AT+QDSIM=0|1
    QUIMSLOT = "quimslot"  # AT+QUIMSLOT=1|2
    SWITCHSIM = "switchsim"  # AT+SWITCHSIM=0|1


class DtmfSend(StrEnum):
    """The command that sends a digit."""

    VTS = "vts"  # AT+VTS="c"
    HUAWEI = "^dtmf"  # AT^DTMF=idx,c


class FlowControl(StrEnum):
    """Flow control of the tty."""

    NONE = "none"
    RTSCTS = "rtscts"


class SoundFormat(StrEnum):
    """How a voice modem writes a sample of 8 bits."""

    UNSIGNED = "unsigned"  # 128 is silence
    LINEAR = "linear"  # signed, 0 is silence


class Escape(StrEnum):
    """How many DLE a voice modem wants before what ends the stream."""

    SINGLE = "single"
    TRIPLE = "triple"


class Duplex(StrEnum):
    """Whether a voice modem plays and listens at once."""

    FULL = "full"  # AT+VTR
    HALF = "half"  # AT+VTX or AT+VRX


class AudioKind(StrEnum):
    """What carries the sound of a call."""

    TTY = "tty"  # raw samples on the port that interfaces.audio names
    ALSA = "alsa"  # a sound card on the modem's USB device


class AudioMoment(StrEnum):
    """When the sound of a call is switched on."""

    DIAL = "dial"  # before the dial or the answer, so that announcements are heard early
    DIALED = "dialed"  # right behind the dial or the answer
    ANSWER = "answer"  # when the call is connected: before, the modem refuses


class Quirk(StrEnum):
    """What a modem does that no standard says."""

    ACTIVE_AT_RINGBACK = "active_at_ringback"  # says active before anyone answered
    NO_CHLD_BEFORE_ALERTING = "no_chld_before_alerting"  # AT+CHLD=1x then kills the stick
    CURC_FLOOD = "curc_flood"  # a flood of ^ URCs crashes it while probed: AT^CURC=0 first
    NO_USSD = "no_ussd"  # AT+CUSD answers OK and nothing ever comes
    DTMF_DIGITS_ONLY = "dtmf_digits_only"  # A to D cannot be sent


class Interfaces(Section):
    """USB interface numbers (bInterfaceNumber) of the ports that matter."""

    at: Interface = Field(description="The port for AT commands.")
    at2: Interface | None = Field(default=None, description="A second port for AT commands.")
    audio: Interface | None = Field(default=None, description="The port that carries voice.")


class Sms(Section):
    """How short messages come and are acknowledged."""

    cnmi: tuple[NewMessage, ...] = Field(
        default=("2,1,2,1,0", "2,1,2,2,0", "2,1,2,0,0"),
        min_length=1,
        description="Arguments of AT+CNMI, tried in order until one is taken.",
    )
    cnma: Command | None = Field(
        default=None,
        description="What acknowledges a message delivered with its text; none when left out.",
    )
    storage: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] = Field(
        default="SM",
        description="Storage for AT+CPMS.",
    )


class VoiceModem(Section):
    """How a modem on an analogue line carries voice (V.253)."""

    format: SoundFormat = Field(description="How it writes sound, with what compression says.")
    compression: SetUp = Field(description="What chooses 8-bit samples at 8000 a second.")
    silence: SetUp | None = Field(
        default=None, description="What sets its own detector of silence."
    )
    escape: Escape = Field(default=Escape.SINGLE, description="How words that end are shielded.")
    duplex: Duplex = Field(description="Whether it plays and listens at once.")
    polarity: Annotated[str, StringConstraints(pattern="^[!-~]$")] | None = Field(
        default=None,
        description="The code that tells of a reversed line; none where it tells nothing.",
    )
    tells_dial_tone: bool = Field(default=True, description="Whether DLE d tells of a dial tone.")
    tells_loop_cut: bool = Field(
        default=True, description="Whether DLE l tells that the line was cut."
    )


class Audio(Section):
    """How the sound of a call comes and goes."""

    kind: AudioKind = Field(description="What carries it.")
    rate: Literal[8000, 16_000] = Field(default=8000, description="Samples a second, s16le.")
    when: AudioMoment = Field(description="When it is switched on.")
    keep: tuple[SetUp, ...] = Field(
        default=(),
        description="Settings that the modem keeps: asked once, sent where they are others.",
    )
    on: tuple[SetUp, ...] = Field(
        min_length=1,
        description="What switches it on for one call; the last line must be answered with OK.",
    )
    off: tuple[SetUp, ...] = Field(default=(), description="What switches it off after a call.")
    retry_s: float = Field(
        default=0, ge=0, le=30, description="Seconds for which a refusal is no answer."
    )


class ModemProfile(Section):
    """All that Trunkline knows of a group of models; commands are whole, with their AT."""

    name: Name = Field(description="Name of the profile, equal to the file's name.")
    family: Family = Field(description="The module that speaks to the modem.")
    manufacturer: Pattern = Field(
        default=".*",
        description="Regular expression for all of the answer to AT+CGMI, any case.",
    )
    models: tuple[Pattern, ...] = Field(
        default=(),
        description="Regular expressions for all of the answer to AT+CGMM, any case.",
    )
    usb: tuple[UsbId, ...] = Field(default=(), description="USB ids, vendor:product in hex.")
    interfaces: Interfaces | None = Field(
        default=None,
        description="Ports by USB interface number; none on a serial line.",
    )
    baudrate: int = Field(default=115_200, ge=300, description="Speed in bit/s on a serial line.")
    flow_control: FlowControl = Field(
        default=FlowControl.NONE,
        description="Flow control on a serial line.",
    )
    urc_port: SetUp | None = Field(
        default=None,
        description="What sends URCs to the USB port in use; not sent on a serial line.",
    )
    init: tuple[SetUp, ...] = Field(
        default=(),
        description="Lines after the family's own; one that fails is logged and passed over.",
    )
    ready: Ready = Field(default=Ready.CPIN, description="How readiness is told.")
    ready_mask: int = Field(
        default=0,
        ge=0,
        le=255,
        description="Bits that AT+QINISTAT must show, for ready = qinistat.",
    )
    call_reports: CallReports = Field(
        default=CallReports.POLL,
        description="What tells of call states.",
    )
    hangup: tuple[Command, ...] = Field(
        default=("AT+CHUP", "ATH"),
        min_length=1,
        description="What ends all calls, tried in order.",
    )
    dtmf_send: DtmfSend = Field(default=DtmfSend.VTS, description="What sends a digit.")
    dtmf_receive: SetUp | None = Field(
        default=None,
        description="What turns on reports of digits that the other side presses.",
    )
    ussd_style: UssdStyle = Field(
        default=UssdStyle.PLAIN,
        description="How the text of AT+CUSD=1 is written.",
    )
    sms: Sms = Field(default=Sms(), description="How short messages come.")
    slots: SlotCommand | None = Field(
        default=None,
        description="What chooses among SIM slots; none for a modem with one slot.",
    )
    hotswap: tuple[SetUp, ...] = Field(
        default=(),
        description="Lines that turn on reports of a SIM put in or taken out.",
    )
    reset: Command = Field(default="AT+CFUN=1,1", description="What restarts the modem.")
    power_off: Command | None = Field(default=None, description="What switches it off.")
    quirks: frozenset[Quirk] = Field(
        default=frozenset(),
        description="What it does that no standard says.",
    )
    audio: Audio | None = Field(
        default=None,
        description="How the sound of a call comes and goes; none for a modem without sound.",
    )
    voice: VoiceModem | None = Field(
        default=None,
        description="For a modem on an analogue line: how it carries voice.",
    )

    @property
    def is_fxo(self) -> bool:
        """Whether the modem sits on an analogue line and has no SIM."""
        return self.voice is not None

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if self.usb and not self.interfaces:
            raise ValueError("usb needs interfaces, or no port is known")
        if (self.ready is Ready.QINISTAT) != bool(self.ready_mask):
            raise ValueError("ready_mask goes with ready = qinistat")
        if (self.family in _FXO) != (self.voice is not None):
            raise ValueError("voice goes with family = conexant or usr")
        return self

    def knows(self, manufacturer: str, model: str) -> bool:
        """Tell whether AT+CGMI and AT+CGMM answered as this profile says."""
        return _matches(self.manufacturer, manufacturer) and any(
            _matches(pattern, model) for pattern in self.models
        )


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text.strip(), re.IGNORECASE) is not None


@dataclass(frozen=True)
class Profiles:
    """Every profile by name, those of /etc first."""

    by_name: Mapping[str, ModemProfile]

    @cached_property
    def by_usb_id(self) -> Mapping[str, ModemProfile]:
        """The first profile of each USB id, as vendor:product in small hex."""
        found: dict[str, ModemProfile] = {}
        for profile in self.by_name.values():
            for usb_id in profile.usb:
                found.setdefault(usb_id, profile)
        return MappingProxyType(found)

    @property
    def generic(self) -> ModemProfile:
        """The profile of a modem that no other one knows."""
        return self.by_name[GENERIC]

    def match(self, usb_id: str) -> ModemProfile | None:
        """Return the profile of a USB id such as "2c7c:0125", None for a stranger."""
        return self.by_usb_id.get(usb_id.lower())

    def match_model(self, manufacturer: str, model: str) -> ModemProfile | None:
        """Return the profile for the answers to AT+CGMI and AT+CGMM, None for a stranger."""
        return next((p for p in self.by_name.values() if p.knows(manufacturer, model)), None)

    def unknown_in(self, config: GatewayConfig) -> list[str]:
        """Say which modem of the configuration names a profile that is not there."""
        return [
            f"modem {modem.name}: no profile {modem.profile}; {hint(modem.profile, self.by_name)}"
            for modem in config.modem
            if modem.profile and modem.profile not in self.by_name
        ]


def load_profiles(folders: Sequence[Path] = PROFILE_DIRS) -> Profiles:
    """Read all profiles, earlier folders win by name; ConfigError names what is wrong."""
    return Profiles(read_folders(folders, ModemProfile, "modem profiles", [GENERIC]))
