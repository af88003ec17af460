from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.limits.periods import (
    Span,
    day_of,
    days_of,
    hour_of,
    instant,
    month_of,
    next_window,
    week_of,
    window_of,
)

VIENNA = ZoneInfo("Europe/Vienna")
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # UTC+5:45
KOLKATA = ZoneInfo("Asia/Kolkata")  # UTC+5:30
AZORES = ZoneInfo("Atlantic/Azores")  # clocks go back from 01:00 to 00:00
BEIRUT = ZoneInfo("Asia/Beirut")  # clocks go forward from 00:00 to 01:00
APIA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
ST_JOHNS = ZoneInfo("America/St_Johns")  # clocks went back at 00:01, to the day before
HOUR = 3600

zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
moments = st.floats(0, 4_000_000_000)  # 1970 to 2096


def at(text: str, zone: ZoneInfo = VIENNA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def spans(zone: ZoneInfo, billing_day: int) -> list[Callable[[float], Span]]:
    return [
        lambda moment: day_of(moment, zone),
        lambda moment: week_of(moment, zone),
        lambda moment: month_of(moment, zone, billing_day),
        lambda moment: days_of(moment, zone, 30, date(2026, 11, 1)),
    ]


@given(zones, moments, st.integers(1, 31))
@example(APIA, at("2011-12-29T12:00:00", APIA), 30)
@example(ST_JOHNS, at("2010-11-06T23:30:00", ST_JOHNS), 7)
@example(BEIRUT, at("2024-03-31T01:00:00", BEIRUT), 31)
@example(AZORES, at("2026-10-25T00:30:00", AZORES), 25)
def test_spans_hold_their_moment_and_follow_each_other(
    zone: ZoneInfo, moment: float, billing_day: int
) -> None:
    for span_of in spans(zone, billing_day):
        span = span_of(moment)
        assert span.holds(moment)
        assert span_of(span.start) == span
        assert span_of(span.end).start == span.end
        assert span_of(span.end - 0.001) == span


@given(zones, moments)
def test_an_hour_begins_when_the_local_clock_does(zone: ZoneInfo, moment: float) -> None:
    span = hour_of(moment, zone)
    assert span.holds(moment)
    assert span.end - span.start == HOUR
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    assert offset is not None
    assert (span.start + offset.total_seconds()) % HOUR == 0


@given(moments, st.integers(1, 31))
def test_a_month_begins_on_its_day_as_the_calendar_says(moment: float, billing_day: int) -> None:
    first = datetime.fromtimestamp(month_of(moment, VIENNA, billing_day).start, VIENNA)
    last = monthrange(first.year, first.month)[1]
    assert first.day == min(billing_day, last)
    assert (first.hour, first.minute) == (0, 0)


@given(moments)
def test_a_week_begins_on_monday_as_iso_weeks_do(moment: float) -> None:
    first = datetime.fromtimestamp(week_of(moment, KOLKATA).start, KOLKATA)
    today = datetime.fromtimestamp(moment, KOLKATA)
    assert first.weekday() == 0
    assert first.isocalendar()[:2] == today.isocalendar()[:2]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (VIENNA, "2026-03-29", 23),
        (VIENNA, "2026-10-25", 25),
        (VIENNA, "2026-11-23", 24),
        (KOLKATA, "2026-03-29", 24),
        (KATHMANDU, "2026-10-25", 24),
        (AZORES, "2026-10-25", 25),
        (BEIRUT, "2024-03-31", 23),
        (ZoneInfo("Australia/Lord_Howe"), "2026-10-04", 23.5),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_say(zone: ZoneInfo, day: str, hours: float) -> None:
    span = day_of(at(f"{day}T12:00:00", zone), zone)
    assert span.end - span.start == hours * HOUR
    assert datetime.fromtimestamp(span.start, zone).date() == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("now", "billing_day", "start", "end"),
    [
        ("2026-02-10T12:00:00", 31, "2026-01-31", "2026-02-28"),
        ("2026-02-28T00:00:00", 31, "2026-02-28", "2026-03-31"),
        ("2028-02-29T12:00:00", 31, "2028-02-29", "2028-03-31"),
        ("2028-02-28T23:59:59", 29, "2028-01-29", "2028-02-29"),
        ("2027-03-01T00:00:00", 29, "2027-02-28", "2027-03-29"),
        ("2026-04-30T12:00:00", 31, "2026-04-30", "2026-05-31"),
        ("2026-12-31T12:00:00", 1, "2026-12-01", "2027-01-01"),
        ("2027-01-14T12:00:00", 15, "2026-12-15", "2027-01-15"),
    ],
)
def test_a_month_without_its_day_begins_on_the_last(
    now: str, billing_day: int, start: str, end: str
) -> None:
    assert month_of(at(now), VIENNA, billing_day) == Span(at(start), at(end))


def test_hours_of_zones_with_odd_offsets() -> None:
    moment = datetime(2026, 11, 23, 6, 20, tzinfo=UTC).timestamp()
    for zone in (KOLKATA, KATHMANDU):
        assert datetime.fromtimestamp(hour_of(moment, zone).start, zone).minute == 0


def test_days_are_counted_from_a_date_backwards_too() -> None:
    since = date(2026, 11, 1)
    assert days_of(at("2026-11-30T23:59:59"), VIENNA, 30, since).start == at("2026-11-01")
    assert days_of(at("2026-12-01T00:00:00"), VIENNA, 30, since).start == at("2026-12-01")
    assert days_of(at("2026-10-31T12:00:00"), VIENNA, 30, since).start == at("2026-10-02")


def test_a_time_that_clocks_jump_over_is_the_moment_of_the_jump() -> None:
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    assert instant(date(2026, 3, 29), 150, VIENNA) == jump  # 02:30
    assert instant(date(2026, 3, 29), 150, VIENNA, last=True) == jump


def test_a_time_that_clocks_show_twice_has_a_first_and_a_last() -> None:
    first = instant(date(2026, 10, 25), 150, VIENNA)
    assert instant(date(2026, 10, 25), 150, VIENNA, last=True) == first + HOUR


def test_a_window_across_midnight_is_one() -> None:
    span = Span(at("2026-11-23T22:00:00"), at("2026-11-24T06:00:00"))
    for now in ("2026-11-23T22:00:00", "2026-11-24T00:00:00", "2026-11-24T05:59:59"):
        assert window_of(at(now), VIENNA, 22 * 60, 6 * 60) == span
    for now in ("2026-11-23T21:59:59", "2026-11-24T06:00:00"):
        assert window_of(at(now), VIENNA, 22 * 60, 6 * 60) is None


def test_a_window_to_midnight_ends_there() -> None:
    for end in (0, 24 * 60):
        span = window_of(at("2026-11-23T23:59:59"), VIENNA, 20 * 60, end)
        assert span == Span(at("2026-11-23T20:00:00"), at("2026-11-24T00:00:00"))


def test_a_window_holds_the_hour_that_comes_twice() -> None:
    span = window_of(at("2026-10-25T02:10:00"), VIENNA, 120, 150)
    assert span is not None
    assert span.end - span.start == HOUR + 1800


@given(zones, moments, st.integers(0, 1439), st.integers(0, 1440))
def test_windows_open_when_they_say(zone: ZoneInfo, moment: float, begin: int, end: int) -> None:
    opens = next_window(moment, zone, begin)
    assert moment < opens <= moment + timedelta(days=2, hours=2).total_seconds()
    if abs(begin - end) % 1440 > 180:  # else clocks may jump over all of it
        span = window_of(opens, zone, begin, end)
        assert span is not None
        assert span.start == opens
