"""Make a carrier's text plain: one kind of digit, of space and of letter, damage repaired."""

import re
import unicodedata
from functools import lru_cache

MAX_CHARS = 1000  # of a text; USSD holds 182, six joined SMS 918

_GSM7_LOST = {"\x00": "@", "\x01": "£", "\x02": "$", "\x03": "¥"}  # 23.038 6.2.1, read as ASCII
_GSM7_DAMAGE = {"{": "ä", "|": "ö", "~": "ü"}
_DAMAGED = re.compile(r"(?<=[a-z])[{|~](?=[a-z])(?![^{}\s]*\})")
_SIGNS = {
    **dict.fromkeys("\u2019\u2018\u00b4\u0060\u02bc\u2032", "'"),
    "\u2212": "-",  # minus
    "\u066b": ".",  # Arabic decimal separator
    "\u066c": ",",  # Arabic thousands separator
    "\u060c": ", ",  # Arabic comma
    "\u3001": ", ",  # ideographic comma
    "\u061b": "; ",  # Arabic semicolon
    "\r": "\n",
    "\t": " ",
}


def tidy(text: str) -> str:
    """Return the text with ASCII digits, plain spaces and signs, at most MAX_CHARS of it."""
    lost = "".join(_GSM7_LOST.get(char, char) for char in text[:MAX_CHARS].rstrip("\x00"))
    signs = "".join(_SIGNS.get(char, char) for char in lost)
    compatible = unicodedata.normalize("NFKC", signs)
    plain = "".join(map(_plain, compatible))
    return _DAMAGED.sub(lambda match: _GSM7_DAMAGE[match[0]], plain)


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """One character with a digit as ASCII, a space as such, invisible marks left out."""
    match unicodedata.category(char):
        case "Nd":
            return str(unicodedata.decimal(char))
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Pd":
            return "-"
        case "Cf":
            return ""
        case "Cc" if char != "\n":
            return " "
        case _:
            return char


# Cyrillic and Greek letters that carriers write with Latin ones ("OCTATOK"), and others without
# a decomposition. Both cases of a letter fold alike, so that case can be ignored.
_LOOKALIKES = dict(
    zip("АВЕКМНОРСТУХІЈЅавекмнорстухіјѕ", "ABEKMHOPCTYXIJSabekmhopctyxijs", strict=True)
)
_LATIN = dict(zip("łŁøØđĐßıħŧəƏ", "lLoOdDsihtee", strict=True))
_ARABIC = dict(zip("يىكةۀ", "ییکهه", strict=True))
_FOLDED = {**_LOOKALIKES, **_LATIN, **_ARABIC}
_ACCENTS = (range(0x0300, 0x0370), range(0x0610, 0x061B), range(0x064B, 0x0660))


def fold(tidied: str) -> str:
    """Return a text of the same length without accents and with look-alikes made equal."""
    return "".join(map(_bare, tidied))


@lru_cache(maxsize=4096)
def _bare(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", char)
    accented = len(decomposed) > 1 and all(map(_is_accent, decomposed[1:]))
    base = decomposed[0] if accented else char
    return _FOLDED.get(base, base)


def _is_accent(char: str) -> bool:
    return any(ord(char) in accents for accents in _ACCENTS)
