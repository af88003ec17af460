"""The GSM 7 bit alphabet: text to septets (3GPP TS 23.038 6.2.1) and septets to octets (6.1.2)."""

import codecs
import unicodedata
from functools import cache

from modem.errors import ParseError
from modem.sms.alphabets import DEFAULT, ESCAPE, EXTENSION, LOCKING, SINGLE, UNDEFINED

_CR = b"\r"
_BLOCK_OCTETS = 7  # 7 octets hold 8 septets
_BLOCK_SEPTETS = 8


def pack(septets: bytes, *, bit_offset: int = 0, ussd: bool = False) -> bytes:
    """Pack septets (0-127 each) after `bit_offset` zero bits; USSD pads by 23.038 6.1.2.3."""
    if septets and max(septets) > 0x7F:  # noqa: PLR2004 - the largest septet
        raise ParseError("a septet has seven bits")
    if ussd and _needs_cr(septets, bit_offset):
        septets += _CR
    value = 0
    for septet in reversed(septets):
        value = value << 7 | septet
    octets = (bit_offset + 7 * len(septets) + 7) // 8 if septets else 0
    return (value << bit_offset).to_bytes(octets, "little")


def unpack(
    packed: bytes, count: int | None = None, *, bit_offset: int = 0, ussd: bool = False
) -> bytes:
    """Unpack `count` septets (all that fit by default); ParseError where there are fewer."""
    held = max(len(packed) * 8 - bit_offset, 0) // 7
    if count is None:
        count = held
    elif count > held:
        raise ParseError(f"{count} septets are announced, {held} are there")
    if bit_offset:
        size = len(packed)
        packed = (int.from_bytes(packed, "little") >> bit_offset).to_bytes(size, "little")
    septets = _unpack_blocks(packed)[:count]
    return septets[:-1] if ussd and _has_cr_pad(septets, bit_offset) else septets


def _unpack_blocks(packed: bytes) -> bytes:
    """Unpack in blocks of 7 octets, which keeps the integers small: this is a hot path."""
    out = bytearray()
    for start in range(0, len(packed), _BLOCK_OCTETS):
        value = int.from_bytes(packed[start : start + _BLOCK_OCTETS], "little")
        for _ in range(_BLOCK_SEPTETS):
            out.append(value & 0x7F)
            value >>= 7
    return bytes(out)


def _needs_cr(septets: bytes, bit_offset: int) -> bool:
    """Whether a pad CR is due: seven bits are spare, or the text's own CR ends an octet."""
    spare = -(bit_offset + 7 * len(septets)) % 8
    return spare == 7 or (spare == 0 and septets.endswith(_CR))  # noqa: PLR2004 - 7 bits


def _has_cr_pad(septets: bytes, bit_offset: int) -> bool:
    """Whether the last septet is a CR that `pack` added."""
    if not septets.endswith(_CR):
        return False
    ends_octet = (bit_offset + 7 * len(septets)) % 8 == 0
    return ends_octet or (septets.endswith(_CR * 2) and _needs_cr(septets[:-1], bit_offset))


def decode(septets: bytes, locking: int = 0, single: int = 0) -> str:
    """Turn septets into text; `locking` and `single` are national language identifiers.

    An unknown language falls back to the default alphabet, an unknown extension to the character of
    the main table (23.038 6.2.1.1), and ESCAPE ESCAPE is a blank.
    """
    table = LOCKING.get(locking, DEFAULT)
    if ESCAPE not in septets:
        return codecs.charmap_decode(septets, "strict", table)[0]
    extension = SINGLE.get(single, EXTENSION)
    text: list[str] = []
    rest = iter(septets)
    for septet in rest:
        if septet == ESCAPE:
            second = next(rest, ESCAPE)
            text.append(" " if second == ESCAPE else extension.get(second, table[second]))
        else:
            text.append(table[septet])
    return "".join(text)


@cache
def _codes(locking: int, single: int) -> dict[str, bytes]:
    """Give the septets of each character; main table and lower position win."""
    codes: dict[str, bytes] = {}
    for septet, char in enumerate(LOCKING.get(locking, DEFAULT)):
        if septet != ESCAPE and char != UNDEFINED:
            codes.setdefault(char, bytes([septet]))
    for septet, char in SINGLE.get(single, EXTENSION).items():
        codes.setdefault(char, bytes([ESCAPE, septet]))
    return codes


def encode(text: str, locking: int = 0, single: int = 0) -> bytes:
    """Turn text into septets; ParseError for a character that the tables do not hold."""
    try:
        return b"".join(map(_codes(locking, single).__getitem__, text))
    except KeyError as missing:
        raise ParseError(f"{missing.args[0]!r} is not in the GSM 7 bit alphabet") from None


def encodable(text: str, locking: int = 0, single: int = 0) -> bool:
    """Whether `encode` would take the text."""
    return _codes(locking, single).keys() >= set(text)


def closest(text: str) -> str:
    """Bring a text into the default alphabet: without the accents it lacks, "?" for the rest."""
    return "".join(char if encodable(char) else _closest(char) for char in text)


def _closest(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char)
    return (
        "".join(base for base in plain if not unicodedata.combining(base) and encodable(base))
        or "?"
    )
