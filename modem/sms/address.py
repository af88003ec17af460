"""Addresses of SMS PDUs (3GPP TS 23.040 9.1.2.5 and, for the service centre, 24.011 8.2.5.1)."""

from dataclasses import dataclass

from modem.errors import ParseError
from modem.sms import gsm7
from modem.sms.alphabets import ESCAPE

_DIGITS = "0123456789*#abc"  # by semi-octet; F fills an odd number
_FILL = 0xF
_MAX_DIGITS = 20  # TP-OA and TP-DA: 12 octets, two of them length and type
_MAX_SMSC_OCTETS = 11  # type and 10 octets
TYPE_INTERNATIONAL = 0x91
TYPE_UNKNOWN = 0x81
_ALPHANUMERIC = 0b101
_INTERNATIONAL = 0b001


@dataclass(frozen=True, slots=True)
class Address:
    """A number ("+" in front if international) or a name, with its type-of-address octet."""

    number: str
    toa: int = TYPE_UNKNOWN

    @classmethod
    def of(cls, number: str) -> "Address":
        """Make the address of a number to dial: international with "+", else of unknown type."""
        return cls(number, TYPE_INTERNATIONAL if number.startswith("+") else TYPE_UNKNOWN)

    @property
    def is_name(self) -> bool:
        """Whether the address is alphanumeric."""
        return _type_of_number(self.toa) == _ALPHANUMERIC


def _type_of_number(toa: int) -> int:
    return toa >> 4 & 0b111


def decode_address(data: bytes, *, lenient: bool = False) -> tuple[Address, int]:
    """Read an address with a length in semi-octets; gives it and the octets it takes.

    `lenient` takes a number whose length counts the fill, or that has none: phones send such.
    """
    if len(data) < 2:  # noqa: PLR2004 - length and type
        raise ParseError("an address has a length and a type")
    length, toa = data[0], data[1]
    if length > _MAX_DIGITS:
        raise ParseError(f"an address of {length} semi-octets is too long")
    end = 2 + (length + 1) // 2
    if end > len(data):
        raise ParseError("the address is cut short")
    return Address(_number(data[2:end], toa, length, lenient=lenient), toa), end


def decode_smsc(data: bytes) -> tuple[Address | None, int]:
    """Read a service centre address with a length in octets; None where the length is 0."""
    if not data:
        raise ParseError("the service centre address is missing")
    end = 1 + data[0]
    if data[0] > _MAX_SMSC_OCTETS or end > len(data):
        raise ParseError("the service centre address is too long")
    if data[0] == 0:
        return None, end
    return Address(_number(data[2:end], data[1], 2 * (data[0] - 1), lenient=True), data[1]), end


def encode_address(address: Address) -> bytes:
    """Write an address with its length in semi-octets."""
    length, octets = _semi_octets(address)
    if length > _MAX_DIGITS:
        raise ParseError("the address is too long")
    return bytes([length, address.toa]) + octets


def encode_smsc(address: Address | None) -> bytes:
    """Write a service centre address; None is "the one that the modem knows"."""
    if address is None:
        return b"\0"
    _, octets = _semi_octets(address)
    if 1 + len(octets) > _MAX_SMSC_OCTETS:
        raise ParseError("the service centre address is too long")
    return bytes([1 + len(octets), address.toa]) + octets


def _number(octets: bytes, toa: int, length: int, *, lenient: bool) -> str:
    """Read `length` semi-octets by the type of number."""
    kind = _type_of_number(toa)
    if kind == _ALPHANUMERIC:
        septets = gsm7.unpack(octets, length * 4 // 7)
        _check_name(septets, toa)
        return gsm7.decode(septets)
    nibbles = [nibble for octet in octets for nibble in (octet & 0xF, octet >> 4)]
    if lenient and nibbles[length - 1 : length] == [_FILL]:
        length -= 1
    fill = [] if lenient else nibbles[length:]
    if _FILL in nibbles[:length] or any(nibble != _FILL for nibble in fill):
        raise ParseError("the fill of the address does not fit its length")
    digits = "".join(_DIGITS[nibble] for nibble in nibbles[:length])
    return "+" + digits if kind == _INTERNATIONAL and digits else digits


def _semi_octets(address: Address) -> tuple[int, bytes]:
    """Give the length in semi-octets and the octets of an address."""
    if address.is_name:
        septets = gsm7.encode(address.number)
        _check_name(septets, address.toa)
        return (7 * len(septets) + 3) // 4, gsm7.pack(septets)
    digits = address.number.removeprefix("+")
    if not set(digits) <= set(_DIGITS):
        raise ParseError("an address holds digits, * # a b c only")
    nibbles = [_DIGITS.index(digit) for digit in digits]
    if len(digits) % 2:
        nibbles.append(_FILL)
    pairs = zip(nibbles[::2], nibbles[1::2], strict=True)
    return len(digits), bytes(high << 4 | low for low, high in pairs)


def _check_name(septets: bytes, toa: int) -> None:
    """Refuse extension characters in a name with a numbering plan.

    23.040 9.1.2.5 wants plan 0 in a name. We take others, but only in the plain table: a foreign
    plan with an escape in the text is a damaged address.
    """
    if toa & 0x0F and ESCAPE in septets:
        raise ParseError("a name with a numbering plan holds an extension character")
