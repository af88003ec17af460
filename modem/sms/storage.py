"""Lines that carry or announce SMS (3GPP TS 27.005): +CMGL, +CMGR, +CMT, +CMTI, +CPMS, +CSCA...

Answers come as lines without echo and final result; a header line and what follows it belong
together. What stands in a PDU is read by `modem.sms.pdu`, here it stays text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from modem.at.fields import body, field, header, number, optional_number, raw_fields, split, unquote
from modem.errors import ParseError

_MAX_REFERENCE = 255  # TP-MR
_TEXT_STATUS = re.compile(r"[A-Z][A-Z ]+")  # "REC UNREAD"
_PDU = re.compile(r"[0-9A-Fa-f]{2,}")
_UCS2_NUMBER = re.compile(r"(?:00(?:2[AB3]|3[0-9]))+")  # a number under AT+CSCS="UCS2"
_STORAGE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_OUTSIDE_BRACKETS = re.compile(r",(?![^()]*\))")
_TIMESTAMP = re.compile(
    r"(?:20)?(\d\d)/(\d{1,2})/(\d{1,2}),(\d{1,2}):(\d\d):(\d\d)(?:([+-]\d{1,2}))?"
)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StoredPdu:
    """A message read in PDU mode.

    `status` is 0 unread, 1 read, 2 unsent, 3 sent; it and `length` (octets of the TPDU) are None
    where the modem leaves them out, `index` where the answer does not name it.
    """

    pdu: str
    status: int | None
    length: int | None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class StoredText:
    """A message read in text mode; a time stamp without zone counts as UTC."""

    text: str
    status: str
    number: str
    timestamp: datetime | None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class MessageStored:
    """+CMTI or +CDSI: a message (or, by `is_report`, a status report) lies in a storage.

    `storage` may be "" and `index` -1: then only a listing finds it.
    """

    storage: str
    index: int
    is_report: bool


@dataclass(frozen=True, slots=True)
class MessagePushed:
    """+CMT or +CDS: a message, or a status report, that the modem does not keep."""

    pdu: str
    length: int | None
    is_report: bool


@dataclass(frozen=True, slots=True)
class StorageUse:
    """One of the three storages of +CPMS; `name` is None in the answer to setting them."""

    name: str | None
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class ServiceCentre:
    """The answer to +CSCA?; `type` is the type-of-address octet."""

    number: str
    type: int | None = None


def parse_cmgl(lines: Sequence[str]) -> list[StoredPdu | StoredText]:
    """Parse a listing, PDU or text mode (27.005 3.4.2, 4.1)."""
    return [_listed(first, rest) for first, rest in _entries(lines, "+CMGL")]


def parse_cmgr(lines: Sequence[str]) -> StoredPdu | StoredText | None:
    """Parse one message that was read (27.005 3.4.3, 4.2); None for an empty slot."""
    entries = _entries(lines, "+CMGR")
    if not entries:
        return None
    first, rest = entries[0]
    fields = raw_fields(body(first, "+CMGR"))
    status = unquote(fields[0])
    if _TEXT_STATUS.fullmatch(status):
        return _stored_text(fields, rest, None)
    *front, last = fields
    length, pdu = _length_and_pdu(last, rest)
    # Some put an index in front: index,stat,[alpha],length
    indexed = len(front) > 2  # noqa: PLR2004 - stat and alpha
    return StoredPdu(
        pdu,
        optional_number(front, 1 if indexed else 0),
        length,
        number(front[0]) if indexed else None,
    )


def _entries(lines: Sequence[str], prefix: str) -> list[tuple[str, list[str]]]:
    """Group an answer into header lines and the lines after each; what comes before is dropped."""
    entries: list[tuple[str, list[str]]] = []
    for line in lines:
        if header(line)[0] == prefix:
            entries.append((line, []))
        elif entries:
            entries[-1][1].append(line)
    return entries


def _listed(first: str, rest: list[str]) -> StoredPdu | StoredText:
    index, *fields = raw_fields(body(first, "+CMGL"))
    if not fields:
        raise ParseError("a listed message has an index and a status")
    if _TEXT_STATUS.fullmatch(unquote(fields[0])):
        return _stored_text(fields, rest, number(index))
    length, pdu = _length_and_pdu(fields[-1], rest)
    return StoredPdu(pdu, optional_number(fields[:-1], 0), length, number(index))


def _length_and_pdu(last: str, rest: Sequence[str]) -> tuple[int | None, str]:
    """Read the last header field and the first line after it that is not blank.

    Some modems put the PDU behind the length, on the same line.
    """
    length, _, same_line = last.partition(" ")
    pdu = same_line.strip() or next((line.strip() for line in rest if line.strip()), "")
    if not _PDU.fullmatch(pdu):
        raise ParseError("the message has no PDU")
    return optional_number([length], 0), pdu


def _stored_text(fields: Sequence[str], rest: Sequence[str], index: int | None) -> StoredText:
    """Read "status, number, ..., time stamp, ..." and the text after it."""
    stamps = (_TIMESTAMP.fullmatch(unquote(text)) for text in fields)
    match = next((stamp for stamp in stamps if stamp), None)
    return StoredText(
        text="\n".join(rest),
        status=unquote(fields[0]),
        number=_plain_number(unquote(field(fields, 1))),
        timestamp=_moment(match) if match else None,
        index=index,
    )


def _moment(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        zone = timezone(_QUARTER * int(match[7])) if match[7] else UTC
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise ParseError("no such date, time or zone") from error


def _plain_number(text: str) -> str:
    """Read a number that may come as UCS-2 in hexadecimal."""
    if not _UCS2_NUMBER.fullmatch(text):
        return text
    return bytes.fromhex(text).decode("utf-16-be")


def parse_stored(line: str) -> MessageStored:
    """Parse +CMTI or +CDSI: storage, index."""
    name, text = header(line)
    if name not in {"+CMTI", "+CDSI"}:
        raise ParseError("not +CMTI or +CDSI")
    fields = split(text)
    if len(fields) < 2:  # noqa: PLR2004 - storage and index
        raise ParseError(f"{name} has a storage and an index")
    return MessageStored(fields[0], number(fields[1]), name == "+CDSI")


def parse_pushed(line: str, pdu: str | None) -> MessagePushed:
    """Parse +CMT ([alpha],length) or +CDS ([alpha,]length) with the PDU line after it."""
    name, text = header(line)
    if name not in {"+CMT", "+CDS"}:
        raise ParseError("not +CMT or +CDS")
    last = (raw_fields(text) or [""])[-1]
    length, pdu = _length_and_pdu(last, [pdu] if pdu else [])
    return MessagePushed(pdu, length, name == "+CDS")


def parse_cpms(line: str) -> tuple[StorageUse, ...]:
    """Parse the answer to +CPMS? (name,used,total three times) or to setting (without names)."""
    fields = split(body(line, "+CPMS"))
    named = not fields[0].isdigit()
    width = 3 if named else 2
    if len(fields) % width:
        raise ParseError("+CPMS gives use and size of each storage")
    return tuple(
        StorageUse(group[0] if named else None, number(group[-2]), number(group[-1]))
        for group in zip(*[iter(fields)] * width, strict=True)
    )


def parse_cpms_test(line: str) -> tuple[tuple[str, ...], ...]:
    """Parse the answer to +CPMS=?: the names that each of the three storages may have."""
    groups = _OUTSIDE_BRACKETS.split(body(line, "+CPMS"))
    names = [tuple(_STORAGE_NAME.findall(group)) for group in groups[:3]]
    return tuple(names + [()] * (3 - len(names)))


def parse_csca(line: str) -> ServiceCentre:
    """Parse the answer to +CSCA?; ParseError where no service centre is set."""
    fields = split(body(line, "+CSCA"))
    centre = _plain_number(fields[0])
    if not centre:
        raise ParseError("no service centre is set")
    return ServiceCentre(centre, optional_number(fields, 1))


def parse_cmgs(line: str) -> int:
    """Parse +CMGS: the reference of the message that was sent, 0-255."""
    reference = number(split(body(line, "+CMGS"))[0])
    if not 0 <= reference <= _MAX_REFERENCE:
        raise ParseError("a message reference is one octet")
    return reference
