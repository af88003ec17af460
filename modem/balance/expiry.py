"""Until when a balance, a bucket or a bonus is good."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from modem.balance.choose import Judged
from modem.balance.dates import FoundDate
from modem.balance.page import BLANK
from modem.balance.quantities import Measure, Quantity
from modem.balance.roles import Role, first_part, has_barrier, last_sentence
from modem.balance.words import words

_REACH = 60  # characters around a date
_MAX_DAYS = 3660

# How plainly words call a date the end; of the line rather than of the money: a step less.
_EXPIRES, _VALID, _OF_THE_LINE = 4, 3, 2


@dataclass(frozen=True, slots=True)
class Expiry:
    """A date, or a number of days from an unknown one, that words make the end of something."""

    start: int
    day: date | None
    days: int | None
    rank: int
    owner: Quantity | Judged | None  # a bucket or a bonus; None for the balance


def find_expiries(
    text: str,
    dates: Iterable[FoundDate],
    quantities: Sequence[Quantity],
    money: Sequence[Judged],
    today: date | None,
) -> list[Expiry]:
    """Find the ends, in order; dates and quantities are blanked out in `text`."""
    buckets = [each for each in quantities if each.measure is not Measure.DAYS]
    found = []
    for start, end, day, days in sorted(_ends(dates, quantities, today)):
        if rank := _rank(text, start, end):
            owner = _bucket(text, start, buckets) or _bonus(text, start, money)
            found.append(Expiry(start, day or None, days or None, rank, owner))
    return found


def _ends(
    dates: Iterable[FoundDate], quantities: Iterable[Quantity], today: date | None
) -> Iterator[tuple[int, int, date | None, int | None]]:
    for found in dates:
        if found.day:
            yield found.start, found.end, found.day, None
    for each in quantities:
        if each.measure is Measure.DAYS and each.value <= _MAX_DAYS:
            days = int(each.value)
            yield each.start, each.end, today and today + timedelta(days), days


def _rank(text: str, start: int, end: int) -> int:
    """How plainly the words around a span call it an end: 0 not at all, up to 4."""
    gap = text[max(0, start - _REACH) : start].rpartition(BLANK)[2]
    before = last_sentence(gap)
    behind = first_part(text[end : end + _REACH].partition(BLANK)[0])[0]
    for part in (before, behind):
        line = _OF_THE_LINE if words("line").search(part) else 0
        if words("expire").search(part):
            return _EXPIRES - line
        if words("valid").search(part) and not words("gone").search(part):
            return _VALID - line
    return 0


def _bucket(text: str, start: int, buckets: Sequence[Quantity]) -> Quantity | None:
    """The bucket that an end follows within a sentence, if no amount stands between."""
    before = [bucket for bucket in buckets if bucket.end <= start]
    if not before:
        return None
    between = text[before[-1].end : start]
    apart = has_barrier(between) or any(char.isdigit() for char in between)
    return None if apart else before[-1]


def _bonus(text: str, start: int, money: Sequence[Judged]) -> Judged | None:
    """The bonus, or the price, that an end follows; behind "5.00 bonus" only in brackets."""
    before = [judged for judged in money if judged.money.end <= start]
    if not before or before[-1].role not in (Role.APART, Role.OTHER):
        return None
    between = text[before[-1].money.end - 1 : start]  # with the stop of "5.00 rub."
    named_first = before[-1].behind is not Role.APART
    return before[-1] if not has_barrier(between) and (named_first or "(" in between) else None


def end_of_balance(expiries: Sequence[Expiry], *, alone: bool) -> Expiry | None:
    """The plainest end of the balance; where no amount is told (`alone`) the end of anything."""
    own = [each for each in expiries if each.owner is None]
    return max(own or (expiries if alone else ()), key=lambda each: each.rank, default=None)
