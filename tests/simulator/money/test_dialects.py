from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from simulator.money.dialect import Door, dialect, names
from simulator.money.vouchers import Verdict

DAY = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("name", names())
def test_every_dialect_has_words_for_each_refusal(name: str) -> None:
    refused = dialect(name).texts.refused
    assert set(refused) == {Verdict.ALREADY_USED, Verdict.WRONG_CODE, Verdict.LOCKED}


@pytest.mark.parametrize("name", names())
def test_who_tells_of_a_call_has_words_for_it(name: str) -> None:
    assert (dialect(name).notices == "none") == (dialect(name).texts.after_call == "")


@pytest.mark.parametrize(
    ("name", "money", "day"),
    [
        ("de-congstar", "1.234,50", "31.12.2026"),
        ("ng-mtn", "1,234.50", "31/12/2026"),
        ("ug-airtel", "1,234", "31-12-2026"),
        ("th-true", "1,234.50", "31/12/2569"),
        ("plain", "1234.50", "31.12.2026"),
    ],
)
def test_each_writes_money_and_days_its_way(name: str, money: str, day: str) -> None:
    assert dialect(name).money(Decimal("1234.50")) == money
    assert dialect(name).day(DAY) == day


def test_a_door_opens_to_its_own_code_alone() -> None:
    door = Door(ussd="*150*{number}*{amount}#")
    assert door.opens("*150*+491*5.50#") == {"number": "+491", "amount": "5.50"}
    assert door.opens("*150*491*5*50#") == {"number": "491", "amount": "5*50"}
    assert door.opens("*150*491#") is None
    assert Door().opens("") is None


def test_a_door_for_sms_does_not_mind_case() -> None:
    door = Door(sms_to="1510", sms_text="RELOAD {code}")
    assert door.opens_by_sms("1510", " reload 123 ") == {"code": "123"}
    assert door.opens_by_sms("1511", "RELOAD 123") is None
    assert Door().opens_by_sms("", "") is None
