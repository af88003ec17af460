"""What the owner can say of SIP: [sip], [[extension]], [[group]], [[pbx]]."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from config.fields import Name, Section, TcpPort

SipUser = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+-]{1,64}$")]
_PRIVATE = tuple(
    IPv4Network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
)


class Codec(StrEnum):
    """A codec of RFC 3551."""

    PCMA = "pcma"
    PCMU = "pcmu"


class Reach(StrEnum):
    """How far an extension may call; each includes those before it."""

    INTERNAL = "internal"
    LOCAL = "local"  # own country, fixed and toll-free
    NATIONAL = "national"
    INTERNATIONAL = "international"
    PREMIUM = "premium"


class PbxMode(StrEnum):
    """Who registers where."""

    REGISTER = "register"  # we register to it
    PEER = "peer"  # trusted by its address, nobody registers
    REGISTRAR = "registrar"  # it registers to us


class RingOrder(StrEnum):
    """In which order a group rings."""

    ALL = "all"
    IN_TURN = "in_turn"


class Sip(Section):
    """The gateway as a SIP server."""

    address: IPv4Address = Field(
        default=IPv4Address("0.0.0.0"),  # noqa: S104 - `networks` says who may speak
        description="Address on which SIP is served.",
    )
    port: TcpPort = Field(default=5060, description="UDP port of SIP.")
    public_address: IPv4Address | None = Field(
        default=None,
        description="Address that phones are told; the one they reach us on if left out.",
        examples=["192.168.1.10"],
    )
    realm: str = Field(
        default="trunkline", pattern=r"^[A-Za-z0-9.-]{1,64}$", description="Realm of the digest."
    )
    rtp_from: TcpPort = Field(default=10_000, description="First UDP port of RTP.")
    rtp_to: TcpPort = Field(default=10_999, description="Last UDP port of RTP.")
    codecs: Annotated[tuple[Codec, ...], Field(min_length=1)] = Field(
        default=(Codec.PCMA, Codec.PCMU), description="Codecs, the best first."
    )
    networks: tuple[IPv4Network, ...] = Field(
        default=_PRIVATE,
        description="Networks that SIP is taken from; all else is not answered.",
    )
    nonce_s: int = Field(
        default=60, ge=10, le=3600, description="Seconds that a nonce is good for."
    )
    lockout_after: int = Field(
        default=5, ge=1, le=100, description="Wrong passwords after which an address is locked out."
    )
    lockout_s: int = Field(
        default=600, ge=1, le=86_400, description="Seconds that it stays locked out."
    )
    register_max_s: int = Field(
        default=3600, ge=60, le=86_400, description="Longest registration that a phone gets."
    )
    silence_s: int = Field(
        default=30,
        ge=5,
        le=600,
        description="Seconds without RTP from a phone after which its call is ended.",
    )
    keepalive_s: int = Field(
        default=30, ge=5, le=600, description="Seconds between OPTIONS to phones and PBXs."
    )

    @model_validator(mode="after")
    def _ports_in_order(self) -> Self:
        if self.rtp_from >= self.rtp_to:
            raise ValueError("rtp_from must be less than rtp_to")
        return self


class Extension(Section):
    """A phone, or a person with several."""

    name: Name = Field(description="Its number, and its user name.", examples=["201"])
    title: str = Field(default="", max_length=60, description="Name that others see.")
    password: SecretStr | None = Field(
        default=None, description="Password of the digest.", examples=["Tr0mbone-pedal-9"]
    )
    password_file: Path | None = Field(
        default=None,
        description="File whose first line is the password, readable by the gateway only.",
        examples=["/etc/trunkline/201.secret"],
    )
    may_call: Reach = Field(default=Reach.NATIONAL, description="How far it may call.")
    line: Name | None = Field(
        default=None,
        description="The only line over which it calls; any if left out.",
        examples=["desk-1"],
    )
    max_calls: int = Field(default=2, ge=1, le=100, description="Calls that it may have at once.")
    max_contacts: int = Field(default=4, ge=1, le=20, description="Phones that may register.")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            raise ValueError("an extension needs password or password_file, one of them")
        return self


class Group(Section):
    """Extensions that ring together, or one after the other."""

    name: Name = Field(description="Its number.", examples=["600"])
    members: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)] = Field(
        description="Extensions.", examples=[["201"]]
    )
    order: RingOrder = Field(default=RingOrder.ALL, description="all at once, or in_turn.")
    ring_s: int = Field(
        default=15, ge=3, le=120, description="Seconds that each member rings, with in_turn."
    )


class Pbx(Section):
    """A telephone system or a SIP provider of the office."""

    name: Name = Field(description="Its name here.", examples=["asterisk"])
    mode: PbxMode = Field(description="register, peer, or registrar.", examples=["register"])
    host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]{1,253}$",
        description="Where it is; needed with register and peer.",
        examples=["192.168.1.5"],
    )
    port: TcpPort = Field(default=5060, description="Its UDP port.")
    addresses: tuple[IPv4Network, ...] = Field(
        default=(), description="More addresses that its calls come from, with peer."
    )
    username: SipUser | None = Field(
        default=None,
        description="Account; needed with register and registrar.",
        examples=["trunkline"],
    )
    password: SecretStr | None = Field(
        default=None, description="Password of the digest.", examples=["Tr0mbone-pedal-9"]
    )
    password_file: Path | None = Field(
        default=None,
        description="File whose first line is the password.",
        examples=["/etc/trunkline/asterisk.secret"],
    )
    expires_s: int = Field(
        default=300, ge=60, le=86_400, description="Seconds that we ask a registration for."
    )
    line: Name | None = Field(
        default=None,
        description="The only line that its calls go over; any if left out.",
        examples=["desk-1"],
    )
    asserted_identity: bool = Field(
        default=False,
        description="Whether it is told the caller in P-Asserted-Identity too (RFC 3325).",
    )
    may_call: Reach = Field(default=Reach.INTERNATIONAL, description="How far it may call.")
    max_calls: int = Field(default=30, ge=1, le=1000, description="Calls that it may have at once.")

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if self.mode is not PbxMode.REGISTRAR and not self.host:
            raise ValueError(f"a pbx with mode = {self.mode} needs host")
        secrets = (self.password is not None) + (self.password_file is not None)
        if self.mode is not PbxMode.PEER and (not self.username or secrets != 1):
            raise ValueError("register and registrar need username and password or password_file")
        return self
