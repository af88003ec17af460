"""The GSM 7-bit default alphabet and its packing (23.038 clause 6)."""

from __future__ import annotations

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_ESCAPE = 0x1B
_CODES = {char: (code,) for code, char in enumerate(_BASIC) if code != _ESCAPE} | {
    char: (_ESCAPE, code) for code, char in _EXTENSION.items()
}


def encodable(text: str) -> bool:
    """Whether the default alphabet and its extension have every character."""
    return all(char in _CODES for char in text)


def encode(text: str) -> bytes:
    """Return one septet per octet; raises KeyError where a character has no code."""
    return bytes(code for char in text for code in _CODES[char])


def decode(septets: bytes) -> str:
    """Return the text; an unknown extension code reads as its basic character."""
    text = []
    escaped = False
    for code in septets:
        if escaped:
            text.append(_EXTENSION.get(code, _BASIC[code]))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[code])
    return "".join(text)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets, after `fill_bits` zero bits (the gap behind a header)."""
    bits = 0
    for place, septet in enumerate(septets):
        bits |= septet << (fill_bits + 7 * place)
    size = (fill_bits + 7 * len(septets) + 7) // 8
    return bits.to_bytes(size, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Return `count` septets, or as many as the octets hold."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    held = max(0, len(octets) * 8 - fill_bits) // 7
    return bytes((bits >> (7 * place)) & 0x7F for place in range(min(count, held)))
