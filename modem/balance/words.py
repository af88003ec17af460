"""The words of words.toml as patterns over folded text."""

import re
from collections.abc import Iterable
from functools import cache

from modem.balance.fold import fold, tidy
from modem.balance.tables import table

LETTER = r"[^\W\d_]"
_NO_SPACES = 0x0E00  # from Thai on, words stand without spaces between them
_ARABIC = range(0x0600, 0x0800)  # articles and prepositions are glued to the word


@cache
def words(kind: str) -> re.Pattern[str]:
    """The pattern of one list."""
    return pattern_of(table("words")[kind])


@cache
def units(kind: str) -> str:
    """The pattern of the names of a unit, as text."""
    return alternatives(table("words")["units"][kind])


def pattern_of(entries: Iterable[str]) -> re.Pattern[str]:
    """Make a pattern of entries as words.toml has them."""
    return re.compile(alternatives(entries), re.IGNORECASE)


def alternatives(entries: Iterable[str]) -> str:
    """The alternation of the entries, the longest first."""
    ordered = sorted(entries, key=len, reverse=True)
    return (
        "(?:" + "|".join(_entry(fold(tidy(entry))) for entry in ordered) + ")"
        if ordered
        else "(?!)"
    )


def _entry(entry: str) -> str:
    bare = entry.strip("~!")
    inside = entry.startswith("~") or ord(bare[0]) >= _NO_SPACES or ord(bare[0]) in _ARABIC
    left = "" if inside or not bare[0].isalpha() else rf"(?<!{LETTER})"
    right = rf"(?!{LETTER})" if entry.endswith("!") else ""
    return left + re.escape(bare).replace(r"\ ", r"\s+") + right
