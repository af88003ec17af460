"""Marks of currencies as texts write them, before or behind a numeral."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from modem.balance.countries import CURRENCY_CODES
from modem.balance.fold import fold
from modem.balance.tables import table

_UNITS = {  # list of marks.toml -> what 1 of the mark is worth, and whether it speaks for itself
    "sure": (Decimal(1), True),
    "ten": (Decimal(10), True),
    "expected": (Decimal(1), False),
    "tenth": (Decimal("0.1"), False),
    "hundredth": (Decimal("0.01"), False),
    "thousandth": (Decimal("0.001"), False),
}


@dataclass(frozen=True, slots=True)
class _Row:
    currencies: tuple[str, ...]
    unit: Decimal
    sure: bool  # or a mark only where one of the currencies is expected


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark where it was read: its place, its currency (ISO 4217) and the worth of 1 in that."""

    start: int
    end: int
    currency: str
    unit: Decimal


def _rows() -> Iterator[tuple[str, _Row]]:
    words = table("marks")["words"]
    for code in CURRENCY_CODES:
        yield code, _Row((code,), Decimal(1), sure=code not in words)
    for name, (unit, sure) in _UNITS.items():
        for codes, marks in table("marks")[name].items():
            row = _Row(tuple(codes.split("-")), unit, sure)
            yield from ((fold(mark).upper(), row) for mark in marks)


_ROWS: dict[str, list[_Row]] = {}
for _mark, _row in _rows():
    _ROWS.setdefault(_mark, []).append(_row)

_NO_SPACES = 0x0E00  # from Thai on, words stand without spaces between them


def _pattern(mark: str) -> str:
    """The mark as a word of its own, where its letters make words."""
    left = r"(?<![^\W\d_])" if mark[0].isalpha() and ord(mark[0]) < _NO_SPACES else ""
    right = r"(?![^\W\d_])" if mark[-1].isalpha() and ord(mark[-1]) < _NO_SPACES else ""
    return left + re.escape(mark) + right


_ANY = "|".join(_pattern(mark) for mark in sorted(_ROWS, key=len, reverse=True))
_BEFORE = re.compile(rf"({_ANY})(?:[ ]?[:=]?[ ]*|\.)-?$", re.IGNORECASE)
_AFTER = re.compile(rf"[ ]{{0,2}}({_ANY})", re.IGNORECASE)
_REACH = 12  # characters before a numeral


def mark_before(text: str, end: int, expected: str | None) -> Mark | None:
    """Find the mark that leads to a numeral at `end`; the text is folded."""
    for start in range(max(0, end - _REACH), end):
        match = _BEFORE.match(text, start, end)
        if match and (mark := _mark_of(match, expected)) and _is_free(match, end):
            return mark
    return None


def _is_free(match: re.Match[str], end: int) -> bool:
    """Whether it marks no numeral before it, and is no letter of its own: "SMS e 2GB"."""
    letter = len(match[1]) == 1 and match[1].islower() and match.end(1) < end
    return not letter and not match.string[: match.start()].rstrip(" ")[-1:].isdigit()


def mark_after(text: str, start: int, expected: str | None) -> Mark | None:
    """Find the mark that follows a numeral; the text is folded."""
    match = _AFTER.match(text, start)
    return _mark_of(match, expected) if match else None


def _mark_of(match: re.Match[str], expected: str | None) -> Mark | None:
    written = match[1].upper()
    found = _meaning(written, match.start(1), expected)
    if found is None and written.removesuffix(".") in _ROWS:  # "45p." is pence and a full stop
        found = _meaning(written.removesuffix("."), match.start(1), expected)
    return found


def _meaning(written: str, start: int, expected: str | None) -> Mark | None:
    rows, end = _ROWS[written], start + len(written)
    for row in rows:
        if expected in row.currencies:
            return Mark(start, end, str(expected), row.unit)
    return next((Mark(start, end, row.currencies[0], row.unit) for row in rows if row.sure), None)
