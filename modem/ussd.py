"""USSD: what +CUSD says, how its text is coded, and how one request comes to its end.

A reply may come before the OK of its command, after it, in two pieces ("Initiating Release"
first, the text behind), as a bare number, or as an error after the OK. The session:

    asked      the command is out
    waiting    the modem took it (OK), the network works
    menu       the network asks: the user's turn, `sent` leads back to asked
    closing    a text with "2" or "3" came: the answer, unless another text follows at once
    releasing  the same without a text: a failure, unless a text follows at once
    ended      `text` holds what the network said
    failed     `reason` holds why

After each event the owner waits `wait_s` and then feeds `timed_out`; after a time-out he tells
the modem to give up (`CANCEL`).
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from modem.at.fields import body, unquote
from modem.errors import ParseError
from modem.sms import gsm7


class UssdStatus(Enum):
    """<m> of +CUSD (27.007 7.15)."""

    DONE = 0
    ASKS = 1
    TERMINATED = 2
    OTHER_CLIENT = 3
    NOT_SUPPORTED = 4
    TIMED_OUT = 5


@dataclass(frozen=True, slots=True)
class UssdReply:
    """+CUSD as received: `payload` is still coded, None where the line has a bare status."""

    status: UssdStatus
    payload: str | None = None
    dcs: int | None = None


_STATUSES = {str(status.value): status for status in UssdStatus}
_MAX_DCS_DIGITS = 3


def parse_cusd(line: str) -> UssdReply:
    """Parse +CUSD: <m>[,<str>[,<dcs>]]; <str> may hold line ends, commas and quotes."""
    status, _, rest = body(line, "+CUSD").partition(",")
    if status.strip() not in _STATUSES:
        raise ParseError("unknown +CUSD status")
    payload, dcs = _cut_dcs(rest.strip())
    return UssdReply(_STATUSES[status.strip()], unquote(payload) or None, dcs)


def _cut_dcs(text: str) -> tuple[str, int | None]:
    payload, comma, dcs = text.rpartition(",")
    dcs = dcs.strip()
    if comma and not dcs:
        return payload.rstrip(), None
    if comma and dcs.isascii() and dcs.isdigit() and len(dcs) <= _MAX_DCS_DIGITS:
        return payload.rstrip(), int(dcs)
    return text, None


# --- coding


class UssdCoding(StrEnum):
    """How a text stands between the quotes of +CUSD, either way."""

    PLAIN = "plain"
    UCS2 = "ucs2-hex"
    PACKED = "packed-hex"


_HEX = frozenset("0123456789abcdefABCDEF")
_UCS2_DCS = range(0x48, 0x4C)  # 23.038 5: 01xx10xx, no compression
_UCS2_WITH_LANGUAGE_DCS = 0x11  # 23.038 5: two octets of language stand before the text
# High octets of the scripts that networks write in; packed GSM 7-bit text rarely keeps to them.
_SCRIPTS = frozenset({*range(0x08), *range(0x09, 0x0F), 0x1E, 0x20, 0x21, 0x30})
_DCS = 15  # 23.038 5: GSM 7-bit, language unspecified; modems expect it whatever they are sent
_MAX_CHARS = 182  # 160 octets of packed GSM 7-bit, 22.090


def coding_of(payload: str, dcs: int | None) -> UssdCoding:
    """Tell the coding of a reply; dcs 15 is no evidence, modems send it with anything."""
    if len(payload) % 2 or not _HEX.issuperset(payload):
        return UssdCoding.PLAIN
    if dcs in _UCS2_DCS or dcs == _UCS2_WITH_LANGUAGE_DCS or _looks_like_ucs2(payload):
        return UssdCoding.UCS2
    return UssdCoding.PACKED


def decode_ussd(payload: str, dcs: int | None) -> str:
    """Read the text of a reply: plain, UCS-2 in hex or packed GSM 7-bit in hex."""
    coding = coding_of(payload, dcs)
    if coding is UssdCoding.PLAIN:
        return payload
    octets = bytes.fromhex(payload)
    if coding is UssdCoding.UCS2:
        return _decode_ucs2(octets[2:] if dcs == _UCS2_WITH_LANGUAGE_DCS else octets)
    return gsm7.decode(gsm7.unpack(octets)).removesuffix("\r")


def _looks_like_ucs2(payload: str) -> bool:
    octets = bytes.fromhex(payload)
    return bool(octets) and len(octets) % 2 == 0 and _SCRIPTS.issuperset(octets[::2])


def _decode_ucs2(octets: bytes) -> str:
    """Read UTF-16 up to the first FFFF, which some modems pad with; NULs dropped."""
    text = octets[: len(octets) // 2 * 2].decode("utf-16-be", errors="replace")
    return text.partition("\uffff")[0].replace("\0", "")


def request(text: str, coding: UssdCoding) -> str:
    """Make the AT+CUSD=1 command for `text`; ParseError when it cannot be sent."""
    if not text or len(text) > _MAX_CHARS or not text.isprintable() or '"' in text:
        raise ParseError("not a USSD request")
    return f'AT+CUSD=1,"{_encode(text, coding)}",{_DCS}'


CANCEL = "AT+CUSD=2"


def _encode(text: str, coding: UssdCoding) -> str:
    match coding:
        case UssdCoding.PLAIN:
            return text
        case UssdCoding.UCS2:
            return text.encode("utf-16-be").hex().upper()
        case UssdCoding.PACKED:
            return gsm7.pack(gsm7.encode(text), ussd=True).hex().upper()


# --- session


class UssdState(StrEnum):
    """Where a request stands; see the head of this file."""

    ASKED = "asked"
    WAITING = "waiting"
    MENU = "menu"
    CLOSING = "closing"
    RELEASING = "releasing"
    ENDED = "ended"
    FAILED = "failed"


class UssdEvent(StrEnum):
    """What happens to a request."""

    ACCEPTED = "accepted"  # OK
    REFUSED = "refused"  # ERROR or +CME ERROR, before the OK or after it
    TEXT = "text"  # +CUSD: 0
    ASKS = "asks"  # +CUSD: 1
    CLOSES = "closes"  # +CUSD: 2 or 3 with a text
    RELEASES = "releases"  # +CUSD: 2 or 3 without
    FAILS = "fails"  # +CUSD: 4 or 5
    SENT = "sent"  # the user's answer to a menu is out
    TIMED_OUT = "timed_out"  # nothing came for `wait_s`


_OPEN = {
    UssdEvent.TEXT: UssdState.ENDED,
    UssdEvent.ASKS: UssdState.MENU,
    UssdEvent.CLOSES: UssdState.CLOSING,
    UssdEvent.RELEASES: UssdState.RELEASING,
    UssdEvent.FAILS: UssdState.FAILED,
    UssdEvent.REFUSED: UssdState.FAILED,
    UssdEvent.TIMED_OUT: UssdState.FAILED,
}
_TABLE: dict[UssdState, dict[UssdEvent, UssdState]] = {
    UssdState.ASKED: _OPEN | {UssdEvent.ACCEPTED: UssdState.WAITING},
    UssdState.WAITING: _OPEN,
    UssdState.MENU: {
        UssdEvent.ACCEPTED: UssdState.MENU,
        UssdEvent.SENT: UssdState.ASKED,
        UssdEvent.TEXT: UssdState.ENDED,
        UssdEvent.ASKS: UssdState.MENU,
        UssdEvent.CLOSES: UssdState.CLOSING,
        UssdEvent.RELEASES: UssdState.ENDED,
        UssdEvent.FAILS: UssdState.ENDED,
        UssdEvent.REFUSED: UssdState.ENDED,
        UssdEvent.TIMED_OUT: UssdState.ENDED,
    },
    UssdState.CLOSING: {
        UssdEvent.ACCEPTED: UssdState.CLOSING,
        UssdEvent.TEXT: UssdState.ENDED,
        UssdEvent.ASKS: UssdState.MENU,
        UssdEvent.CLOSES: UssdState.CLOSING,
        UssdEvent.RELEASES: UssdState.ENDED,
        UssdEvent.FAILS: UssdState.ENDED,
        UssdEvent.REFUSED: UssdState.ENDED,
        UssdEvent.TIMED_OUT: UssdState.ENDED,
    },
    UssdState.RELEASING: _OPEN
    | {
        UssdEvent.ACCEPTED: UssdState.RELEASING,
        UssdEvent.RELEASES: UssdState.FAILED,
    },
    UssdState.ENDED: {},
    UssdState.FAILED: {},
}
_WAIT_S = {
    UssdState.ASKED: 60.0,  # a fall-back to 2G or 3G takes 5 to 20 s, the network its own time
    UssdState.WAITING: 60.0,
    UssdState.MENU: 120.0,  # networks close a menu after one to three minutes
    UssdState.CLOSING: 2.0,
    UssdState.RELEASING: 2.0,
}


class UssdSession:
    """One request, from AT+CUSD=1 to its end; what comes after the end changes nothing."""

    def __init__(self) -> None:
        self.state = UssdState.ASKED
        self.text: str | None = None
        self.reason: str | None = None

    @property
    def wait_s(self) -> float | None:
        """How long to wait for the next event; None when the request is over."""
        return _WAIT_S.get(self.state)

    def reply(self, reply: UssdReply) -> UssdState:
        """Take a +CUSD; a text replaces the one before it."""
        event = _event_of(reply)
        text = "" if reply.payload is None else decode_ussd(reply.payload, reply.dcs)
        return self.feed(event, reply.status.name.lower(), text)

    def feed(self, event: UssdEvent, reason: str = "", text: str = "") -> UssdState:
        """Take any other event, with the reason it gives."""
        state = _TABLE[self.state].get(event)
        if state is None:
            return self.state
        self.state = state
        if text or (event is UssdEvent.TEXT and self.text is None):
            self.text = text
        if state is UssdState.FAILED:
            self.reason = reason or event.value
        return state


def _event_of(reply: UssdReply) -> UssdEvent:
    match reply.status:
        case UssdStatus.DONE:
            return UssdEvent.TEXT
        case UssdStatus.ASKS:
            return UssdEvent.ASKS
        case UssdStatus.TERMINATED | UssdStatus.OTHER_CLIENT:
            return UssdEvent.CLOSES if reply.payload else UssdEvent.RELEASES
        case UssdStatus.NOT_SUPPORTED | UssdStatus.TIMED_OUT:
            return UssdEvent.FAILS
