"""The character tables of 3GPP TS 23.038: the default alphabet and Annex A.

A locking table replaces the default alphabet, a single shift table its extension. They are known by
the national language identifier of 23.038 6.2.1.2.4. The Indic languages share one grid, which is
written down once: each has its own Unicode block on it, with gaps where the block has no character.
"""

from collections.abc import Mapping
from types import MappingProxyType

ESCAPE = 0x1B
UNDEFINED = "\ufffd"  # a position for which the table has no character

Locking = str  # 128 characters, by septet
Single = Mapping[int, str]  # the character after ESCAPE, by septet

# 23.038 6.2.1. Written in hexadecimal rows of 16.
DEFAULT: Locking = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

_EXTENSION = {  # 23.038 6.2.1.1
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
EXTENSION: Single = MappingProxyType(_EXTENSION)

_TURKISH = {  # A.3.1, as differences from the default alphabet
    0x04: "€",
    0x07: "\u0131",  # dotless i
    0x0B: "Ğ",
    0x0C: "ğ",
    0x1C: "Ş",
    0x1D: "ş",
    0x40: "İ",
    0x60: "ç",
}
_PORTUGUESE: Locking = (  # A.3.3
    "@£$¥êéúíóç\nÔô\rÁá"
    "Δ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
    " !\"#º%&'()*+,-./"
    "0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmno"
    "pqrstuvwxyzãõ`üà"
)


def _points(text: str) -> str:
    """Characters of "0964 0966-096F ." (hexadecimal code points); "." is an undefined position."""
    found: list[str] = []
    for item in text.split():
        if item == ".":
            found.append(UNDEFINED)
            continue
        first, _, last = item.partition("-")
        found.extend(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return "".join(found)


_HINDI: Locking = _points(  # A.3.6: the grid without a gap
    "0901-0903 0905-090B 000A 090C 090D 000D 090E 090F "
    "0910-091A 001B 091B-091E "
    "0020 0021 091F-0924 0029 0028 0925 0926 002C 0927 002E 0928 "
    "0030-003B 0929-092B 003F "
    "092C-0939 093C 093D "
    "093E-094D "
    "0950 0061-006F "
    "0070-007A 0972 097B 097C 097E 097F"
)
_URDU: Locking = _points(  # A.3.13
    "0627 0622 0628 067B 0680 067E 06A6 062A 06C2 067F 000A 0679 067D 000D 067A 067C "
    "062B 062C 0681 0684 0683 0685 0686 0687 062D 062E 062F 001B 068C 0688 0689 068A "
    "0020 0021 068F 068D 0630 0631 0691 0693 0029 0028 0699 0632 002C 0696 002E 0698 "
    "0030-003B 069A 0633 0634 003F "
    "0635 0636 0637 0638 0639 0641 0642 06A9 06AA 06AB 06AF 06B3 06B1 0644 0645 0646 "
    "06BA 06BB 06BC 0648 06C4 06D5 06C1 06BE 0621 06CC 06D0 06D2 064D 0650 064F 0657 "
    "0654 0061-006F "
    "0070-007A 0655 0651 0653 0656 0670"
)


def _indic(block: int, gaps: str, last: str) -> Locking:
    """Put another Unicode `block` on the grid; `last` are the positions 60 and 7B-7F hex."""
    undefined = set(_points(gaps))
    table: list[str] = []
    for char in _HINDI:
        own = chr(block + ord(char) - 0x0900) if char > "\u0900" else char
        table.append(UNDEFINED if own in undefined else own)
    table[0x60], *table[0x7B:] = list(_points(last))
    return "".join(table)


_INDIC_SINGLE = {  # A.2.4-A.2.13: the part that Indic languages and Urdu share
    **_EXTENSION,
    **dict(enumerate("@£$¥¿\"¤%&'\f*+\r-/<=>¡^¡_#*")),
    **dict(enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0x41)),
}
del _INDIC_SINGLE[0x0D]  # A.2: a control character, never text
_NATIVE_POSITIONS = (0x19, 0x1A, *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F)


def _native(points: str) -> Single:
    """Fill the free positions of the shared single shift table with a language's own characters."""
    own = zip(_NATIVE_POSITIONS, _points(points), strict=False)
    return MappingProxyType(
        _INDIC_SINGLE | {position: char for position, char in own if char != UNDEFINED}
    )


def _extended(differences: dict[int, str]) -> Single:
    return MappingProxyType(_EXTENSION | differences)


SINGLE: Mapping[int, Single] = MappingProxyType(
    {
        0: EXTENSION,
        1: _extended(  # Turkish
            {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "\u0131", 0x73: "ş"}
        ),
        2: _extended(  # Spanish
            {0x09: "ç"} | dict(zip(b"AIOUaiou", "ÁÍÓÚáíóú", strict=True)),
        ),
        3: _extended(  # Portuguese
            {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ"}
            | {0x13: "Γ", 0x15: "Ω", 0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê"}
            | {0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ", 0x61: "Â"}
            | {0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"}
        ),
        4: _native("09E6-09EF 09DF-09E3 09F2-09FA"),  # Bengali
        5: _native("0964 0965 0AE6-0AEF"),  # Gujarati
        6: _native("0964-096F 0951-0954 0958-0963 0970 0971"),  # Hindi
        7: _native("0964 0965 0CE6-0CEF 0CDE 0CF1 0CF2"),  # Kannada
        8: _native("0964 0965 0D66-0D75 0D7A-0D7F"),  # Malayalam
        9: _native("0964 0965 0B66-0B6F 0B5C 0B5D 0B5F 0B70 0B71"),  # Oriya
        10: _native("0964 0965 0A66-0A6F 0A59-0A5C 0A5E 0A75"),  # Punjabi
        11: _native("0964 0965 0BE6-0BEF 0BF3-0BF8 0BFA"),  # Tamil
        12: _native(". . 0C66-0C6F 0C58 0C59 0C78-0C7F"),  # Telugu
        13: _native(  # Urdu
            "0600 0601 06F0-06F9 060C-0614 061B 061F 0640 0652 0658 066B 066C 0672 0673 06CD 06D4"
        ),
    }
)

LOCKING: Mapping[int, Locking] = MappingProxyType(
    {
        0: DEFAULT,
        1: "".join(_TURKISH.get(septet, char) for septet, char in enumerate(DEFAULT)),
        3: _PORTUGUESE,  # Spanish (2) has a single shift table only
        4: _indic(  # Bengali
            0x0980,
            "098D 098E 0991 0992 09A9 09B1 09B3-09B5 09C5 09C6 09C9 09CA",
            "09CE 09D7 09DC 09DD 09F0 09F1",
        ),
        5: _indic(  # Gujarati
            0x0A80, "0A8E 0A92 0AA9 0AB1 0AB4 0AC6 0ACA", "0AD0 0AE0-0AE3 0AF1"
        ),
        6: _HINDI,
        7: _indic(  # Kannada
            0x0C80, "0C81 0C8D 0C91 0CA9 0CB4 0CC5 0CC9", "0CD5 0CD6 0CE0-0CE3"
        ),
        8: _indic(  # Malayalam
            0x0D00, "0D01 0D0D 0D11 0D29 0D3C 0D45 0D49", "0D57 0D60-0D63 0D79"
        ),
        9: _indic(  # Oriya
            0x0B00,
            "0B0D 0B0E 0B11 0B12 0B29 0B31 0B34 0B45 0B46 0B49 0B4A",
            "0B56 0B57 0B60-0B63",
        ),
        10: _indic(  # Punjabi
            0x0A00,
            "0A0B-0A0E 0A11 0A12 0A29 0A31 0A34 0A37 0A3D 0A43-0A46 0A49 0A4A",
            "0A51 0A70-0A74",
        ),
        11: _indic(  # Tamil
            0x0B80,
            "0B81 0B8B-0B8D 0B91 0B96-0B98 0B9B 0B9D 0BA0-0BA2 0BA5-0BA7 "
            "0BAB-0BAD 0BBC 0BBD 0BC3-0BC5 0BC9",
            "0BD0 0BD7 0BF0-0BF2 0BF9",
        ),
        12: _indic(  # Telugu
            0x0C00, "0C0D 0C11 0C29 0C34 0C3C 0C45 0C49", "0C55 0C56 0C60-0C63"
        ),
        13: _URDU,
    }
)
