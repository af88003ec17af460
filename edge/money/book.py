"""All that the ledger's entries come to: balances, top-ups, money spent, codes refused.

A pure fold: what memory knows after an entry was made, a restart knows after reading it.
"""

from dataclasses import replace
from decimal import Decimal

from edge.money.entry import Entry
from edge.money.funds import Funds
from edge.money.saga import (
    COMMITTED,
    REFUSALS,
    STATES,
    Event,
    SagaError,
    State,
    TopUp,
    begin,
    follow,
)
from mqtt.vocabulary import MoneyKind

# Ends after which the last balance still holds: it told them itself, or no money came.
SEEN = REFUSALS | {Event.CREDITED, Event.NOT_SENT}
KEPT_S = 70 * 86400.0  # of top-ups that are over: two months of the longest budget, and some days


class Book:
    """`take` each entry once, in order."""

    def __init__(self) -> None:
        self.funds = Funds()
        self.topups: dict[str, TopUp] = {}  # those under way, and those of KEPT_S
        self._open: dict[str, str] = {}  # SIM: top-up
        self._refusals: dict[str, int] = {}

    def take(self, entry: Entry) -> None:
        """Learn an entry; raises SagaError for one that cannot be."""
        self.funds.take(entry)
        if entry.kind in STATES:
            self._move(entry)
        elif entry.kind is MoneyKind.CHARGE and entry.sim and entry.amount is not None:
            self._charge(entry.sim, entry.amount)
        elif entry.kind is MoneyKind.TOPUP_UNLOCKED and entry.sim:
            self._refusals.pop(entry.sim, None)

    def open_on(self, sim: str) -> TopUp | None:
        """Return the top-up of this SIM that is not over; there is at most one."""
        topup_id = self._open.get(sim)
        return self.topups[topup_id] if topup_id else None

    def all_open(self) -> list[TopUp]:
        """Return what is not over, the oldest first."""
        return [self.topups[topup_id] for topup_id in self._open.values()]

    def refusals(self, sim: str) -> int:
        """Count the codes that were refused in a row."""
        return self._refusals.get(sim, 0)

    def spent(self, currency: str, since: float, sim: str | None = None) -> Decimal:
        """Add up what top-ups since then cost or may cost, of one SIM or of all."""
        amounts = (
            topup.amount or Decimal()
            for topup in self.topups.values()
            if topup.state in COMMITTED
            and topup.committed_at is not None
            and topup.committed_at >= since
            and topup.currency == currency
            and sim in (None, topup.sim)
        )
        return sum(amounts, Decimal())

    def left(self, sim: str) -> Decimal | None:
        """Return its last balance less its calls and what it gives since; None: not known.

        A transfer counts until a balance was seen after its end.
        """
        fund = self.funds.of(sim)
        if fund.amount is None:
            return None
        given = (
            topup.amount or Decimal()
            for topup in self.topups.values()
            if topup.donor == sim
            and topup.state in COMMITTED
            and not (topup.is_over and topup.since < fund.at)
        )
        return fund.amount - fund.charged - sum(given, Decimal())

    def last(self, sim: str) -> TopUp | None:
        """Return the last top-up of this SIM, in whatever state."""
        return max((t for t in self.topups.values() if t.sim == sim), key=_first, default=None)

    def _move(self, entry: Entry) -> None:
        before = self.topups.get(entry.topup_id or "")
        topup = follow(before, entry) if before else begin(entry)
        if before is None and topup.sim in self._open:
            raise SagaError(f"{topup.topup_id}: {self._open[topup.sim]} is not over on its SIM")
        if topup.state is State.SENT:
            fund = self.funds.of(topup.sim)
            topup = replace(topup, before=fund.sure(topup.currency), charged=fund.charged)
        self.topups[topup.topup_id] = topup
        if topup.is_over:
            self._open.pop(topup.sim, None)
            self._count_refusal(topup)
            if (topup.sent_at or topup.state is State.CONFIRMED) and topup.cause not in SEEN:
                self.funds.doubt(topup.sim)
            self._forget(entry.at - KEPT_S)
        else:
            self._open[topup.sim] = topup.topup_id

    def _charge(self, sim: str, amount: Decimal) -> None:
        topup = self.open_on(sim)
        if topup and topup.sent_at is not None:
            self.topups[topup.topup_id] = replace(topup, charged=topup.charged + amount)

    def _count_refusal(self, topup: TopUp) -> None:
        if topup.state is State.CONFIRMED:
            self._refusals.pop(topup.sim, None)
        elif topup.voucher and topup.cause in REFUSALS:
            self._refusals[topup.sim] = self.refusals(topup.sim) + 1

    def _forget(self, before: float) -> None:
        old = [t.topup_id for t in self.topups.values() if t.is_over and t.since < before]
        for topup_id in old:
            del self.topups[topup_id]


def _first(topup: TopUp) -> int:
    return topup.first
