"""SMS-DELIVER, SMS-SUBMIT and SMS-STATUS-REPORT as modems carry them (3GPP TS 23.040 9.2.2).

A PDU is hexadecimal text: the service centre's address, then the TPDU, whose length in octets is
what +CMGS and the headers of +CMT and +CMGL count. Reading is lenient where real modems are wrong
and strict where a message would become another one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from modem.errors import ParseError
from modem.sms.address import (
    Address,
    decode_address,
    decode_smsc,
    encode_address,
    encode_smsc,
)
from modem.sms.dcs import decode_dcs
from modem.sms.times import (
    TIMESTAMP_OCTETS,
    decode_enhanced,
    decode_relative,
    decode_timestamp,
    encode_relative,
    encode_timestamp,
)
from modem.sms.userdata import UserData, decode_user_data, encode_user_data

MAX_PDU_CHARACTERS = 2 * 256  # well above 12 + 164 octets, plus the filling that some SIMs add

_DELIVER, _SUBMIT, _REPORT = 0b00, 0b01, 0b10  # TP-MTI
_NO_MORE_MESSAGES = 0x04  # TP-MMS, inverted
_LOOP_PREVENTION = 0x08  # TP-LP
_REJECT_DUPLICATES = 0x04  # TP-RD
_STATUS_REPORT = 0x20  # TP-SRI, TP-SRR
_HEADER = 0x40  # TP-UDHI
_REPLY_PATH = 0x80  # TP-RP
_VALIDITY_ENHANCED, _VALIDITY_RELATIVE, _VALIDITY_ABSOLUTE = 0x08, 0x10, 0x18  # TP-VPF
_NO_TIMESTAMP = bytes(TIMESTAMP_OCTETS)


class Outcome(StrEnum):
    """What a status report says of a message (23.040 9.2.3.15)."""

    DELIVERED = "delivered"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A received message; `timestamp` is None where the PDU holds no valid one."""

    sender: Address
    user_data: UserData
    timestamp: datetime | None = None
    smsc: Address | None = None
    pid: int = 0
    more_messages: bool = False
    loop_prevention: bool = False
    status_report: bool = False
    reply_path: bool = False

    @property
    def text(self) -> str | None:
        """The text; None where the message carries octets."""
        return self.user_data.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A message to send; the modem or the network fills `reference` 0 and a missing `smsc`."""

    recipient: Address
    user_data: UserData
    validity: timedelta | datetime | None = None
    smsc: Address | None = None
    reference: int = 0
    pid: int = 0
    reject_duplicates: bool = False
    status_report: bool = False
    reply_path: bool = False

    @property
    def text(self) -> str | None:
        """The text; None where the message carries octets."""
        return self.user_data.text


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What became of the message that was sent as `reference`."""

    reference: int
    recipient: Address
    status: int
    timestamp: datetime | None = None
    discharged: datetime | None = None
    smsc: Address | None = None

    @property
    def outcome(self) -> Outcome:
        """The status by its group: completed, still trying, given up."""
        if self.status < 0x20:  # noqa: PLR2004 - 23.040 9.2.3.15
            return Outcome.DELIVERED
        return Outcome.PENDING if self.status < 0x40 else Outcome.FAILED  # noqa: PLR2004


Message = Deliver | Submit | StatusReport


@dataclass(frozen=True, slots=True)
class EncodedPdu:
    """A PDU in hexadecimal, and its TPDU length in octets for +CMGS."""

    pdu: str
    length: int


class _Reader:
    """Takes octets off the front; ParseError when they run out."""

    __slots__ = ("_rest",)

    def __init__(self, octets: bytes) -> None:
        self._rest = octets

    def take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise ParseError("the PDU is cut short")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def octet(self) -> int:
        return self.take(1)[0]

    def address(self) -> Address:
        address, size = decode_address(self._rest, lenient=True)
        self.take(size)
        return address

    def smsc(self) -> Address | None:
        address, size = decode_smsc(self._rest)
        self.take(size)
        return address

    def timestamp(self) -> datetime | None:
        return decode_timestamp(self.take(TIMESTAMP_OCTETS))

    def rest(self) -> bytes:
        return self.take(len(self._rest))


def decode_pdu(pdu: str, *, has_smsc: bool = True) -> Message:
    """Read a PDU in hexadecimal; octets after its end are ignored."""
    if len(pdu) > MAX_PDU_CHARACTERS:
        raise ParseError("the PDU is too long")
    try:
        reader = _Reader(bytes.fromhex(pdu))
    except ValueError:
        raise ParseError("the PDU is not hexadecimal") from None
    smsc = reader.smsc() if has_smsc else None
    first = reader.octet()
    decode = _DECODERS.get(first & 0b11)
    if decode is None:
        raise ParseError("the message type is reserved")
    return decode(reader, first, smsc)


def _deliver(reader: _Reader, first: int, smsc: Address | None) -> Deliver:
    sender = reader.address()
    pid, scheme = reader.octet(), decode_dcs(reader.octet())
    return Deliver(
        smsc=smsc,
        sender=sender,
        pid=pid,
        timestamp=reader.timestamp(),
        user_data=decode_user_data(reader.rest(), scheme, has_header=bool(first & _HEADER)),
        more_messages=not first & _NO_MORE_MESSAGES,
        loop_prevention=bool(first & _LOOP_PREVENTION),
        status_report=bool(first & _STATUS_REPORT),
        reply_path=bool(first & _REPLY_PATH),
    )


def _submit(reader: _Reader, first: int, smsc: Address | None) -> Submit:
    reference, recipient = reader.octet(), reader.address()
    pid, scheme = reader.octet(), decode_dcs(reader.octet())
    return Submit(
        smsc=smsc,
        reference=reference,
        recipient=recipient,
        pid=pid,
        validity=_validity(reader, first & _VALIDITY_ABSOLUTE),
        user_data=decode_user_data(reader.rest(), scheme, has_header=bool(first & _HEADER)),
        reject_duplicates=bool(first & _REJECT_DUPLICATES),
        status_report=bool(first & _STATUS_REPORT),
        reply_path=bool(first & _REPLY_PATH),
    )


def _validity(reader: _Reader, kind: int) -> timedelta | datetime | None:
    if kind == _VALIDITY_RELATIVE:
        return decode_relative(reader.octet())
    if kind == _VALIDITY_ABSOLUTE:
        return reader.timestamp()
    if kind == _VALIDITY_ENHANCED:
        return decode_enhanced(reader.take(TIMESTAMP_OCTETS))
    return None


def _status_report(reader: _Reader, _first: int, smsc: Address | None) -> StatusReport:
    return StatusReport(
        smsc=smsc,
        reference=reader.octet(),
        recipient=reader.address(),
        timestamp=reader.timestamp(),
        discharged=reader.timestamp(),
        status=reader.octet(),
    )


_DECODERS: dict[int, Callable[[_Reader, int, Address | None], Message]] = {
    _DELIVER: _deliver,
    _SUBMIT: _submit,
    _REPORT: _status_report,
}


def encode_submit(message: Submit) -> EncodedPdu:
    """Write a message to send; ParseError where text, number or validity do not fit."""
    flags = {
        _REJECT_DUPLICATES: message.reject_duplicates,
        _STATUS_REPORT: message.status_report,
        _HEADER: bool(message.user_data.elements),
        _REPLY_PATH: message.reply_path,
    }
    validity_format, validity = _encoded_validity(message.validity)
    tpdu = (
        bytes([_SUBMIT | validity_format | _sum(flags), message.reference & 0xFF])
        + encode_address(message.recipient)
        + bytes([message.pid, message.user_data.coding.octet])
        + validity
        + encode_user_data(message.user_data)
    )
    return _encoded(message.smsc, tpdu)


def encode_deliver(message: Deliver) -> EncodedPdu:
    """Write a received message back, as `decode_pdu` would read it."""
    flags = {
        _NO_MORE_MESSAGES: not message.more_messages,
        _LOOP_PREVENTION: message.loop_prevention,
        _STATUS_REPORT: message.status_report,
        _HEADER: bool(message.user_data.elements),
        _REPLY_PATH: message.reply_path,
    }
    timestamp = encode_timestamp(message.timestamp) if message.timestamp else _NO_TIMESTAMP
    tpdu = (
        bytes([_DELIVER | _sum(flags)])
        + encode_address(message.sender)
        + bytes([message.pid, message.user_data.coding.octet])
        + timestamp
        + encode_user_data(message.user_data)
    )
    return _encoded(message.smsc, tpdu)


def _sum(flags: dict[int, bool]) -> int:
    return sum(bit for bit, is_set in flags.items() if is_set)


def _encoded_validity(validity: timedelta | datetime | None) -> tuple[int, bytes]:
    """Give the validity format bits and the validity octets."""
    if validity is None:
        return 0, b""
    if isinstance(validity, timedelta):
        return _VALIDITY_RELATIVE, bytes([encode_relative(validity)])
    return _VALIDITY_ABSOLUTE, encode_timestamp(validity)


def _encoded(smsc: Address | None, tpdu: bytes) -> EncodedPdu:
    return EncodedPdu((encode_smsc(smsc) + tpdu).hex().upper(), len(tpdu))
