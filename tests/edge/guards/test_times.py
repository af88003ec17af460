from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.campaign import week_of
from edge.destination import Destination, NumberKind
from edge.guards.attempts import DAY_S
from mqtt.vocabulary import Cause, Reason
from tests.edge.guards.desk import (
    AUSTRIAN,
    BROADCAST,
    CAMPAIGN,
    HOLIDAYS,
    MANUAL,
    TUESDAY,
    Desk,
    almanac,
    until,
    vienna,
)


@pytest.mark.parametrize(
    ("number", "local", "reason", "opens"),
    [
        (AUSTRIAN, "2026-11-24T08:59:59", Reason.OUTSIDE_HOURS, "2026-11-24T09:00"),
        (AUSTRIAN, "2026-11-24T09:00", None, None),
        (AUSTRIAN, "2026-11-24T19:59:59", None, None),
        (AUSTRIAN, "2026-11-24T20:00", Reason.OUTSIDE_HOURS, "2026-11-25T09:00"),
        (AUSTRIAN, "2026-11-28T20:00", Reason.OUTSIDE_HOURS, "2026-11-30T09:00"),
        (AUSTRIAN, "2026-11-29T12:00", Reason.OUTSIDE_HOURS, "2026-11-30T09:00"),
        (AUSTRIAN, "2026-12-24T20:00", Reason.OUTSIDE_HOURS, "2026-12-28T09:00"),
        (AUSTRIAN, "2026-12-25T12:00", Reason.HOLIDAY, "2026-12-28T09:00"),
        (AUSTRIAN, "2026-12-31T21:00", Reason.OUTSIDE_HOURS, "2027-01-02T09:00"),
        (AUSTRIAN, "2026-03-28T21:00", Reason.OUTSIDE_HOURS, "2026-03-30T09:00"),
        (AUSTRIAN, "2026-10-24T21:00", Reason.OUTSIDE_HOURS, "2026-10-27T09:00"),
        ("+33612345678", "2026-11-24T13:00", Reason.OUTSIDE_HOURS, "2026-11-24T14:00"),
        ("+33612345678", "2026-11-27T20:00", Reason.OUTSIDE_HOURS, "2026-11-30T10:00"),
        ("+34612345678", "2026-12-05T12:00", Reason.OUTSIDE_HOURS, "2026-12-07T10:00"),
    ],
)
def test_hours_and_holidays(
    number: str, local: str, reason: Reason | None, opens: str | None
) -> None:
    block = Desk().check(number, now=vienna(local))
    assert (block.reason if block else None) is reason
    if opens:
        assert until(block) == vienna(opens)


@pytest.mark.parametrize(
    ("number", "utc", "reason", "opens"),
    [
        ("+12125551234", "2026-11-24T12:59", Reason.OUTSIDE_HOURS, "2026-11-24T13:00"),
        ("+12125551234", "2026-11-24T13:00", None, None),
        ("+12125551234", "2026-07-24T12:00", None, None),  # daylight-saving time
        ("+18085551234", "2026-11-24T13:00", Reason.OUTSIDE_HOURS, "2026-11-24T18:00"),  # Hawaii
        # anywhere in Australia: 09:00 on the Cocos Islands, 20:00 in Sydney
        ("+61412345678", "2026-11-24T02:29", Reason.OUTSIDE_HOURS, "2026-11-24T02:30"),
        ("+61412345678", "2026-11-24T08:59", None, None),
        ("+61412345678", "2026-11-24T09:00", Reason.OUTSIDE_HOURS, "2026-11-25T02:30"),
        ("+61412345678", "2026-11-28T02:30", None, None),  # Saturday, to 17:00 in Sydney
        ("+61412345678", "2026-11-28T06:00", Reason.OUTSIDE_HOURS, "2026-11-30T02:30"),
        # anywhere in Russia: 09:00 in Kaliningrad, 20:00 in Kamchatka
        ("+79161234567", "2026-11-24T06:59", Reason.OUTSIDE_HOURS, "2026-11-24T07:00"),
        ("+79161234567", "2026-11-24T07:59", None, None),
        ("+79161234567", "2026-11-24T08:00", Reason.OUTSIDE_HOURS, "2026-11-25T07:00"),
        # toll-free of all of +1: from Guam's morning to the evening of Newfoundland
        ("+18005551234", "2026-11-24T15:00", Reason.OUTSIDE_HOURS, "2026-11-24T22:00"),
    ],
)
def test_hours_where_the_callee_may_be_in_many_zones(
    number: str, utc: str, reason: Reason | None, opens: str | None
) -> None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    block = Desk().check(number, now=now)
    assert (block.reason if block else None) is reason
    if opens:
        assert until(block) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_holidays_that_the_owner_opens() -> None:
    desk = Desk({"country": [{"code": "AT", "closed_on_holidays": False}]})
    assert desk.check(now=vienna("2026-12-25T12:00")) is None
    assert Desk().check("+12125551234", now=vienna("2026-12-25T17:00")) is None


def test_hours_of_the_owner() -> None:
    desk = Desk({"country": [{"code": "AT", "hours": ["wed 10:00-11:00"]}]})
    assert until(desk.check()) == vienna("2026-11-25T10:00")
    closed = Desk({"country": [{"code": "AT", "hours": []}]}).check()
    assert closed
    assert (closed.reason, closed.until) == (Reason.OUTSIDE_HOURS, None)


def test_holidays_that_are_not_known_yet_are_closed() -> None:
    desk = Desk(almanac=almanac(2027))
    block = desk.check()
    assert block
    assert block.reason is Reason.HOLIDAY
    assert "being looked up" in block.message
    assert until(block) == TUESDAY + timedelta(minutes=1)
    assert desk.check(purpose=MANUAL) is None
    assert Desk(almanac=almanac(2027)).check("+12125551234", now=vienna("2026-11-24T17:00")) is None


@pytest.mark.parametrize("zones", [(), ("Mars/Olympus",), ("Europe/Vienna", "Mars/Olympus")])
def test_a_place_without_a_known_time_is_closed(zones: tuple[str, ...]) -> None:
    to = Destination("+88312345678", NumberKind.OTHER, zones=zones)
    block = Desk().guards.check(to, CAMPAIGN, "ref-1", TUESDAY)
    assert block
    assert (block.reason, block.until) == (Reason.OUTSIDE_HOURS, None)


def test_hours_between_attempts_and_attempts_a_day() -> None:
    desk = Desk()
    desk.tried(vienna("2026-11-24T09:00"))
    assert until(desk.check(now=vienna("2026-11-24T12:59"))) == vienna("2026-11-24T13:00")
    assert desk.check(now=vienna("2026-11-24T13:00")) is None
    assert desk.check("+436641234567", now=vienna("2026-11-24T10:00")) is None
    desk.tried(vienna("2026-11-24T13:00"))
    block = desk.check(now=vienna("2026-11-24T18:00"))
    assert block
    assert block.reason is Reason.TOO_MANY_ATTEMPTS
    assert until(block) == vienna("2026-11-25T09:00")


def test_attempts_in_thirty_days() -> None:
    desk = Desk()
    for day in range(1, 5):
        desk.tried(vienna(f"2026-09-0{day}T10:00"))
    assert desk.reason(now=vienna("2026-09-21T10:00")) is Reason.TOO_MANY_ATTEMPTS
    assert until(desk.check(now=vienna("2026-09-21T10:00"))) == vienna("2026-10-01T10:00")
    assert desk.check(now=vienna("2026-10-01T10:00")) is None


def test_a_broadcast_calls_a_number_once_in_thirty_days() -> None:
    desk = Desk()
    desk.tried(vienna("2026-11-10T10:00"))
    assert desk.check() is None
    block = desk.check(purpose=BROADCAST)
    assert until(block) == vienna("2026-12-10T10:00")


def test_a_refusal_rests_the_number_and_the_rest_ends_in_the_hours() -> None:
    desk = Desk()
    desk.tried(vienna("2026-10-07T19:59"), Cause.REJECTED)
    block = desk.check()
    assert block
    assert block.reason is Reason.REFUSED_BEFORE
    assert until(block) == vienna("2026-12-07T09:00")  # the 60th day is a Sunday


def test_the_first_reason_counts_and_until_is_when_all_are_gone() -> None:
    desk = Desk()
    desk.tried(vienna("2026-11-23T10:00"))
    desk.tried(vienna("2026-11-23T15:00"))
    block = desk.check(now=vienna("2026-11-24T08:00"))
    assert block
    assert block.reason is Reason.OUTSIDE_HOURS
    assert until(block) == vienna("2026-11-24T10:00")


def test_attempts_of_a_clock_that_ran_ahead_count() -> None:
    desk = Desk()
    desk.tried(TUESDAY + timedelta(days=1))
    assert desk.reason() is Reason.TOO_MANY_ATTEMPTS


NUMBERS = (
    AUSTRIAN,
    *("+33612345678", "+34612345678", "+27821234567", "+6421234567", "+5592987654321"),
    *("+12125551234", "+18005551234", "+61412345678", "+79161234567"),  # many zones
)
MOMENTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - made aware by the strategy
    datetime(2027, 11, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


LICENCE = {"country": [{"code": "BR", "mobile_sim_marketing": "allowed"}]}


def is_open(desk: Desk, number: str, now: datetime) -> bool:
    """What the rules say, asked of each zone in turn and of `holidays` itself."""
    to = desk.plans.classify(number)
    rules = desk.guards.rules(to.country)
    for name in to.zones:
        local = now.astimezone(ZoneInfo(name))
        spans = week_of(rules.hours)[local.weekday()]
        clock = local.hour * 60 + local.minute
        holiday = local.date().toordinal() in HOLIDAYS.get(to.country or "", [])
        if not any(start <= clock < end for start, end in spans):
            return False
        if rules.closed_on_holidays and holiday:
            return False
    return True


@given(number=st.sampled_from(NUMBERS), now=MOMENTS)
@settings(deadline=None)
def test_a_call_is_allowed_only_when_every_possible_zone_is_open(
    number: str, now: datetime
) -> None:
    desk = Desk(LICENCE)
    assert (desk.check(number, now=now) is None) == is_open(desk, number, now)


def first_open(desk: Desk, number: str, free: datetime, end: datetime) -> datetime | None:
    """The first quarter of an hour when the number may be called: all openings begin on one."""
    quarter = timedelta(minutes=15)
    at = free if is_open(desk, number, free) else free.replace(minute=0, second=0, microsecond=0)
    while at < end and (at < free or not is_open(desk, number, at)):
        at += quarter
    return at if at < end else None


@given(
    number=st.sampled_from(NUMBERS),
    now=MOMENTS,
    tries=st.lists(st.floats(0, 40).map(lambda days: days * DAY_S), max_size=5),
    refused=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_until_is_the_first_moment_when_the_call_is_allowed(
    number: str, now: datetime, tries: list[float], *, refused: bool
) -> None:
    desk = Desk(LICENCE)
    cause = Cause.REJECTED if refused else Cause.NO_ANSWER
    for before in tries:
        at = now.timestamp() - before
        desk.attempts.begin(number, at)
        desk.attempts.end(number, at, cause, rang=True)
    block = desk.check(number, now=now)
    if block is None:
        return
    free = _free_of_attempts(desk, number, now)
    expected = first_open(desk, number, free, now + timedelta(days=80))
    if block.until is None:
        assert expected is None or expected > free + timedelta(days=14)
    else:
        assert expected
        assert abs(block.until - expected.timestamp()) < 0.001
        assert desk.check(number, now=until(block) + timedelta(milliseconds=1)) is None


def _free_of_attempts(desk: Desk, number: str, now: datetime) -> datetime:
    """When the rules on attempts let the number go, found by trying each moment that could be."""
    rules = desk.guards.rules(desk.plans.classify(number).country)
    tries = desk.attempts.of(number)
    rests = (rules.gap_h * 3600, DAY_S, 30 * DAY_S, rules.refusal_rest_days * DAY_S)
    moments = {now.timestamp(), *(one.at + rest for one in tries for rest in rests)}

    def is_free(at: float) -> bool:
        ages = [at - one.at for one in tries]
        return (
            sum(age < DAY_S - 1e-6 for age in ages) < rules.calls_per_day
            and sum(age < 30 * DAY_S - 1e-6 for age in ages) < rules.calls_per_30_days
            and all(age >= rests[0] - 1e-6 for age in ages)
            and not any(one.refused and at - one.at < rests[3] - 1e-6 for one in tries)
        )

    return datetime.fromtimestamp(
        min(at for at in moments if at >= now.timestamp() and is_free(at)), UTC
    )
