"""Numerals of the world: what their separators mean, by themselves and by the currency."""

import re
from decimal import Decimal

from modem.balance.tables import table

# 1 234,56 and 1 234 stand for themselves; the second form takes 1'234.50, 1.234,56, 1,00,000.
# All is bounded, so that no text makes matching slow.
_START = r"(?<!\d)(?<!\d[.,'])"
_SPACED = r"\d{1,3}(?: \d{3}){1,4}(?!\d)(?:[.,]\d{1,6})?"
_OTHER = r"\d{1,20}(?:[.,']\d{1,20}){0,6}"
NUMERAL = rf"(?:{_START}(?:{_SPACED}|{_OTHER}))"

_SEPARATOR = re.compile(r"[ .,']")
_MAX_DIGITS = 15
_GROUP = 3  # digits in a group of thousands
_LAKH = 2  # digits in a group of lakhs and crores

_COMMA = frozenset(table("countries")["numerals"]["comma"])
_WHOLE = frozenset(table("countries")["numerals"]["whole"])
_THREE_DECIMALS = frozenset(table("countries")["numerals"]["three_decimals"])


def read_numeral(text: str, currency: str | None) -> Decimal | None:
    """Value of a NUMERAL; None where its separators make no sense or could mean two things."""
    if sum(map(str.isdigit, text)) > _MAX_DIGITS:
        return None
    marks, groups = _SEPARATOR.findall(text), _SEPARATOR.split(text)
    match len(set(marks)):
        case 0:
            return Decimal(text)
        case 1 if len(marks) == 1:
            return _one_mark(groups, marks[0], currency)
        case 1:
            return _joined(groups, marks[0])
        case 2 if marks[-1] in ".," and marks[-1] not in marks[:-1]:
            whole = _joined(groups[:-1], marks[0])
            return None if whole is None else Decimal(f"{whole}.{groups[-1]}")
        case _:
            return None


def _one_mark(groups: list[str], mark: str, currency: str | None) -> Decimal | None:
    whole, tail = groups
    if mark in " '":
        return _joined(groups, mark)
    if len(tail) != _GROUP or len(whole) > _GROUP or int(whole) == 0:
        return Decimal(f"{whole}.{tail}")
    if currency is None:
        return None
    usual = "," if currency in _COMMA else "."
    if currency in _THREE_DECIMALS:
        return Decimal(f"{whole}.{tail}") if mark in (usual, ".") else _joined(groups, mark)
    if currency in _WHOLE or mark != usual:
        return _joined(groups, mark)
    # 1,234 with a decimal comma: an English thousand, or a price in thousandths?
    return Decimal(f"{whole}.{tail}") if usual == "." else None


def _joined(groups: list[str], mark: str) -> Decimal | None:
    """Join thousands, or lakhs and crores; None for groups that are neither."""
    first, *middle, last = map(len, groups)
    if last != _GROUP:
        return None
    thousands = first <= _GROUP and all(size == _GROUP for size in middle)
    lakhs = mark == "," and first <= _LAKH and all(size == _LAKH for size in middle)
    return Decimal("".join(groups)) if thousands or lakhs else None
