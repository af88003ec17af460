"""Dates of the world in a folded text, turned into days of the Gregorian calendar."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from config.carriers import DateOrder
from modem.balance.fold import fold
from modem.balance.tables import table


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How a text writes dates: the order of numbers, and the currency that tells the calendar."""

    order: DateOrder = DateOrder.DMY
    currency: str | None = None
    today: date | None = None  # without it a date without a year has no day


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date and where it stands; `day` is None for one without a year that nothing completes."""

    start: int
    end: int
    day: date | None


_MONTHS = {
    fold(name).lower(): month
    for month, names in enumerate(table("months")["names"], 1)
    for name in reversed(names)
}
_JALALI = {fold(name): m for m, names in enumerate(table("months")["jalali"], 1) for name in names}
_NAMES = "|".join(map(re.escape, sorted([*_MONTHS, *_JALALI], key=len, reverse=True)))
_MONTH = rf"(?P<name>(?<![^\W\d_])(?:{_NAMES}))[^\s\d.,/:-]*\.?"
_ENGLISH = (  # without a year only what can hardly be another word
    r"(?P<name>(?<![^\W\d_])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?(?![^\W\d_])\.?"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?"
_GAP = r"[ \t./,-]{0,3}(?:(?:of|de|del|d')[ \t]+)?"
_A = r"(?P<a>\d{1,2})"
_NOT_MORE = r"(?![.,:/-]?\d)"
_FORMS = tuple(
    re.compile(rf"(?<!\d)(?<!\d[.,/-]){form}", re.IGNORECASE)
    for form in (
        r"(?P<y>\d{2,4})[ ]?[年년][ ]?(?P<m>\d{1,2})[ ]?[月월][ ]?(?P<d>\d{1,2})[ ]?[日号號일]?",
        r"(?P<m>\d{1,2})[ ]?[月월][ ]?(?P<d>\d{1,2})[ ]?[日号號일]",
        rf"(?P<y>\d{{4}}){_GAP}{_MONTH}{_GAP}(?P<d>\d{{1,2}})(?!\d)",
        rf"{_DAY}{_GAP}{_MONTH}{_GAP}'?(?P<y>\d{{4}}|\d{{2}}){_NOT_MORE}",
        rf"{_MONTH}{_GAP}{_DAY}[ ,/'-]{{1,3}}(?P<y>\d{{4}}){_NOT_MORE}",
        rf"{_DAY}[ -]?{_ENGLISH}",
        rf"{_ENGLISH}[ -]?{_DAY}(?![.,:/]?\d)",
        r"(?P<y>\d{4})(?P<sep>[./-])[ ]?(?P<m>\d{1,2})(?P=sep)[ ]?(?P<d>\d{1,2})(?!\d)",
        rf"{_A}(?P<sep>[./-])[ ]?(?P<b>\d{{1,2}})(?P=sep)[ ]?(?P<c>\d{{4}}|\d{{2}}){_NOT_MORE}",
        r"(?P<a>\d{2})[ ](?P<b>\d{2})[ ](?P<c>20\d{2}|25\d{2})(?!\d)",
        r"(?P<y>20\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?![.,']?\d)",
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![/\d.,])",
    )
)


def find_dates(text: str, style: DateStyle) -> Iterator[FoundDate]:
    """Find what reads as a date in a folded text, the surest forms first; spans never overlap."""
    taken: set[int] = set()
    for form in _FORMS:
        for match in form.finditer(text):
            span = range(*match.span())
            if taken.isdisjoint(span) and (found := _read(match, style)):
                taken.update(span)
                yield found


def _read(match: re.Match[str], style: DateStyle) -> FoundDate | None:
    parts = {key: value for key, value in match.groupdict().items() if value is not None}
    day: date | None = None
    if "b" in parts and "c" not in parts:
        if not any(_valid(2000, m, d) for m, d in _monthly(parts, style)):
            return None
        day = _coming(*next(iter(_monthly(parts, style))), style.today)
    elif "y" not in parts and "c" not in parts:
        day = _coming(_month(parts), int(parts["d"]), style.today)
    elif (day := _full(parts, style)) is None:
        return None
    return FoundDate(*match.span(), day)


def _full(parts: dict[str, str], style: DateStyle) -> date | None:
    if "c" not in parts:
        return _day(parts["y"], _month(parts), int(parts["d"]), style)
    readings = (_day(y, int(m), int(d), style) for y, m, d in _orders(parts, style.order))
    return next((day for day in readings if day), None)


def _orders(parts: dict[str, str], order: DateOrder) -> Iterator[tuple[str, str, str]]:
    """Year, month and day as the order has them, then as others do where that is no date."""
    a, b, c = parts["a"], parts["b"], parts["c"]
    short = len(c) == 2  # noqa: PLR2004 - a year of two digits
    readings = {DateOrder.DMY: (c, b, a), DateOrder.MDY: (c, a, b), DateOrder.YMD: (a, b, c)}
    if order is not DateOrder.YMD or short:
        yield readings.pop(order)
    readings.pop(DateOrder.YMD, None)
    yield from readings.values()


def _monthly(parts: dict[str, str], style: DateStyle) -> Iterator[tuple[int, int]]:
    """Month and day of 05/08: the second is the month only where the day stands first."""
    a, b = int(parts["a"]), int(parts["b"])
    yield (b, a) if style.order is DateOrder.DMY else (a, b)


def _month(parts: dict[str, str]) -> int:
    if "m" in parts:
        return int(parts["m"])
    name = parts["name"].lower()
    return _MONTHS[name] if name in _MONTHS else _JALALI[name]


def _coming(month: int, day: int, today: date | None) -> date | None:
    """The next such day from today on."""
    if today is None:
        return None
    days = (_valid(year, month, day) for year in (today.year, today.year + 1))
    return next((found for found in days if found and found >= today), None)


_SHORT = 100  # years written with two digits
_BUDDHIST = 543
_ROC = 1911  # Taiwan's year 0
_CALENDARS = {"IRR": "jalali", "AFN": "jalali", "THB": "buddhist", "TWD": "roc"}


def _day(written: str, month: int, day: int, style: DateStyle) -> date | None:
    """The day of a written year in the calendar that its currency's country uses."""
    year, calendar = int(written), _CALENDARS.get(style.currency or "")
    if year < _SHORT:
        year = _century(year, calendar)
    if year in _JALALI_YEARS:
        return _from_jalali(year, month, day) if calendar == "jalali" else None
    if year in range(2400, 2700):
        year -= _BUDDHIST
    elif calendar == "roc" and year in range(100, 200):
        year += _ROC
    return _valid(year, month, day)


def _century(year: int, calendar: str | None) -> int:
    if calendar == "jalali" and year not in range(20, 90):
        return year + (1300 if year >= 90 else 1400)  # noqa: PLR2004 - 1390 to 1419
    if calendar == "buddhist" and year >= 60:  # noqa: PLR2004 - 2560 is 2017
        return year + 2500
    return year + 2000


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in range(1990, 2200) else None
    except ValueError:  # no such day
        return None


_JALALI_YEARS = range(1300, 1500)
_LEAP_REMAINDERS = frozenset((1, 5, 9, 13, 17, 22, 26, 30))  # of 33 years
_NOWRUZ_1400 = date(2021, 3, 21)


def _from_jalali(year: int, month: int, day: int) -> date | None:
    """Six months of 31 days, five of 30, the last of 29 or, in a leap year, 30."""
    lengths = (*[31] * 6, *[30] * 5, 30 if _is_leap(year) else 29)
    if not (1 <= month <= len(lengths) and 1 <= day <= lengths[month - 1]):
        return None
    return _nowruz(year) + timedelta(sum(lengths[: month - 1]) + day - 1)


@cache
def _nowruz(year: int) -> date:
    """The first day of a Persian year."""
    since, until = sorted((year, 1400))
    days = sum(365 + _is_leap(each) for each in range(since, until))
    return _NOWRUZ_1400 + timedelta(days if year >= 1400 else -days)  # noqa: PLR2004 - the anchor


def _is_leap(year: int) -> bool:
    return year % 33 in _LEAP_REMAINDERS
