"""What the owner can set in gateway.toml, as typed and frozen models.

Key names in the file are the field names here. The documentation is made from the descriptions.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from config.fields import E164, Amount, CountryCode, Iccid, Name, Pin, Section, TcpPort, Zone
from config.guards import CountryGuard, Guards
from config.limits import CarrierLimits, Limits, LineLimits, Plan
from config.money import BalanceChecks, Budget, TopUpRule, Vouchers
from config.sip import Extension, Group, Pbx, Sip
from config.voice import Fxo, Incoming, Recording, Voice


class LogLevel(StrEnum):
    """How much the journal says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class MqttVersion(StrEnum):
    """The protocol spoken to the broker; auto tries 5 and falls back to 3.1.1."""

    AUTO = "auto"
    V5 = "5"
    V311 = "3.1.1"


class Policy(StrEnum):
    """One way to rank the lines that may take a call."""

    STICKY = "sticky"  # the line whose number the callee saw last
    ON_NET = "on_net"  # the callee's own carrier
    BUNDLE = "bundle"  # free minutes that cover the call and are due today
    CHEAPEST = "cheapest"  # expected money a minute, now or for its lack later
    LEAST_USED = "least_used"  # the most left of its limits
    HEALTHIEST = "healthiest"  # answer rate, in coarse steps
    ROUND_ROBIN = "round_robin"  # the longest unused


class Gateway(Section):
    """The gateway itself."""

    name: Name = Field(
        default="trunkline",
        description="Name of this gateway and its level in every MQTT topic: a-z, 0-9 and -.",
    )
    country: CountryCode | None = Field(
        default=None,
        description="Country (ISO 3166, such as AT) whose national numbers may be dialled; "
        "without it only numbers that begin with + are understood.",
        examples=["AT"],
    )
    timezone: Zone | None = Field(
        default=None,
        description="Time zone (IANA) of the plans' days and months; the machine's when left out.",
        examples=["Europe/Vienna"],
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="How much the journal says.")


class Mqtt(Section):
    """The broker over which the dialer speaks."""

    host: str = Field(
        default="localhost", min_length=1, description="Host name or address of the broker."
    )
    port: TcpPort = Field(
        default=1883, description="TCP port of the broker; 8883 is usual with TLS."
    )
    version: MqttVersion = Field(
        default=MqttVersion.AUTO,
        description="MQTT version; auto tries 5 first, then 3.1.1.",
    )
    client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="MQTT client identifier; trunkline-NAME when left out.",
        examples=["trunkline-vienna"],
    )
    keepalive_s: int = Field(
        default=30, ge=5, le=3600, description="Seconds between signs of life."
    )
    username: str | None = Field(
        default=None, min_length=1, description="User name at the broker.", examples=["trunkline"]
    )
    password_file: Path | None = Field(
        default=None,
        description="File whose first line is the password, readable by the gateway only.",
        examples=["/etc/trunkline/mqtt-password"],
    )
    ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that may vouch for the broker; turns TLS on. "
        "Those of the system are in /etc/ssl/certs/ca-certificates.crt.",
        examples=["/etc/ssl/certs/ca-certificates.crt"],
    )
    cert_file: Path | None = Field(
        default=None,
        description="PEM certificate that names this gateway.",
        examples=["/etc/trunkline/gateway.crt"],
    )
    key_file: Path | None = Field(
        default=None,
        description="PEM private key of cert_file.",
        examples=["/etc/trunkline/gateway.key"],
    )

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if self.password_file and not self.username:
            raise ValueError("password_file needs username")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        if self.cert_file and not self.ca_file:
            raise ValueError("cert_file needs ca_file, which turns TLS on")
        return self


class Storage(Section):
    """Where facts are kept."""

    path: Path = Field(
        default=Path("/var/lib/trunkline/trunkline.db"),
        description="SQLite file of calls, messages, counters and what waits for the broker.",
    )


class Control(Section):
    """The door for the command line on this machine."""

    socket: Path = Field(
        default=Path("/run/trunkline/control.sock"),
        description="Unix socket on which the gateway serves the same verbs as on MQTT.",
    )


class Console(Section):
    """The raw AT console."""

    at_enabled: bool = Field(
        default=False,
        description="Whether `trunkline at LINE` may send raw commands to a modem.",
    )


class Dispatcher(Section):
    """How a call finds its line."""

    policies: tuple[Policy, ...] = Field(
        default=(
            Policy.ON_NET,
            Policy.BUNDLE,
            Policy.CHEAPEST,
            Policy.STICKY,
            Policy.HEALTHIEST,
            Policy.LEAST_USED,
            Policy.ROUND_ROBIN,
        ),
        description="How ready lines are ranked, the first policy first, the next among equals.",
    )
    switch_cost: Amount = Field(
        default=Decimal("0.10"),
        description="Money that a call must save before the modem switches to a SIM in a resting "
        "slot for it, while a line in an active slot could take the call.",
    )
    queue_limit: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="Calls that may wait for a free line; one more is refused.",
    )


class Calls(Section):
    """Bounds of each call."""

    ring_timeout_s: int = Field(
        default=60,
        ge=15,
        le=180,
        description="Seconds an unanswered call may ring before it is given up.",
    )
    max_call_s: int | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="Seconds after which an answered call is ended; no bound when left out.",
        examples=[3600],
    )


class Discovery(Section):
    """How modems are found."""

    usb: bool = Field(
        default=True,
        description="Whether USB modems that a profile knows are taken up as they are plugged in.",
    )


class Modem(Section):
    """A modem given by its port: a serial HAT, a pty, a socat link."""

    name: Name = Field(description="Name of the modem in logs and on screen.", examples=["hat"])
    port: Path = Field(description="The tty that takes AT commands.", examples=["/dev/ttyAMA0"])
    profile: Name | None = Field(
        default=None,
        description="Modem profile, such as simcom-sim800; chosen by what it answers if left out.",
        examples=["simcom-sim800"],
    )
    baudrate: int | None = Field(
        default=None,
        ge=300,
        le=4_000_000,
        description="Speed in bit/s; as the profile says when left out.",
        examples=[115200],
    )
    audio: Path | None = Field(
        default=None,
        description="The tty that carries voice; calls have no sound when left out.",
        examples=["/dev/ttyUSB1"],
    )


class Sim(Section):
    """A SIM card, in whichever modem it sits."""

    iccid: Iccid = Field(
        description="The number printed on the card, 18 to 20 digits.",
        examples=["8943051234567890123"],
    )
    line: Name | None = Field(
        default=None,
        description="Identifier of the line that this SIM makes; from the ICCID when left out.",
        examples=["desk-1"],
    )
    pin: Pin | None = Field(
        default=None, description="PIN of the card, tried once and never again.", examples=["0000"]
    )
    pin_file: Path | None = Field(
        default=None,
        description="File whose first line is the PIN, readable by the gateway only.",
        examples=["/etc/trunkline/desk-1.pin"],
    )
    number: E164 | None = Field(
        default=None,
        description="The card's own number, with +; asked of the card when left out.",
        examples=["+436601234567"],
    )
    carrier: Name | None = Field(
        default=None,
        description="Carrier profile; chosen by the SIM's IMSI and provider name when left out.",
        examples=["a1-at"],
    )
    plan: Name | None = Field(
        default=None, description="The plan that the office pays for.", examples=["office"]
    )
    limits: Limits = Field(
        default=Limits(),
        description="Limits of this SIM, keys as in [limits], which stand for what is left out.",
        examples=[{"max_minutes_day": 60}],
    )
    enabled: bool = Field(default=True, description="Whether the line may be used.")

    @model_validator(mode="after")
    def _one_pin(self) -> Self:
        if self.pin and self.pin_file:
            raise ValueError("pin and pin_file say the same thing: keep one")
        return self


class GatewayConfig(Section):
    """All of gateway.toml; an empty file is a valid one."""

    gateway: Gateway = Field(default=Gateway(), description="The gateway itself.")
    mqtt: Mqtt = Field(default=Mqtt(), description="The broker over which the dialer speaks.")
    storage: Storage = Field(default=Storage(), description="Where facts are kept.")
    control: Control = Field(default=Control(), description="The door for the command line.")
    console: Console = Field(default=Console(), description="The raw AT console.")
    dispatcher: Dispatcher = Field(default=Dispatcher(), description="How a call finds its line.")
    calls: Calls = Field(default=Calls(), description="Bounds of each call.")
    guards: Guards = Field(
        default=Guards(), description="Numbers that are refused unless they are named here."
    )
    country: tuple[CountryGuard, ...] = Field(
        default=(), description="Countries where the rules for campaigns differ from the profiles."
    )
    limits: Limits = Field(default=Limits(), description="What every SIM may use at most.")
    plan: tuple[Plan, ...] = Field(
        default=(), description="What the office pays for; SIMs refer to it by name."
    )
    line: tuple[LineLimits, ...] = Field(
        default=(), description="Limits of a line, whichever SIM it has."
    )
    carrier: tuple[CarrierLimits, ...] = Field(
        default=(), description="Limits that all SIMs of a carrier share."
    )
    discovery: Discovery = Field(default=Discovery(), description="How modems are found.")
    modem: tuple[Modem, ...] = Field(
        default=(), description="Modems given by port; USB ones need none."
    )
    sim: tuple[Sim, ...] = Field(
        default=(), description="What is known of SIM cards; none need be named."
    )
    balance: BalanceChecks = Field(
        default=BalanceChecks(), description="When a carrier is asked for a SIM's balance."
    )
    vouchers: Vouchers = Field(default=Vouchers(), description="The vouchers and their key.")
    topup: tuple[TopUpRule, ...] = Field(
        default=(),
        description="When SIMs are topped up, and how; the first rule that names a SIM is its own, "
        "a SIM without one is never topped up.",
    )
    budget: tuple[Budget, ...] = Field(
        default=(), description="The most that top-ups of all SIMs may cost, for each currency."
    )
    voice: Voice = Field(default=Voice(), description="The sound of calls.")
    recording: Recording = Field(default=Recording(), description="Recordings of calls.")
    sip: Sip = Field(default=Sip(), description="The gateway as a SIP server.")
    extension: tuple[Extension, ...] = Field(
        default=(), description="Phones that register with the gateway."
    )
    group: tuple[Group, ...] = Field(default=(), description="Extensions that ring together.")
    pbx: tuple[Pbx, ...] = Field(
        default=(), description="Telephone systems of the office, SIP providers."
    )
    incoming: tuple[Incoming, ...] = Field(
        default=(), description="Who takes calls that come in over lines."
    )
    fxo: tuple[Fxo, ...] = Field(
        default=(), description="What is known of analogue lines; none need be named."
    )

    @model_validator(mode="after")
    def _no_doubles(self) -> Self:
        doubles = [
            *_doubles("modem.name", (modem.name for modem in self.modem)),
            *_doubles("modem.port", (str(modem.port) for modem in self.modem)),
            *_doubles("plan.name", (plan.name for plan in self.plan)),
            *_doubles("line.name", (line.name for line in self.line)),
            *_doubles("carrier.name", (carrier.name for carrier in self.carrier)),
            *_doubles("sim.iccid", (sim.iccid for sim in self.sim)),
            *_doubles("line", filter(None, (part.line for part in self._lines))),
            *_doubles("country.code", (guard.code for guard in self.country)),
            *_doubles("budget.currency", (budget.currency for budget in self.budget)),
            *_doubles("pbx.name", (pbx.name for pbx in self.pbx)),
            *_doubles("incoming.line", (rule.line or "" for rule in self.incoming)),
            *_doubles("fxo.modem", (fxo.modem for fxo in self.fxo)),
            *_doubles("extension or group", (*self._extensions, *self._groups)),
        ]
        plans = {plan.name for plan in self.plan}
        strays = [
            f'sim {sim.iccid} has the plan "{sim.plan}", which no [[plan]] has'
            for sim in self.sim
            if sim.plan and sim.plan not in plans
        ]
        if doubles or strays:
            raise ValueError("; ".join([*doubles, *strays]))
        return self

    @model_validator(mode="after")
    def _destinations_exist(self) -> Self:
        known = {*self._extensions, *self._groups, *(f"pbx {pbx.name}" for pbx in self.pbx)}
        strays = [
            f'group {group.name} has the member "{member}", which no [[extension]] is'
            for group in self.group
            for member in group.members
            if member not in self._extensions
        ] + [
            f'incoming goes to "{to}", which is no extension, group or pbx'
            for rule in self.incoming
            for to in rule.to
            if to not in known and not to.startswith("play ")
        ]
        if strays:
            raise ValueError("; ".join(strays))
        return self

    @property
    def _lines(self) -> tuple[Sim | Fxo, ...]:
        return (*self.sim, *self.fxo)

    @property
    def _extensions(self) -> tuple[str, ...]:
        return tuple(extension.name for extension in self.extension)

    @property
    def _groups(self) -> tuple[str, ...]:
        return tuple(group.name for group in self.group)

    @property
    def has_sip(self) -> bool:
        """Whether anybody speaks SIP with the gateway."""
        return bool(self.extension or self.pbx)

    @property
    def has_voice(self) -> bool:
        """Whether calls have sound; without it nothing of the voice is loaded."""
        return self.voice.enabled or self.has_sip or bool(self.fxo)

    @property
    def client_id(self) -> str:
        """The MQTT client identifier in use."""
        return self.mqtt.client_id or f"trunkline-{self.gateway.name}"


def _doubles(key: str, values: Iterable[str]) -> list[str]:
    return [f'{key} "{value}" stands twice' for value, n in Counter(values).items() if n > 1]
