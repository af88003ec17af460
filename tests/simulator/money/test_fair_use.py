from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.money.fair_use import FairUse
from simulator.money.parts import FairUsePart

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def eye(**limits: Any) -> FairUse:
    return FairUse(FairUsePart.model_validate(limits))


def test_calls_of_one_hour() -> None:
    use = eye(calls_per_hour=2)
    tried = [use.began("+49", NOON + timedelta(minutes=m)) for m in (0, 59, 60, 61, 62)]
    assert [reason is None for reason in tried] == [True, True, True, True, False]


def test_different_numbers_of_one_day() -> None:
    use = eye(callees_per_day=2)
    tried = [use.began(number, NOON) for number in ("a", "b", "a", "c")]
    assert tried == [None, None, None, "more than 2 different numbers a day"]
    assert use.began("c", NOON + timedelta(days=1)) is None


def test_minutes_of_one_day() -> None:
    use = eye(minutes_per_day=2)
    assert use.talked(120, NOON) is None
    assert use.talked(1, NOON) == "more than 2 minutes a day"


def test_the_share_of_short_calls_counts_from_a_number_on() -> None:
    use = eye(short_share=0.5, short_after=4)
    talked = [use.talked(seconds, NOON) for seconds in (1, 1, 1, 60, 60, 60, 1, 1)]
    passed = [place for place, reason in enumerate(talked) if reason]
    assert passed == [3, 4, 6, 7]


@pytest.mark.parametrize("seconds", [1, 10_000])
def test_without_limits_nothing_is_too_much(seconds: float) -> None:
    use = eye()
    assert all(use.began(str(n), NOON) is None for n in range(100))
    assert all(use.talked(seconds, NOON) is None for _ in range(100))
