from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.money import Budget, TopUpMethod, TopUpRule
from edge.block import Block
from edge.money.book import Book
from edge.money.entry import Entry
from edge.money.rules import Case, Due, Rules
from edge.money.saga import Why
from mqtt.messages import Left
from mqtt.vocabulary import MoneyKind, Reason
from tests.edge.money.till import CARRIER, NOW, SIM, TEN

OTHER = "8923430000000000025"
LAGOS = ZoneInfo("Africa/Lagos")
CASE = Case(SIM, "desk-1", CARRIER, "gold", "NGN", redeems=True, busy=False)
RULE = TopUpRule(amount=TEN, below=Decimal(2), per_month=Decimal(40))


class Story:
    """A book, written by hand."""

    def __init__(self) -> None:
        self.book = Book()
        self.last = 0

    def tell(self, kind: str, at: float = NOW, **facts: Any) -> None:
        self.last += 1
        facts = {"sim": SIM, "currency": "NGN", **facts}
        self.book.take(Entry(self.last, at, MoneyKind(kind), **facts))

    def holds(self, amount: str | None, at: float = NOW, **facts: Any) -> None:
        self.tell("balance", at, amount=None if amount is None else Decimal(amount), **facts)

    def spends(self, amount: str = "10", at: float = NOW, sim: str = SIM, end: str = "") -> None:
        """Tell a top-up, up to its end: confirmed, rejected, or none."""
        facts = {"topup_id": f"t-{self.last + 1}", "sim": sim, "voucher": "v-1"}
        self.tell("topup_reserved", at, cause="low_balance", amount=Decimal(amount), **facts)
        self.tell("topup_sent", at, cause="code_leaves", **facts)
        if end:
            cause = {"confirmed": "credited", "rejected": "wrong_code"}[end]
            self.tell(f"topup_{end}", at, cause=cause, **facts)


@pytest.fixture
def story() -> Story:
    return Story()


def rules(*ours: TopUpRule, budgets: tuple[Budget, ...] = ()) -> Rules:
    return Rules(ours or (RULE,), budgets, 3, LAGOS)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def due(story: Story, now: float = NOW, rule: TopUpRule = RULE, case: Case = CASE) -> object:
    found = rules(rule).due(case, story.book, now)
    return found.reason if isinstance(found, Block) else found.why if found else None


@pytest.mark.parametrize(
    ("amount", "why"), [("2.00", None), ("1.99", Why.LOW_BALANCE), ("-3", Why.LOW_BALANCE)]
)
def test_below_an_amount(story: Story, amount: str, why: Why | None) -> None:
    story.holds(amount)
    assert due(story) == why


def test_calls_since_the_balance_count(story: Story) -> None:
    story.holds("5")
    story.tell("charge", amount=Decimal("3.50"))
    assert due(story) is Why.LOW_BALANCE


def test_what_is_not_known_is_not_low(story: Story) -> None:
    assert due(story) is None
    story.holds(None)
    assert due(story) is None
    story.holds("1", currency="USD")
    assert due(story) is None


@pytest.mark.parametrize(
    ("expires", "why"), [("2026-11-26", Why.EXPIRY_NEAR), ("2026-11-27", None)]
)
def test_before_it_expires(story: Story, expires: str, why: Why | None) -> None:
    rule = RULE.model_copy(update={"days_before_expiry": 3})
    story.holds("100", expires=date.fromisoformat(expires))
    assert due(story, rule=rule) == why


@pytest.mark.parametrize(
    ("bucket", "left", "why"),
    [
        ("minutes", (0.0, 5.0), Why.BUCKET_ENDED),
        ("minutes", (1.0, 5.0), None),
        ("Gold 60", (0.0, 99.0), Why.BUCKET_ENDED),
        ("sms", (0.0, 0.0), None),
    ],
)
def test_when_a_bucket_ends(
    story: Story, bucket: str, left: tuple[float, float], why: Why | None
) -> None:
    rule = RULE.model_copy(update={"bucket": bucket, "bucket_below": Decimal(5)})
    gold = Left(name="Gold 60", unit="minutes", left=left[0])
    free = Left(name="Free", unit="minutes", left=left[1])
    story.holds("100", buckets=(gold, free))
    assert due(story, rule=rule) == why


def test_a_confirmed_topup_waits_for_a_new_balance(story: Story) -> None:
    rule = RULE.model_copy(update={"days_before_expiry": 3, "per_day": Decimal(40)})
    story.holds("1", expires=date(2026, 11, 24))
    story.spends(at=NOW + 1, end="confirmed")
    later = NOW + 2 * rule.min_gap_s
    assert due(story, later, rule) is None
    story.holds("11", at=NOW + 60, expires=date(2026, 11, 24))
    assert due(story, later, rule) is Why.EXPIRY_NEAR


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"busy": True}, Reason.LINE_BUSY),
        ({"redeems": False}, Reason.NO_PROFILE),
        ({"currency": None}, Reason.NO_PROFILE),
    ],
)
def test_what_forbids_it(story: Story, changes: dict[str, Any], reason: Reason) -> None:
    story.holds("1")
    case = replace(CASE, **changes)
    assert due(story, case=case) in {reason, None}
    found = rules().permit(case, story.book, NOW)
    assert isinstance(found, Block)
    assert found.reason is reason


def test_no_budget_without_a_clock(story: Story) -> None:
    found = rules().permit(CASE, story.book, datetime(1970, 1, 2, tzinfo=UTC).timestamp())
    assert isinstance(found, Block)
    assert found.reason is Reason.CLOCK_NOT_SET


def test_one_at_a_time_and_a_gap(story: Story) -> None:
    story.spends("1")
    story.holds("1")
    assert due(story, NOW + RULE.min_gap_s) is Reason.WRONG_STATE
    story.tell("topup_rejected", NOW + 60, topup_id="t-1", cause="refused")
    found = rules().due(CASE, story.book, NOW + 61)
    assert isinstance(found, Block)
    assert (found.reason, found.until) == (Reason.RESTING, NOW + 60 + RULE.min_gap_s)
    assert isinstance(rules().permit(CASE, story.book, NOW + 61), Due)


def test_the_lock_holds_for_commands_and_is_for_vouchers(story: Story) -> None:
    for _ in range(3):
        story.spends(end="rejected")
    found = rules().permit(CASE, story.book, NOW)
    assert isinstance(found, Block)
    assert found.reason is Reason.LOCKED_OUT
    ask = RULE.model_copy(update={"method": TopUpMethod.ASK})
    assert isinstance(rules(ask).permit(CASE, story.book, NOW), Due)
    assert isinstance(rules(ask).permit(CASE, story.book, NOW, approving="t-99"), Block)
    story.tell("topup_unlocked")
    assert isinstance(rules().permit(CASE, story.book, NOW), Due)


@pytest.mark.parametrize(
    ("spent", "now", "until"),
    [
        # midnight in Lagos is 23:00 UTC
        (("2026-11-22T23:00:00Z",), "2026-11-23T22:59:59Z", "2026-11-23T23:00:00Z"),
        (("2026-11-22T22:59:59Z",), "2026-11-22T23:00:00Z", None),
        (
            ("2026-10-31T23:00:00Z", "2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z",
             "2026-11-04T10:00:00Z"),
            "2026-11-20T10:00:00Z",
            "2026-11-30T23:00:00Z",
        ),
        (
            ("2026-10-31T22:59:59Z", "2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z",
             "2026-11-04T10:00:00Z"),
            "2026-11-20T10:00:00Z",
            None,
        ),
    ],
)  # fmt: skip
def test_budgets_of_a_sim_by_its_calendar(
    story: Story, spent: tuple[str, ...], now: str, until: str | None
) -> None:
    for moment in spent:
        story.spends(at=at(moment), end="confirmed")
    found = rules().permit(CASE, story.book, at(now))
    if until is None:
        assert isinstance(found, Due)
    else:
        assert isinstance(found, Block)
        assert (found.reason, found.until) == (Reason.BUDGET_SPENT, at(until))


def test_the_budget_of_all(story: Story) -> None:
    budget = Budget(currency="NGN", per_day=Decimal(25), per_month=Decimal(25))
    story.spends("12", sim=OTHER)  # still under way: it may cost
    found = rules(budgets=(budget,)).permit(CASE, story.book, NOW)
    assert isinstance(found, Due)
    assert found.most == TEN  # the SIM's own day is the tighter one
    story.tell("topup_unknown", topup_id="t-1", sim=OTHER, cause="no_reply")
    wide = RULE.model_copy(update={"per_day": Decimal(40)})
    found = rules(wide, budgets=(budget,)).permit(CASE, story.book, NOW)
    assert isinstance(found, Due)
    assert found.most == 13
    story.spends("4", sim="8923430000000000033", end="confirmed")
    assert isinstance(rules(wide, budgets=(budget,)).permit(CASE, story.book, NOW), Block)
    other = Budget(currency="USD", per_day=Decimal(), per_month=Decimal())
    assert isinstance(rules(wide, budgets=(other,)).permit(CASE, story.book, NOW), Due)


def test_what_was_rejected_costs_nothing(story: Story) -> None:
    story.spends(end="rejected")
    assert isinstance(rules().permit(CASE, story.book, NOW), Due)


@pytest.mark.parametrize(
    ("update", "found"),
    [
        ({}, Due),
        ({"sims": (SIM,)}, Due),
        ({"sims": (OTHER,)}, Block),
        ({"carriers": (CARRIER,), "plans": ("gold",)}, Due),
        ({"carriers": (CARRIER,), "plans": ("silver",)}, Block),
    ],
)
def test_whose_rule_it_is(story: Story, update: dict[str, Any], found: type) -> None:
    rule = RULE.model_copy(update=update)
    assert isinstance(rules(rule).permit(CASE, story.book, NOW), found)


def test_the_first_rule_counts() -> None:
    mine = RULE.model_copy(update={"sims": (SIM,), "amount": Decimal(5)})
    assert rules(mine, RULE).rule_of(CASE) is mine
    assert rules(mine, RULE).rule_of(replace(CASE, sim=OTHER)) is RULE


def test_who_may_give(story: Story) -> None:
    transfer = RULE.model_copy(
        update={"donors": (OTHER, "8923430000000000033"), "donor_keeps": Decimal(5)}
    )
    assert rules().donors(transfer, story.book) == []
    story.holds("15", sim=OTHER)
    assert rules().donors(transfer, story.book) == [OTHER]
    story.tell("charge", sim=OTHER, amount=Decimal("0.01"))
    assert rules().donors(transfer, story.book) == []


def test_what_a_sim_gives_already_is_no_more_its_own(story: Story) -> None:
    transfer = RULE.model_copy(update={"donors": (OTHER,), "donor_keeps": Decimal(5)})
    story.holds("24.99", sim=OTHER)
    gift: dict[str, Any] = {"topup_id": "t-2", "donor": OTHER, "amount": TEN}
    story.tell("topup_reserved", cause="low_balance", **gift)
    assert story.book.left(OTHER) == Decimal("14.99")
    assert rules().donors(transfer, story.book) == []
    story.tell("topup_sent", NOW + 1, cause="code_leaves", **gift)
    story.holds("24.99", NOW + 2, sim=OTHER)  # it may be of before
    assert rules().donors(transfer, story.book) == []
    story.tell("topup_confirmed", NOW + 3, cause="accepted", **gift)
    assert rules().donors(transfer, story.book) == []
    story.holds("15", NOW + 4, sim=OTHER)
    assert rules().donors(transfer, story.book) == [OTHER]


def test_what_was_not_given_after_all_is_there_again(story: Story) -> None:
    story.holds("15", sim=OTHER)
    gift: dict[str, Any] = {"topup_id": "t-2", "donor": OTHER, "amount": TEN}
    story.tell("topup_reserved", cause="low_balance", **gift)
    story.tell("topup_rejected", cause="not_sent", **gift)
    assert story.book.left(OTHER) == 15


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"amount": "10", "per_month": "5"}, "never lets one through"),
        ({"amount": "10", "per_month": "50", "per_day": "5"}, "never lets one through"),
        ({"amount": "0", "per_month": "50"}, "greater than 0"),
        ({"amount": "10", "per_month": "50", "method": "transfer"}, "needs donors and code"),
        ({"amount": "10", "per_month": "50", "method": "transfer", "donors": [SIM],
          "code": "*1*{code}#"}, "pattern"),
    ],
)  # fmt: skip
def test_rules_that_make_no_sense(table: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TopUpRule.model_validate(table)
