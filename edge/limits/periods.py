"""Hours, days, weeks, months and windows of a zone's clock, as spans of epoch seconds.

A span holds its `start`, not its `end`; those of one kind follow each other without gap or overlap.
Days begin at local midnight, so they have 23 or 25 hours when the clocks change, and where the
clocks jump over midnight, they begin with the jump. Hours are those of the local clock.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import floor
from zoneinfo import ZoneInfo

HOUR_S = 3600
DAY = timedelta(days=1)
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`, in seconds of the epoch."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether the moment lies in it."""
        return self.start <= at < self.end


def instant(day: date, minute: int, zone: ZoneInfo, *, last: bool = False) -> float:
    """When the clocks of a day show `minute` (0 to 1440): the first time, or the last.

    Where they jump over it, the moment of the jump.
    """
    wall = datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minute)
    early = wall.replace(tzinfo=zone).timestamp()
    late = wall.replace(tzinfo=zone, fold=1).timestamp()
    if early > late:
        return _jump(int(late), int(early), zone)
    return late if last else early


def hour_of(at: float, zone: ZoneInfo) -> Span:
    """The hour of the local clock; in zones of half hours it begins at half past in UTC."""
    second = floor(at)
    start = second - (second + _offset(at, zone)) % HOUR_S
    return Span(start, start + HOUR_S)


def day_of(at: float, zone: ZoneInfo) -> Span:
    """The local day."""
    return _span(_date(at, zone), at, zone, lambda day: day + DAY)


def week_of(at: float, zone: ZoneInfo) -> Span:
    """The local week, which begins on Monday."""
    today = _date(at, zone)
    monday = today - today.weekday() * DAY
    return _span(monday, at, zone, lambda day: day + 7 * DAY)


def month_of(at: float, zone: ZoneInfo, billing_day: int) -> Span:
    """The month that begins on a day of 1 to 31, on the last day where there is none."""
    today = _date(at, zone)
    first = _billing(today, billing_day)
    if first > today:
        first = _billing(today.replace(day=1) - DAY, billing_day)
    return _span(first, at, zone, lambda day: _next_billing(day, billing_day))


def days_of(at: float, zone: ZoneInfo, days: int, since: date) -> Span:
    """The stretch of so many days, counted from a date forwards and backwards."""
    today = _date(at, zone)
    first = today - (today - since).days % days * DAY
    return _span(first, at, zone, lambda day: day + days * DAY)


def window_of(at: float, zone: ZoneInfo, begin: int, end: int) -> Span | None:
    """The window of the day, from minute to minute, that holds `at`; None outside of it."""
    today = _date(at, zone)
    spans = (_window(day, zone, begin, end) for day in (today - DAY, today))
    return next((span for span in spans if span.holds(at)), None)


def next_window(at: float, zone: ZoneInfo, begin: int) -> float:
    """When a window that begins at this minute of the day begins next."""
    today = _date(at, zone)
    starts = (instant(today + n * DAY, begin, zone) for n in range(3))
    return next(start for start in starts if start > at)


def _window(day: date, zone: ZoneInfo, begin: int, end: int) -> Span:
    until = day if begin < end else day + DAY
    return Span(instant(day, begin, zone), instant(until, end, zone, last=True))


def _span(first: date, at: float, zone: ZoneInfo, following: Callable[[date], date]) -> Span:
    """The span from `first`, or the next: clocks set back at midnight show an old date again."""
    after = following(first)
    end = instant(after, 0, zone)
    if at >= end:
        return Span(end, instant(following(after), 0, zone))
    return Span(instant(first, 0, zone), end)


def _billing(day: date, billing_day: int) -> date:
    """The billing day of the month of `day`."""
    return day.replace(day=min(billing_day, monthrange(day.year, day.month)[1]))


def _next_billing(day: date, billing_day: int) -> date:
    return _billing(day.replace(day=28) + 4 * DAY, billing_day)


def _date(at: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _offset(at: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def _jump(low: int, high: int, zone: ZoneInfo) -> float:
    """When the clocks go forward between two moments."""
    after = _offset(high, zone)
    return float(
        bisect_left(range(low, high), after, key=lambda second: _offset(second, zone)) + low
    )
