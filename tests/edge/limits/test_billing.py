from decimal import Decimal
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.limits import Bucket, Plan, Rate
from edge.destination import Destination, NumberKind
from edge.limits.billing import Terms
from edge.limits.tariff import Tariff, tariff_of

steps = st.sampled_from([(60, 1), (60, 60), (1, 1), (6, 6), (30, 10), (180, 60)])
prices = st.decimals(0, 5, places=4)


def naive(talk_s: float, first_s: int, next_s: int) -> int:
    """Count step by step, as the carrier's meter does."""
    billed = first_s
    while billed < talk_s:
        billed += next_s
    return billed


@given(steps, st.floats(0.001, 7200))
def test_steps_are_those_of_a_meter(step: tuple[int, int], talk_s: float) -> None:
    assert Terms(*step).billed(talk_s) == naive(talk_s, *step)


@given(steps, st.integers(0, 7200))
def test_the_longest_usable_call_is_the_longest(step: tuple[int, int], left_s: int) -> None:
    terms = Terms(*step)
    usable = terms.usable(left_s)
    assert terms.billed(usable + 0.001) > left_s
    assert usable == 0 or terms.billed(usable) <= left_s


@given(steps, prices, prices, st.decimals(0, 100, places=4))
def test_what_is_affordable_costs_no_more_than_there_is(
    step: tuple[int, int], setup: Decimal, per_minute: Decimal, money: Decimal
) -> None:
    terms = Terms(*step, setup=setup, per_minute=per_minute)
    seconds = terms.affordable(money)
    if seconds == inf:
        assert not per_minute
        assert terms.cost(86_400, 0) <= money
    else:
        assert terms.cost(int(seconds), 0) <= money
        assert terms.cost(int(seconds) + 1, 0) > money


@pytest.mark.parametrize(
    ("terms", "talk_s", "billed_s", "cost"),
    [
        (Terms(60, 60, per_minute=Decimal("0.09")), 61, 120, "0.18"),
        (Terms(60, 1, per_minute=Decimal("0.09")), 61, 61, "0.0915"),
        (Terms(60, 1, setup=Decimal("0.05"), per_minute=Decimal("0.09")), 0.4, 60, "0.14"),
        (Terms(1, 1, per_minute=Decimal("0.10")), 1, 1, "0.0017"),
        (Terms(60, 60, free_below_s=6, per_minute=Decimal(1)), 5.9, 0, "0"),
        (Terms(60, 60, free_below_s=6, per_minute=Decimal(1)), 6, 60, "1"),
    ],
)
def test_named_calls(terms: Terms, talk_s: float, billed_s: int, cost: str) -> None:
    assert terms.billed(talk_s) == billed_s
    assert terms.cost(terms.billed(talk_s), 0) == Decimal(cost)


def test_included_seconds_cost_nothing_nor_does_the_connection() -> None:
    terms = Terms(setup=Decimal("0.05"), per_minute=Decimal("0.60"))
    assert terms.cost(60, 60) == 0
    assert terms.cost(61, 60) == Decimal("0.06")


PLAN = Plan(
    name="office",
    currency="EUR",
    rates=(
        Rate(on_net=True, per_minute=Decimal("0.01")),
        Rate(prefixes=("+43810", "+43820"), per_minute=Decimal("0.50")),
        Rate(countries=("AT", "DE"), on_net=False, per_minute=Decimal("0.09")),
    ),
    buckets=(
        Bucket(name="austria", minutes=Decimal(100), countries=("AT",)),
        Bucket(name="world", minutes=Decimal(10)),
    ),
)


def callee(number: str, country: str | None, carrier: str | None = None) -> Destination:
    return Destination(number, NumberKind.MOBILE, country, carrier)


@pytest.mark.parametrize(
    ("to", "per_minute", "buckets"),
    [
        (callee("+436641234567", "AT", "a1-at"), "0.01", {"austria", "world"}),
        (callee("+436601234567", "AT", "drei-at"), "0.09", {"austria", "world"}),
        (callee("+436601234567", "AT"), "0.09", {"austria", "world"}),
        (callee("+43810123456", "AT"), "0.50", {"austria", "world"}),
        (callee("+4915112345678", "DE"), "0.09", {"world"}),
    ],
)
def test_the_first_rate_and_all_buckets_that_fit(
    to: Destination, per_minute: str, buckets: set[str]
) -> None:
    place = Tariff(PLAN, "a1-at").place(to)
    assert place.sold
    assert place.terms.per_minute == Decimal(per_minute)
    assert place.buckets == buckets


def test_a_callee_without_a_rate_is_not_sold() -> None:
    assert not Tariff(PLAN, "a1-at").place(callee("+14155550100", "US")).sold


def test_no_carrier_is_on_net_with_none() -> None:
    place = Tariff(PLAN, None).place(callee("+436601234567", "AT", None))
    assert place.terms.per_minute == Decimal("0.09")


def test_callees_that_make_no_difference_share_a_place() -> None:
    tariff = tariff_of(PLAN, "a1-at")
    place = tariff.place(callee("+436601234567", "AT"))
    assert tariff.place(callee("+436607654321", "AT")) is place
    assert tariff.place(callee("+4915112345678", "DE")) is not place
    assert tariff_of(PLAN, "a1-at") is tariff


def test_without_a_plan_all_is_free_by_the_second() -> None:
    place = Tariff(None, None).place(callee("+14155550100", "US"))
    assert place.sold
    assert place.terms == Terms()
