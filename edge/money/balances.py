"""What is known of each SIM's money: the last balance, how fast it goes, whether it is used up.

All of it comes from the ledger's entries. Times are in seconds of the epoch.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from edge.block import Block
from edge.money.entry import Entry, Facts, write_money
from edge.money.funds import Fund
from edge.money.ledger import Ledger
from edge.money.reading import Words
from edge.store import Store
from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind, Reason

DAY_S = 86_400.0
WINDOW_S = 14 * DAY_S  # of use that tells how long the rest will last
DAYS_MAX = 3650.0

_RECENT = (
    "SELECT body FROM ledger WHERE kind = 'balance' AND (at >= ? OR entry IN "
    "(SELECT max(entry) FROM ledger WHERE kind = 'balance' GROUP BY sim)) ORDER BY entry"
)


@dataclass(slots=True)
class _Use:
    """Of one SIM: since when it is known, its last amount, each fall of it as (at, by how much)."""

    since: float
    last: tuple[Decimal, str | None] | None = None
    falls: deque[tuple[float, Decimal]] = field(default_factory=deque)
    words: str | None = None


class Balances:
    """By ICCID; the only writer of balances."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._funds = ledger.book.funds
        self._uses: dict[str, _Use] = {}

    async def load(self, store: Store, now: float) -> None:
        """Learn what an earlier boot saw."""
        for (body,) in await store.read(_RECENT, now - WINDOW_S):
            self._take(Entry.of(MoneyEvent.decode(body)))

    def write(self, now: float, facts: Facts) -> None:
        """Write down what was told of a balance."""
        entry, change = self._ledger.append(MoneyKind.BALANCE, now, **facts)
        self._take(entry)
        self._ledger.write(change)

    def fund(self, sim: str) -> Fund:
        """The last balance of a SIM."""
        return self._funds.of(sim)

    def _take(self, entry: Entry) -> None:
        if entry.sim is None:
            return
        use = self._uses.setdefault(entry.sim, _Use(entry.at))
        if entry.cause or entry.amount is not None:
            use.words = entry.cause
        if entry.amount is None:
            return
        if use.last and use.last[1] == entry.currency and entry.amount < use.last[0]:
            use.falls.append((entry.at, use.last[0] - entry.amount))
        use.last = entry.amount, entry.currency

    def block(self, sim: str) -> Block | None:
        """Why a SIM that its carrier calls empty may not call."""
        if (use := self._uses.get(sim)) and use.words == Words.NO_CREDIT:
            return Block(Reason.NO_CREDIT, "The carrier says that the SIM has no credit left.")
        return None

    def is_barred(self, sim: str) -> bool:
        """Whether the carrier's last words were that it barred the SIM."""
        use = self._uses.get(sim)
        return use is not None and use.words == Words.BARRED

    def spent_a_day(self, sim: str, now: float) -> Decimal:
        """Money a day, over WINDOW_S at most and one day at least."""
        use = self._uses.get(sim)
        if use is None:
            return Decimal()
        while use.falls and use.falls[0][0] < now - WINDOW_S:
            use.falls.popleft()
        spent = sum((fall for _, fall in use.falls), self._funds.of(sim).charged)
        days = min(max(now - use.since, DAY_S), WINDOW_S) / DAY_S
        return spent / Decimal(str(round(days, 3)))

    def days_left(self, sim: str, now: float) -> float | None:
        """How long the balance lasts at the use of late; None where nothing was used."""
        fund, pace = self._funds.of(sim), self.spent_a_day(sim, now)
        if fund.amount is None or pace <= 0:
            return None
        left = max(fund.amount - fund.charged, Decimal())
        return min(round(float(left / pace), 1), DAYS_MAX)

    def shown(self, sim: str, now: float) -> dict[str, Any]:
        """Return the fields of LineStatus that tell of a SIM's money."""
        fund = self._funds.of(sim)
        if not fund.at:
            return {}
        return {
            "balance": write_money(fund.amount),
            "currency": fund.currency,
            "balance_at": datetime.fromtimestamp(fund.at, UTC),
            "balance_expires": fund.expires.isoformat() if fund.expires else None,
            "buckets": list(fund.buckets) or None,
            "days_left": self.days_left(sim, now),
        }
