"""Until when a balance or a bucket is good."""

from collections.abc import Sequence
from dataclasses import dataclass

from modem.balance.choose import Judged
from modem.balance.dates import FoundDate
from modem.balance.page import BLANK
from modem.balance.quantities import Quantity
from modem.balance.roles import Role, first_part, has_barrier, last_sentence
from modem.balance.words import words

_REACH = 60  # characters around a date


@dataclass(frozen=True, slots=True)
class Expiry:
    """A date that ends something; `rank` says how plainly the text calls it the end."""

    date: FoundDate
    rank: int
    owner: Quantity | Judged | None  # a bucket, or a bonus; None for the balance


def find_expiries(
    text: str, dates: Sequence[FoundDate], quantities: Sequence[Quantity], money: Sequence[Judged]
) -> list[Expiry]:
    """Find the dates that words make an end, and of what; dates are blanked in `text`."""
    found = []
    for date in sorted(dates, key=lambda date: date.start):
        if rank := end_rank(text, date.start, date.end):
            owner = _bucket(text, date, quantities) or _bonus(text, date, money)
            found.append(Expiry(date, rank, owner))
    return found


def end_rank(text: str, start: int, end: int) -> int:
    """How plainly the words around a span call it an end: 0 not at all, up to 4."""
    gap = text[max(0, start - _REACH) : start].rpartition(BLANK)[2]
    before = last_sentence(gap)
    behind = first_part(text[end : end + _REACH].partition(BLANK)[0])[0]
    for part in (before, behind):
        if words("expire").search(part):
            return 2 if words("line").search(part) else 4
        if words("valid").search(part) and not words("gone").search(part):
            return 1 if words("line").search(part) else 3
    return 0


def _bucket(text: str, date: FoundDate, quantities: Sequence[Quantity]) -> Quantity | None:
    """The bucket that the date follows within a sentence, if no amount stands between."""
    before = [quantity for quantity in quantities if quantity.end <= date.start]
    if not before or has_barrier(text[before[-1].end : date.start]):
        return None
    between = text[before[-1].end : date.start]
    return None if any(char.isdigit() for char in between) else before[-1]


def _bonus(text: str, date: FoundDate, money: Sequence[Judged]) -> Judged | None:
    """The bonus that the date follows; behind "5.00 bonus" only in brackets."""
    before = [judged for judged in money if judged.money.end <= date.start]
    if not before or before[-1].role is not Role.APART:
        return None
    between = text[before[-1].money.end - 1 : date.start]  # with the stop of "5.00 rub."
    named_first = before[-1].behind is not Role.APART
    return before[-1] if not has_barrier(between) and (named_first or "(" in between) else None
