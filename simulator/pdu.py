"""SMS transport PDUs of 23.040: reads SUBMIT, makes DELIVER and STATUS-REPORT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator import gsm7

_MTI_SUBMIT = 0x01
_MTI_MASK = 0x03
_UDHI = 0x40
_STATUS_REPORT_WANTED = 0x20
_VALIDITY_OCTETS = {0x00: 0, 0x10: 1, 0x08: 7, 0x18: 7}  # TP-VPF, clause 9.2.3.3
_INTERNATIONAL, _NATIONAL, _ALPHANUMERIC = 0x91, 0x81, 0xD0
_TYPE_OF_NUMBER = 0x70
_UCS2 = 0x08
_SEMI_OCTETS = "0123456789*#abc"
_MAX_SEPTETS = 160
_MAX_OCTETS = 140
_CONCAT_HEADER = 6  # octets of a header with one 8-bit concatenation element


class BadPduError(ValueError):
    """The PDU is not a SUBMIT that 23.040 allows; answer +CMS ERROR: 304."""


@dataclass(frozen=True, slots=True)
class UserData:
    """TP-DCS, TP-UDL and TP-UD as they travel; `has_header` is TP-UDHI."""

    dcs: int
    length: int
    octets: bytes
    has_header: bool = False

    @property
    def header(self) -> bytes:
        """The user data header with its length octet, or nothing."""
        return self.octets[: self.octets[0] + 1] if self.has_header and self.octets else b""

    @property
    def text(self) -> str:
        """The text without the header; 8-bit data reads as Latin-1."""
        header = self.header
        body = self.octets[len(header) :]
        alphabet = self.dcs & 0x0C
        if alphabet == _UCS2:
            return body.decode("utf-16-be", "replace")
        if alphabet:
            return body.decode("latin-1")
        fill_bits = -len(header) * 8 % 7
        skipped = (len(header) * 8 + fill_bits) // 7
        return gsm7.decode(gsm7.unpack(body, max(0, self.length - skipped), fill_bits))


@dataclass(frozen=True, slots=True)
class Submit:
    """A decoded SUBMIT (clause 9.2.2.2)."""

    destination: str
    pid: int
    data: UserData
    wants_report: bool


class _Reader:
    """Takes octets off the front; raises BadPduError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise BadPduError("cut short")
        self._at += count
        return piece

    def octet(self) -> int:
        return self.take(1)[0]

    def rest(self) -> bytes:
        return self._data[self._at :]


def skip_smsc(pdu: bytes) -> bytes:
    """Return the TPDU behind the service centre address."""
    reader = _Reader(pdu)
    reader.take(reader.octet())
    return reader.rest()


def read_submit(tpdu: bytes) -> Submit:
    """Decode a SUBMIT; raises BadPduError."""
    reader = _Reader(tpdu)
    first = reader.octet()
    if first & _MTI_MASK != _MTI_SUBMIT:
        raise BadPduError("not a SUBMIT")
    reader.octet()  # TP-MR: the modem's own count replaces it
    destination = _read_address(reader)
    pid, dcs = reader.octet(), reader.octet()
    reader.take(_VALIDITY_OCTETS[first & 0x18])
    length = reader.octet()
    octets = reader.take((length * 7 + 7) // 8 if not dcs & 0x0C else length)
    if reader.rest():
        raise BadPduError("octets after the user data")
    data = UserData(dcs, length, octets, bool(first & _UDHI))
    return Submit(destination, pid, data, bool(first & _STATUS_REPORT_WANTED))


def _read_address(reader: _Reader) -> str:
    digits, kind = reader.octet(), reader.octet()
    octets = reader.take((digits + 1) // 2)
    nibbles = [n for octet in octets for n in (octet & 0x0F, octet >> 4)][:digits]
    if any(n >= len(_SEMI_OCTETS) for n in nibbles):
        raise BadPduError("address with a filler inside")
    text = "".join(_SEMI_OCTETS[n] for n in nibbles)
    return f"+{text}" if kind & _TYPE_OF_NUMBER == _INTERNATIONAL & _TYPE_OF_NUMBER else text


def address(number: str) -> bytes:
    """Encode an address with its length in digits; letters make it alphanumeric."""
    digits = number.removeprefix("+")
    if not all(char in _SEMI_OCTETS for char in digits):
        packed = gsm7.pack(gsm7.encode(number))
        return bytes([(len(number) * 7 + 3) // 4, _ALPHANUMERIC]) + packed
    kind = _INTERNATIONAL if number.startswith("+") else _NATIONAL
    return bytes([len(digits), kind]) + _semi_octets(digits)


def smsc(number: str) -> bytes:
    """Encode the service centre address with its length in octets (24.011 clause 8.2.5.1)."""
    packed = _semi_octets(number.removeprefix("+"))
    return bytes([len(packed) + 1, _INTERNATIONAL]) + packed


def _semi_octets(digits: str) -> bytes:
    codes = [_SEMI_OCTETS.index(char) for char in digits] + [0x0F] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True))


def timestamp(moment: datetime) -> bytes:
    """Encode a time with its zone in quarters of an hour (clause 9.2.3.11)."""
    offset = moment.utcoffset()
    quarters = round(offset.total_seconds() / 900) if offset else 0
    pairs = moment.strftime("%y%m%d%H%M%S") + f"{abs(quarters):02d}"
    octets = bytearray(int(pairs[at + 1] + pairs[at], 16) for at in range(0, 14, 2))
    octets[-1] |= 0x08 if quarters < 0 else 0
    return bytes(octets)


def deliver(sender: str, pid: int, data: UserData, moment: datetime) -> bytes:
    """Make a DELIVER TPDU (clause 9.2.2.1), no more messages waiting."""
    first = 0x04 | (_UDHI if data.has_header else 0)
    head = bytes([first]) + address(sender) + bytes([pid, data.dcs])
    return head + timestamp(moment) + bytes([data.length]) + data.octets


def status_report(reference: int, recipient: str, sent: datetime, status: int) -> bytes:
    """Make a STATUS-REPORT TPDU (clause 9.2.2.3); status 0 is "received by the SME"."""
    times = timestamp(sent) + timestamp(datetime.now(tz=sent.tzinfo))
    return bytes([0x06, reference]) + address(recipient) + times + bytes([status])


def user_data(text: str, reference: int) -> list[UserData]:
    """Split a text into as many parts as it needs, in GSM 7-bit if possible, else UCS-2."""
    if gsm7.encodable(text):
        return _septet_parts(text, reference)
    return _ucs2_parts(text, reference)


def _septet_parts(text: str, reference: int) -> list[UserData]:
    whole = gsm7.encode(text)
    if len(whole) <= _MAX_SEPTETS:
        return [UserData(0, len(whole), gsm7.pack(whole))]
    room = _MAX_SEPTETS - 7  # the header and its fill bit take seven septets
    pieces = _chunks([gsm7.encode(char) for char in text], room)
    framed = [_concat(reference, pieces, at) + gsm7.pack(p, 1) for at, p in enumerate(pieces)]
    return [
        UserData(0, len(piece) + 7, octets, has_header=True)
        for piece, octets in zip(pieces, framed, strict=True)
    ]


def _ucs2_parts(text: str, reference: int) -> list[UserData]:
    whole = text.encode("utf-16-be")
    if len(whole) <= _MAX_OCTETS:
        return [UserData(_UCS2, len(whole), whole)]
    pieces = _chunks([char.encode("utf-16-be") for char in text], _MAX_OCTETS - _CONCAT_HEADER)
    framed = [_concat(reference, pieces, at) + piece for at, piece in enumerate(pieces)]
    return [UserData(_UCS2, len(octets), octets, has_header=True) for octets in framed]


def _concat(reference: int, pieces: list[bytes], at: int) -> bytes:
    return bytes([5, 0, 3, reference & 0xFF, len(pieces), at + 1])


def _chunks(codes: list[bytes], room: int) -> list[bytes]:
    """Join codes into pieces of at most `room` octets; no code is cut."""
    pieces = [b""]
    for code in codes:
        if len(pieces[-1]) + len(code) > room:
            pieces.append(b"")
        pieces[-1] += code
    return pieces
