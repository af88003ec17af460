"""TP-User-Data: the elements of the header, and the body (3GPP TS 23.040 9.2.3.24)."""

from dataclasses import dataclass

from modem.errors import ParseError
from modem.sms import gsm7
from modem.sms.dcs import WAITING_KINDS, Alphabet, DataCoding, Waiting, coding

MAX_OCTETS = 140
MAX_SEPTETS = 160
MAX_UCS2 = 70  # code units

CONCAT_8, CONCAT_16 = 0x00, 0x08
SPECIAL_MESSAGE = 0x01
PORTS_8, PORTS_16 = 0x04, 0x05
SINGLE_SHIFT, LOCKING_SHIFT = 0x24, 0x25


@dataclass(frozen=True, slots=True)
class Element:
    """An information element of the header, known to us or not."""

    identifier: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Concat:
    """Which part of which message: `sequence` is 1 to `total`; `bits` is the reference's size."""

    reference: int
    total: int
    sequence: int
    bits: int = 8

    def element(self) -> Element:
        """Write it as an information element."""
        identifier = CONCAT_16 if self.bits == 16 else CONCAT_8  # noqa: PLR2004 - bits
        reference = self.reference.to_bytes(self.bits // 8, "big")
        return Element(identifier, reference + bytes([self.total, self.sequence]))


@dataclass(frozen=True, slots=True)
class Ports:
    """Application ports of a message."""

    destination: int
    source: int


@dataclass(frozen=True, slots=True)
class UserData:
    """The body of a message: `text`, or `data` where the alphabet is 8 bit or it is compressed."""

    coding: DataCoding
    text: str | None = None
    data: bytes = b""
    elements: tuple[Element, ...] = ()

    @property
    def concat(self) -> Concat | None:
        """The part of a longer message that this is; a senseless one counts as none."""
        found = None
        for element in self.elements:
            size = {CONCAT_8: 1, CONCAT_16: 2}.get(element.identifier)
            if size is None or len(element.data) != size + 2:
                continue
            total, sequence = element.data[size:]
            if 0 < sequence <= total:
                reference = int.from_bytes(element.data[:size], "big")
                found = Concat(reference, total, sequence, size * 8)
        return found

    @property
    def ports(self) -> Ports | None:
        """The ports that the message is for."""
        for element in self.elements:
            size = {PORTS_8: 1, PORTS_16: 2}.get(element.identifier)
            if size is not None and len(element.data) == size * 2:
                destination = int.from_bytes(element.data[:size], "big")
                return Ports(destination, int.from_bytes(element.data[size:], "big"))
        return None

    @property
    def waiting(self) -> Waiting | None:
        """The message waiting indication of the header (23.040 9.2.3.24.2) or of the DCS."""
        for element in self.elements:
            if element.identifier == SPECIAL_MESSAGE and len(element.data) == 2:  # noqa: PLR2004
                kind, count = element.data
                return Waiting(WAITING_KINDS[kind & 0b11], count > 0, bool(kind & 0x80), count)
        return self.coding.waiting


def _language(elements: tuple[Element, ...], identifier: int) -> int:
    """Find the national language that the header asks for; 0 is the default alphabet."""
    for element in elements:
        if element.identifier == identifier and len(element.data) == 1:
            return element.data[0]
    return 0


def text_data(
    text: str,
    *,
    alphabet: Alphabet | None = None,
    message_class: int | None = None,
    elements: tuple[Element, ...] = (),
) -> UserData:
    """Make the body of a text message, by default in the alphabet that `alphabet_for` picks."""
    chosen = coding(alphabet or alphabet_for(text), message_class)
    return UserData(chosen, text, elements=elements)


def octet_data(
    data: bytes, *, message_class: int | None = None, elements: tuple[Element, ...] = ()
) -> UserData:
    """Make the body of an 8 bit message."""
    return UserData(coding(Alphabet.OCTETS, message_class), data=data, elements=elements)


def alphabet_for(text: str) -> Alphabet:
    """GSM 7 bit where it holds the text, else UCS-2."""
    return Alphabet.GSM7 if gsm7.encodable(text) else Alphabet.UCS2


def decode_user_data(octets: bytes, scheme: DataCoding, *, has_header: bool) -> UserData:
    """Read the body from its length octet on.

    Septets that are announced but not there are a ParseError, as is a compressed body cut short;
    octets and UCS-2 are taken as far as they go, since modems store longer lengths than bodies.
    """
    if not octets:
        raise ParseError("the user data has no length")
    length, body = octets[0], octets[1:]
    septets = scheme.alphabet is Alphabet.GSM7 and not scheme.compressed
    if not septets:
        if scheme.compressed and len(body) < length:
            raise ParseError("the compressed text is cut short")
        body = body[:length]
    elements, header_octets = _header(body) if has_header else ((), 0)
    if septets:
        return _septets(scheme, elements, header_octets, length, body)
    body = body[header_octets:]
    if scheme.alphabet is Alphabet.OCTETS or scheme.compressed:
        return UserData(scheme, data=body, elements=elements)
    data = UserData(scheme, elements=elements)
    # A surrogate pair may be split between parts: `join` mends it.
    errors = "surrogatepass" if data.concat else "replace"
    text = body[: len(body) & ~1].decode("utf-16-be", errors)
    return UserData(scheme, text, elements=elements)


def _septets(
    scheme: DataCoding, elements: tuple[Element, ...], header_octets: int, length: int, body: bytes
) -> UserData:
    """Read a body of `length` septets, the header's and its fill bits included."""
    skipped = -(-8 * header_octets // 7)
    if skipped > length:
        raise ParseError("the header is longer than the user data")
    septets = gsm7.unpack(
        body[header_octets:], length - skipped, bit_offset=7 * skipped - 8 * header_octets
    )
    locking, single = _language(elements, LOCKING_SHIFT), _language(elements, SINGLE_SHIFT)
    return UserData(scheme, gsm7.decode(septets, locking, single), elements=elements)


def _header(body: bytes) -> tuple[tuple[Element, ...], int]:
    """Read the header; gives its elements and its size. An element that overflows ends it."""
    if not body or body[0] >= len(body):
        raise ParseError("the user data header is cut short")
    end = 1 + body[0]
    elements: list[Element] = []
    at = 1
    while at + 2 <= end and at + 2 + body[at + 1] <= end:
        size = body[at + 1]
        elements.append(Element(body[at], body[at + 2 : at + 2 + size]))
        at += 2 + size
    return tuple(elements), end


def encode_user_data(data: UserData) -> bytes:
    """Write the body with its length octet; ParseError where it does not fit one message."""
    header = b"".join(bytes([e.identifier, len(e.data)]) + e.data for e in data.elements)
    if header:
        header = bytes([len(header)]) + header
    if data.text is None or data.coding.compressed:
        length, body = len(header) + len(data.data), data.data
    elif data.coding.alphabet is Alphabet.GSM7:
        length, body = _pack(data, len(header))
    else:
        body = _ucs2(data.text)
        length = len(header) + len(body)
    if len(header) + len(body) > MAX_OCTETS:
        raise ParseError("the text does not fit one message")
    return bytes([length]) + header + body


def _pack(data: UserData, header_octets: int) -> tuple[int, bytes]:
    """Give the length in septets, header included, and the text packed after its fill bits."""
    locking = _language(data.elements, LOCKING_SHIFT)
    septets = gsm7.encode(data.text or "", locking, _language(data.elements, SINGLE_SHIFT))
    skipped = -(-8 * header_octets // 7)
    body = gsm7.pack(septets, bit_offset=7 * skipped - 8 * header_octets)
    return skipped + len(septets), body


def _ucs2(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise ParseError("the text holds half a surrogate pair") from None
