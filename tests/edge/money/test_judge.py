from dataclasses import replace
from decimal import Decimal

import pytest

from edge.money.judge import SETTLE_S, Words, is_ambiguous, judge_balance, judge_reply
from edge.money.saga import Event, State, TopUp
from tests.edge.money.till import CARRIERS, NOW, SIM, TEN


def words(carrier: str) -> Words:
    rules = CARRIERS.by_name[carrier].recharge
    assert rules
    return Words(rules.success_words, rules.failure_words)


def topup(before: str | None = "1.50", charged: str = "0") -> TopUp:
    return TopUp(
        "t-1",
        1,
        State.SENT,
        NOW,
        SIM,
        amount=TEN,
        sent_at=NOW,
        before=None if before is None else Decimal(before),
        charged=Decimal(charged),
    )


@pytest.mark.parametrize(
    ("carrier", "text", "event"),
    [
        ("ng-mtn", "Your recharge of N10 was SUCCESSFUL.", Event.ACCEPTED),
        ("ng-mtn", "Invalid voucher. 2 tries left.", Event.WRONG_CODE),
        ("ng-mtn", "This voucher has already been used.", Event.UNCLEAR),
        ("ng-mtn", "Voucher already used", Event.ALREADY_USED),
        ("ng-mtn", "Your recharge has failed.", Event.REFUSED),
        ("ng-mtn", "Recharge failed, please try again later.", Event.CARRIER_TIMED_OUT),
        ("ng-mtn", "Request timed out", Event.CARRIER_TIMED_OUT),
        ("ng-mtn", "Get 2GB for N100! Dial *131#", Event.UNCLEAR),
        ("ng-mtn", " ", Event.NO_REPLY),
        ("de-telekom", "Die Karte wurde bereits verwendet.", Event.ALREADY_USED),
        ("de-telekom", "Ihr Konto wurde erfolgreich aufgeladen.", Event.ACCEPTED),
        ("de-telekom", "Code ungültig", Event.WRONG_CODE),
        ("ua-kyivstar", "Ваучер вже використаний", Event.ALREADY_USED),
        ("ua-kyivstar", "Невірний код", Event.WRONG_CODE),
        ("ua-kyivstar", "Рахунок поповнено", Event.ACCEPTED),
        ("th-true", "รหัสถูกใช้แล้ว", Event.ALREADY_USED),
    ],
)
def test_what_a_carrier_says(carrier: str, text: str, event: Event) -> None:
    assert judge_reply([text], words(carrier)) is event


def test_no_success_is_read_into_its_contrary() -> None:
    says = Words(["successful"], ["unsuccessful", "invalid"])
    assert judge_reply(["Recharge unsuccessful"], says) is Event.REFUSED


def test_several_texts_are_one_story() -> None:
    texts = ["Please wait", "Your voucher is invalid"]
    assert judge_reply(texts, words("ng-mtn")) is Event.WRONG_CODE


@pytest.mark.parametrize(
    ("before", "charged", "after", "after_s", "event"),
    [
        ("1.50", "0", "11.50", 60, Event.CREDITED),
        ("1.50", "0", "13.50", 60, Event.CREDITED),  # with a bonus
        ("1.50", "0.30", "11.20", 60, Event.CREDITED),
        ("1.50", "0", "11.20", 60, None),  # a call, or a tax: a person looks
        ("1.50", "0", "11.20", SETTLE_S, None),
        ("1.50", "0", "1.50", 60, None),  # it may come late
        ("1.50", "0", "1.50", SETTLE_S, Event.NOT_CREDITED),
        ("1.50", "0", "0.10", SETTLE_S, Event.NOT_CREDITED),
        ("1.50", "0.30", "1.20", SETTLE_S, Event.NOT_CREDITED),
        ("1.50", "11.80", "-0.50", SETTLE_S, None),  # it came, and calls cost more than we thought
        (None, "0", "11.50", SETTLE_S, None),
        ("1.50", "0", None, SETTLE_S, None),
    ],
)
def test_what_a_balance_says(
    before: str | None, charged: str, after: str | None, after_s: float, event: Event | None
) -> None:
    seen = None if after is None else Decimal(after)
    assert judge_balance(topup(before, charged), seen, NOW + after_s) is event


def test_before_it_was_sent_no_balance_decides() -> None:
    asked = TopUp("t-1", 1, State.ASKED, NOW, SIM, amount=TEN)
    assert judge_balance(asked, Decimal(100), NOW + SETTLE_S) is None


@pytest.mark.parametrize(
    ("changes", "ambiguous"),
    [
        ({}, True),
        ({"cause": Event.JUDGED_LOST}, True),
        ({"cause": Event.ACCEPTED}, False),  # its words have come
        ({"cause": Event.NOT_SENT}, False),  # it was never answered
        ({"sent_at": NOW - SETTLE_S}, False),
        ({"sim": "8923430000000000025"}, False),
    ],
)
def test_words_of_an_earlier_topup_may_still_come(
    changes: dict[str, object], *, ambiguous: bool
) -> None:
    earlier = replace(topup(), topup_id="t-0", cause=Event.CREDITED)
    others = [replace(earlier, **changes), topup()]  # type: ignore[arg-type]
    assert is_ambiguous(topup(), others, NOW) is ambiguous
