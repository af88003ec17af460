from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.money.parts import TariffPart
from simulator.money.tariff import Price, price

PRICES = st.builds(
    Price,
    st.integers(1, 120),
    st.integers(1, 120),
    st.decimals(0, 100, places=2),
    st.decimals(0, 10, places=2),
)


@pytest.mark.parametrize(
    ("first_s", "next_s", "talk_s", "billed_s"),
    [
        (60, 60, 0.1, 60),
        (60, 60, 60, 60),
        (60, 60, 60.5, 120),
        (60, 1, 60.5, 61),
        (1, 1, 12.0, 12),
        (30, 6, 31, 36),
    ],
)
def test_a_call_is_billed_in_steps(first_s: int, next_s: int, talk_s: float, billed_s: int) -> None:
    assert Price(first_s, next_s, Decimal(1), Decimal(0)).billed_s(talk_s) == billed_s


@given(PRICES, st.floats(0, 10_000))
def test_whole_steps_are_what_is_billed_and_paid_for(asked: Price, seconds: float) -> None:
    whole = asked.whole_steps(seconds)
    assert whole <= seconds
    assert not whole or asked.billed_s(whole) == whole
    assert asked.billed_s(max(seconds, 0.1)) >= whole


@given(PRICES, st.decimals(0, 1000, places=2))
def test_what_money_pays_for_costs_no_more(asked: Price, money: Decimal) -> None:
    whole = asked.whole_steps(min(asked.seconds(money), 86_400))
    assert asked.money(whole) <= money


def test_the_longest_prefix_counts_and_then_the_net() -> None:
    rates = [{"prefix": "+44", "per_minute": 3}, {"prefix": "+4420", "per_minute": 2}]
    tariff = TariffPart.model_validate(
        {"per_minute": 5, "on_net": 1, "setup_fee": 4, "rates": [*rates, _free("+800")]}
    )
    asked = [
        price(tariff, number, on_net=on_net)
        for number, on_net in [
            ("+44201", False),
            ("+44301", True),
            ("+4930", True),
            ("+4930", False),
            ("+8001", False),
        ]
    ]
    assert [each.per_minute for each in asked] == [2, 3, 1, 5, 0]
    assert [each.fee for each in asked] == [4, 4, 4, 4, 0]


def _free(prefix: str) -> dict[str, object]:
    return {"prefix": prefix, "per_minute": 0}
