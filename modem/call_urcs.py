"""Call news that comes by itself: rings, caller ids, and what Huawei and SIMCom say of a call."""

from dataclasses import dataclass

from modem.at.fields import body, field, header, number, optional_number, split
from modem.errors import ParseError


@dataclass(frozen=True, slots=True)
class Ring:
    """A call rings: RING, or +CRING with its type ("VOICE")."""

    type: str | None = None


@dataclass(frozen=True, slots=True)
class CallerId:
    """+CLIP: who calls; `validity` 1 = withheld, 2 = not available (27.007 7.6)."""

    number: str | None
    number_type: int | None = None
    name: str | None = None
    validity: int | None = None


@dataclass(frozen=True, slots=True)
class CallWaiting:
    """+CCWA: a second call waits; `service_class` 1 = voice (27.007 7.12)."""

    number: str | None
    number_type: int | None
    service_class: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectedLine:
    """+COLP: who answered (27.007 7.8)."""

    number: str | None
    number_type: int | None


def parse_ring(line: str) -> Ring:
    """Parse RING and +CRING: <type> (27.007 7.1)."""
    return Ring(header(line)[1] or None)


def parse_clip(line: str) -> CallerId:
    """Parse +CLIP: <number>,<type>[,<subaddr>,<satype>[,<alpha>[,<validity>]]] (27.007 7.6)."""
    fields = split(body(line, "+CLIP"))
    return CallerId(
        number=field(fields, 0) or None,
        number_type=optional_number(fields, 1),
        name=field(fields, 4) or None,
        validity=optional_number(fields, 5),
    )


def parse_ccwa(line: str) -> CallWaiting:
    """Parse the URC +CCWA: <number>,<type>,<class>[,<alpha>[,<validity>...]] (27.007 7.12)."""
    fields = split(body(line, "+CCWA"))
    return CallWaiting(
        number=field(fields, 0) or None,
        number_type=optional_number(fields, 1),
        service_class=number(field(fields, 2)),
        name=field(fields, 3) or None,
    )


def parse_colp(line: str) -> ConnectedLine:
    """Parse +COLP: <number>,<type>[,...] (27.007 7.8)."""
    fields = split(body(line, "+COLP"))
    return ConnectedLine(field(fields, 0) or None, optional_number(fields, 1))


# --- Huawei: ^ORIG dialing, ^CONF alerting, ^CONN active, ^CEND released


@dataclass(frozen=True, slots=True)
class Originated:
    """^ORIG: <index>,<type>: the modem dials; type 0 = voice."""

    index: int
    type: int | None = None


@dataclass(frozen=True, slots=True)
class Alerting:
    """^CONF: <index>: the far end rings."""

    index: int


@dataclass(frozen=True, slots=True)
class Connected:
    """^CONN: <index>,<type>: the call is answered."""

    index: int
    type: int | None = None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """^CEND: <index>,<duration>,<end status>[,<cause>]; only `cause` (24.008) can be trusted."""

    index: int
    duration_s: int
    end_status: int | None = None
    cause: int | None = None


def parse_orig(line: str) -> Originated:
    """Parse ^ORIG: <index>,<type>."""
    fields = split(body(line, "^ORIG"))
    return Originated(number(fields[0]), optional_number(fields, 1))


def parse_conf(line: str) -> Alerting:
    """Parse ^CONF: <index>."""
    return Alerting(number(split(body(line, "^CONF"))[0]))


def parse_conn(line: str) -> Connected:
    """Parse ^CONN: <index>,<type>."""
    fields = split(body(line, "^CONN"))
    return Connected(number(fields[0]), optional_number(fields, 1))


def parse_cend(line: str) -> CallEnded:
    """Parse ^CEND: <index>,<duration s>,<end status>[,<24.008 cause>]."""
    fields = split(body(line, "^CEND"))
    return CallEnded(
        index=number(fields[0]),
        duration_s=number(field(fields, 1)),
        end_status=optional_number(fields, 2),
        cause=optional_number(fields, 3),
    )


# --- SIMCom


@dataclass(frozen=True, slots=True)
class VoiceCall:
    """VOICE CALL: BEGIN or END; a call that never connected ends without a duration."""

    begin: bool
    duration_s: int = 0


@dataclass(frozen=True, slots=True)
class MissedCall:
    """MISSED_CALL: <time> <number>; no NO CARRIER follows."""

    time: str
    number: str | None


def parse_voice_call(line: str) -> VoiceCall:
    """Parse "VOICE CALL: BEGIN", "VOICE CALL: END" and "VOICE CALL: END: 000041" (seconds)."""
    what, _, seconds = body(line, "VOICE CALL").partition(":")
    if what.strip() not in {"BEGIN", "END"}:
        raise ParseError("VOICE CALL that neither begins nor ends")
    return VoiceCall(what.strip() == "BEGIN", number(seconds.strip()) if seconds.strip() else 0)


def parse_missed_call(line: str) -> MissedCall:
    """Parse "MISSED_CALL: 11:01AM 07712345678"; a hidden caller has no number."""
    time, _, caller = body(line, "MISSED_CALL").partition(" ")
    return MissedCall(time, caller.strip() or None)


@dataclass(frozen=True, slots=True)
class Dtmf:
    """One digit that the far end pressed: 0-9 * # A-D."""

    digit: str


_ASCII = range(0x80)
_DTMF_DIGITS = frozenset("0123456789*#ABCD")


def parse_dtmf(line: str) -> Dtmf:
    """Parse +RXDTMF: <c>, +DTMF: <c> (SIMCom) and ^DDTMF: <c> (Huawei)."""
    return _dtmf(header(line)[1].strip('"').upper())


def parse_qtonedet(line: str) -> Dtmf:
    """Parse Quectel's +QTONEDET: <ASCII code of the digit>."""
    code = number(body(line, "+QTONEDET"))
    return _dtmf(chr(code) if code in _ASCII else "")


def _dtmf(digit: str) -> Dtmf:
    if digit not in _DTMF_DIGITS:
        raise ParseError("not a DTMF digit")
    return Dtmf(digit)


CallUrc = (
    Ring
    | CallerId
    | CallWaiting
    | ConnectedLine
    | Originated
    | Alerting
    | Connected
    | CallEnded
    | VoiceCall
    | MissedCall
    | Dtmf
)
