"""The scenario: what exists in the simulated world, from a TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator import gsm7, identity
from simulator.fields import Amount, Digits, Number, Part, Span
from simulator.fxo.parts import ChipPart, ExchangePart
from simulator.money.dialect import dialect
from simulator.money.parts import AccountPart, CarrierPart, check_carriers
from simulator.oddities import Oddity
from simulator.sound import steps

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FXO_FAMILIES = ("conexant", "usr")

_GSM7 = 15


class Behaviour(StrEnum):
    """What a callee does with a call."""

    ANSWER = "answer"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECT = "reject"
    UNASSIGNED = "unassigned"
    NETWORK_ERROR = "network_error"
    UNREACHABLE = "unreachable"
    BARRED = "barred"


class UssdHow(StrEnum):
    """How a USSD reply comes."""

    REPLY = "reply"
    BEFORE_OK = "before_ok"
    TWICE = "twice"
    SILENCE = "silence"
    ERROR_AFTER_OK = "error_after_ok"


class Callee(Part):
    """A rule for calls to one number, to a prefix, or to a share of all other numbers."""

    number: Number | None = None
    prefix: Number | None = None
    share: Annotated[float, Field(gt=0)] | None = None
    does: Behaviour = Behaviour.ANSWER
    answer_after_s: Span = (3.0, 12.0)
    talk_s: Span = (10.0, 60.0)
    then: Literal["hang_up", "stay"] = "hang_up"
    cause: Annotated[int, Field(ge=1, le=127)] | None = None
    says: tuple[steps.Step, ...] = ()  # from the answer on
    repeat: bool = False  # says it over and over

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        if sum(key is not None for key in (self.number, self.prefix, self.share)) != 1:
            raise ValueError("a callee needs exactly one of number, prefix and share")
        return self


class UssdStep(Part):
    """What the network says, and what it says next when the user answers."""

    text: str = ""
    dcs: Literal[15, 72] = 15
    how: UssdHow = UssdHow.REPLY
    delay_s: Span = (0.5, 3.0)
    menu: dict[str, UssdStep] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _text_fits_its_coding(self) -> Self:
        if self.dcs == _GSM7 and not gsm7.encodable(self.text):
            raise ValueError(f"text needs dcs 72: {self.text!r}")
        return self


class UssdCode(UssdStep):
    """A USSD code that the network knows."""

    code: Annotated[str, Field(pattern=r"^[*#][0-9*#]+$")]


class NetworkPart(Part):
    """The telephone network."""

    name: str = "Simnet"
    mcc: Annotated[str, Field(pattern=r"^[0-9]{3}$")] = "262"
    mnc: Annotated[str, Field(pattern=r"^[0-9]{2,3}$")] = "01"
    country_code: Digits = "49"
    trunk_prefix: Digits = "0"
    technology: Literal["gsm", "umts", "lte"] = "lte"
    smsc: Number = "+491760000443"
    setup_s: Span = (0.8, 2.5)
    ring_timeout_s: Amount = 45.0
    sms_delay_s: Span = (0.3, 1.5)
    report_delay_s: Span = (1.0, 4.0)
    tones: Literal["US", "GB", "DE", "AT", "FR", "CN", "JP", "IT", "IN", "AU"] = "DE"
    ringback: bool = True  # the caller hears it ring
    failure_sound_s: Amount = 0.0  # a modem's failed call is explained so long, then released
    announcements: dict[Annotated[int, Field(ge=1, le=127)], str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Home:
    """The network that a SIM belongs to."""

    name: str
    mcc: str
    mnc: str
    country_code: str


class SimPart(Part):
    """A slot and the card in it; identities left empty are made up."""

    present: bool = True
    iccid: Digits = ""
    imsi: Digits = ""
    number: Number = ""
    pin: Digits = ""
    puk: Digits = "12345678"
    spn: str = ""
    sms_capacity: Annotated[int, Field(ge=1, le=255)] = 30
    account: AccountPart | None = None  # without one nothing costs anything


class ModemPart(Part):
    """A modem, or `count` modems alike with numbered names and identities."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    family: Literal["generic", "quectel", "simcom", "huawei", "conexant", "usr"] = "generic"
    model: str = ""
    imei: Digits = ""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    sims: tuple[SimPart, ...] = (SimPart(),)
    latency_ms: Span = (5.0, 40.0)
    boot_s: Span = 0.0
    registration_delay_s: Span = (1.0, 4.0)
    reenumerate_s: Amount = 5.0
    signal: Annotated[int, Field(ge=0, le=99)] = 20
    audio: bool = False  # has a second tty, for sound
    audio_ppm: Annotated[float, Field(ge=-1000, le=1000)] = 0.0  # so much faster is its clock
    exchange: ExchangePart = ExchangePart()  # this and chip: for conexant and usr only
    chip: ChipPart = ChipPart()
    oddities: dict[Oddity, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _lines_are_analogue(self) -> Self:
        told = self.exchange != ExchangePart() or self.chip != ChipPart()
        if self.family not in FXO_FAMILIES and told:
            who = " and ".join(FXO_FAMILIES)
            raise ValueError(f"{self.name}: only {who} have an exchange and a chip")
        if self.family in FXO_FAMILIES and len(self.sims) != 1:
            raise ValueError(f"{self.name}: an analogue line is written as one SIM, with a number")
        return self

    @model_validator(mode="after")
    def _audio_is_digital(self) -> Self:
        analogue = self.model.upper().startswith(("SIM800", "SIM900"))
        if self.audio and (analogue or self.family in ("generic", *FXO_FAMILIES)):
            raise ValueError(f"{self.name}: this modem has no audio port")
        return self


class Scenario(Part):
    """The whole world. `speed` 20 runs it twenty times faster than real time."""

    seed: int = 1
    speed: Annotated[float, Field(gt=0)] = 1.0
    network: NetworkPart = NetworkPart()
    callees: tuple[Callee, ...] = ()
    ussd: tuple[UssdCode, ...] = ()
    carriers: tuple[CarrierPart, ...] = ()
    modems: tuple[ModemPart, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file; raises OSError, tomllib.TOMLDecodeError, pydantic.ValidationError."""
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))

    @model_validator(mode="after")
    def _accounts_are_somewhere(self) -> Self:
        sims = [sim for modem in self.modems for sim in modem.sims]
        check_carriers(self.carriers, [sim.account for sim in sims if sim.account])
        return self

    @model_validator(mode="after")
    def _identities_are_unique(self) -> Self:
        lines = self.lines()
        sims = [sim for modem in lines for sim in modem.sims]
        _refuse_repeats("name", (modem.name for modem in lines))
        _refuse_repeats("imei", (modem.imei for modem in lines))
        _refuse_repeats("iccid", (sim.iccid for sim in sims))
        _refuse_repeats("imsi", (sim.imsi for sim in sims))
        _refuse_repeats("number", (sim.number for sim in sims))
        return self

    def home(self, account: AccountPart | None) -> Home:
        """Return the network that a SIM belongs to: its carrier's, as far as that has its own."""
        net = self.network
        names = {carrier.name: carrier.dialect for carrier in self.carriers}
        own = dialect(names[account.carrier]) if account else None
        if own is None or not own.mcc:
            return Home(net.name, net.mcc, net.mnc, net.country_code)
        return Home(own.spn, own.mcc, own.mnc, own.country_code)

    def sentences(self) -> tuple[str, ...]:
        """Return everything that somebody may say in words."""
        said = [text for callee in self.callees for text in steps.texts(callee.says)]
        return (*said, *self.network.announcements.values())

    def lines(self) -> tuple[ModemPart, ...]:
        """Return one entry per modem: `count` unrolled, missing identities made up."""
        copies = [copy for modem in self.modems for copy in _unroll(modem)]
        return tuple(self._identified(modem, index) for index, modem in enumerate(copies))

    def with_lines(self, count: int) -> Self:
        """Return the same world with `count` modems: cut, or repeated with new identities."""
        base = self.lines()
        modems = tuple(
            base[index] if index < len(base) else _twin(base[index % len(base)], index)
            for index in range(count)
        )
        return self.model_copy(update={"modems": modems})

    def _identified(self, modem: ModemPart, index: int) -> ModemPart:
        sims = tuple(self._filled(sim, index * 10 + slot) for slot, sim in enumerate(modem.sims))
        return modem.model_copy(update={"imei": modem.imei or identity.imei(index), "sims": sims})

    def _filled(self, sim: SimPart, position: int) -> SimPart:
        home = self.home(sim.account)
        made_up = {
            "iccid": identity.iccid(home.country_code, position),
            "imsi": identity.imsi(home.mcc, home.mnc, position),
            "number": identity.number(home.country_code, position),
            "spn": home.name,
        }
        return sim.model_copy(update={k: v for k, v in made_up.items() if not getattr(sim, k)})


def _unroll(modem: ModemPart) -> list[ModemPart]:
    """Return the `count` copies, each with counted-up identities and count 1."""
    if modem.count == 1:
        return [modem]
    return [
        modem.model_copy(
            update={
                "name": f"{modem.name}-{step + 1}",
                "count": 1,
                "imei": modem.imei and identity.advance(modem.imei, step, checked=True),
                "sims": tuple(_advanced(sim, step) for sim in modem.sims),
            }
        )
        for step in range(modem.count)
    ]


def _advanced(sim: SimPart, steps: int) -> SimPart:
    update = {
        "iccid": sim.iccid and identity.advance(sim.iccid, steps, checked=True),
        "imsi": sim.imsi and identity.advance(sim.imsi, steps, checked=False),
        "number": sim.number and identity.advance(sim.number, steps, checked=False),
    }
    return sim.model_copy(update=update)


def _twin(modem: ModemPart, index: int) -> ModemPart:
    """Return a modem like this one whose identities will be made up."""
    blank = {"iccid": "", "imsi": "", "number": ""}
    sims = tuple(sim.model_copy(update=blank) for sim in modem.sims)
    name = f"{modem.name}.{index + 1}"
    return modem.model_copy(update={"name": name, "imei": "", "sims": sims})


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"two modems have the same {what}: {value}")
        seen.add(value)
