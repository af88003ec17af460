"""When a SIM is topped up, and what forbids it: the owner's rules, budgets and the lock-out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from config.money import Budget, TopUpMethod, TopUpRule
from edge import clock
from edge.block import Block
from edge.money.book import Book
from edge.money.funds import Fund
from edge.money.saga import State, Why
from mqtt.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Case:
    """A SIM that may need money; `currency` is that of its carrier, ISO 4217.

    `redeems`: its carrier takes vouchers by USSD or SMS. `busy`: a call is on its line.
    """

    sim: str
    line: str | None
    carrier: str | None
    plan: str | None
    currency: str | None
    redeems: bool
    busy: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A top-up that may begin now: `amount` is wanted, `most` is what the budgets leave."""

    rule: TopUpRule
    why: Why
    amount: Decimal
    most: Decimal
    currency: str


class Rules:
    """Pure: what they say follows from the book and the time (seconds of the epoch)."""

    def __init__(
        self,
        rules: Sequence[TopUpRule],
        budgets: Sequence[Budget],
        max_refused: int,
        zone: ZoneInfo,
    ) -> None:
        self._rules = rules
        self._budgets = {budget.currency: budget for budget in budgets}
        self._max_refused = max_refused
        self._zone = zone

    def rule_of(self, case: Case) -> TopUpRule | None:
        """Return the first rule that names the SIM, its carrier and its plan."""
        return next((rule for rule in self._rules if _names(rule, case)), None)

    def due(self, case: Case, book: Book, now: float) -> Due | Block | None:
        """Tell whether a top-up is needed (else None), and what it may be, or why it may not."""
        rule = self.rule_of(case)
        why = self._need(rule, case, book, now) if rule else None
        if rule is None or why is None:
            return None
        if (last := book.last(case.sim)) and now < last.since + rule.min_gap_s:
            until = last.since + rule.min_gap_s
            return Block(Reason.RESTING, "The last top-up was a short while ago.", until)
        return self._permit(rule, case, book, now, why)

    def permit(
        self, case: Case, book: Book, now: float, approving: str | None = None
    ) -> Due | Block:
        """Tell what a command may begin, or what becomes of the top-up that it approves."""
        rule = self.rule_of(case)
        if rule is None:
            return Block(Reason.NO_PROFILE, "No [[topup]] rule of gateway.toml names this SIM.")
        return self._permit(rule, case, book, now, Why.COMMANDED, approving)

    def donors(self, rule: TopUpRule, book: Book) -> list[str]:
        """Return the SIMs that may give by a transfer, as far as their balance is known."""
        return [
            sim
            for sim in rule.donors
            if (left := book.left(sim)) is not None
            and left - rule.amount >= rule.donor_keeps
            and book.open_on(sim) is None
        ]

    def _permit(
        self,
        rule: TopUpRule,
        case: Case,
        book: Book,
        now: float,
        why: Why,
        approving: str | None = None,
    ) -> Due | Block:
        """Tell the first thing that forbids it, or what may be."""
        if case.currency is None:
            return Block(
                Reason.NO_PROFILE, "The carrier of this SIM is not known: set sim.carrier."
            )
        voucher = rule.method is TopUpMethod.VOUCHER
        blocks = (
            _clock_block(now),
            _open_block(case, book, approving),
            self._lock_block(case, book) if voucher or approving else None,
            _way_block(case) if voucher else None,
            Block(Reason.LINE_BUSY, "A call is on the line.") if case.busy else None,
        )
        if block := next(filter(None, blocks), None):
            return block
        most, until = self._room(rule, case.sim, case.currency, book, now)
        if most < rule.amount:
            return Block(Reason.BUDGET_SPENT, "The budget for top-ups is spent.", until)
        return Due(rule, why, rule.amount, most, case.currency)

    def _need(self, rule: TopUpRule, case: Case, book: Book, now: float) -> Why | None:
        """Tell why money is needed, by a balance that was seen after the last top-up."""
        fund = book.funds.of(case.sim)
        last = book.last(case.sim)
        if last and last.state is State.CONFIRMED and fund.at <= last.since:
            return None
        left = None if fund.amount is None else fund.amount - fund.charged
        same = fund.currency in (None, case.currency)
        if rule.below is not None and left is not None and same and left < rule.below:
            return Why.LOW_BALANCE
        if rule.days_before_expiry is not None and fund.expires is not None:
            today = datetime.fromtimestamp(now, self._zone).date()
            if fund.expires - today <= timedelta(days=rule.days_before_expiry):
                return Why.EXPIRY_NEAR
        return Why.BUCKET_ENDED if rule.bucket and _ended(rule, fund) else None

    def _lock_block(self, case: Case, book: Book) -> Block | None:
        refused = book.refusals(case.sim)
        if refused < self._max_refused:
            return None
        return Block(
            Reason.LOCKED_OUT,
            f"The carrier refused {refused} codes in a row: look at them, then unlock the line.",
        )

    def _room(
        self, rule: TopUpRule, sim: str, currency: str, book: Book, now: float
    ) -> tuple[Decimal, float]:
        """Return what the tightest budget leaves, and when that one begins anew."""
        day, next_day = self._day(now)
        month, next_month = self._month(now)
        total = self._budgets.get(currency)

        def rooms() -> Iterator[tuple[Decimal, float]]:
            yield rule.day_budget - book.spent(currency, day, sim), next_day
            yield rule.per_month - book.spent(currency, month, sim), next_month
            if total:
                yield total.per_day - book.spent(currency, day), next_day
                yield total.per_month - book.spent(currency, month), next_month

        return min(rooms())

    def _day(self, now: float) -> tuple[float, float]:
        today = datetime.fromtimestamp(now, self._zone).replace(
            hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        return today.timestamp(), (today + timedelta(days=1)).timestamp()

    def _month(self, now: float) -> tuple[float, float]:
        first = datetime.fromtimestamp(now, self._zone).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        following = (first + timedelta(days=31)).replace(day=1)
        return first.timestamp(), following.timestamp()


def _names(rule: TopUpRule, case: Case) -> bool:
    wanted = ((rule.sims, case.sim), (rule.carriers, case.carrier), (rule.plans, case.plan))
    return all(not known or name in known for known, name in wanted)


def _ended(rule: TopUpRule, fund: Fund) -> bool:
    ours = [bucket for bucket in fund.buckets if rule.bucket in (bucket.name, bucket.unit)]
    return bool(ours) and sum(bucket.left for bucket in ours) <= rule.bucket_below


def _clock_block(now: float) -> Block | None:
    if clock.is_set(datetime.fromtimestamp(now, UTC)):
        return None
    return Block(Reason.CLOCK_NOT_SET, "The clock is not set, so no budget can be kept.")


def _open_block(case: Case, book: Book, approving: str | None) -> Block | None:
    topup = book.open_on(case.sim)
    if topup is None or topup.topup_id == approving:
        return None
    return Block(Reason.WRONG_STATE, f"{topup.topup_id} is {topup.state}: it must be over first.")


def _way_block(case: Case) -> Block | None:
    if case.redeems:
        return None
    return Block(Reason.NO_PROFILE, "The carrier's profile knows no way to redeem a voucher.")
