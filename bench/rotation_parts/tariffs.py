"""SIM cards of the simulation: what the owner writes of them, and the books of the carrier.

The carrier bills on its own, with nothing of `edge.limits`: so it finds any minute too much.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil

from config.limits import Bucket, BucketPeriod, Limits, Plan, Rate

SINCE = date(2026, 12, 1)
SINCE_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
DAY_S = 86_400
FIXED = "fixed"
FIXED_PREFIX = "+431"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Minutes included in a period, for all callees or for those of the own carrier."""

    minutes: int
    days: int  # until it is filled anew, counted from SINCE
    on_net: bool = False

    def period(self, at: float) -> int:
        """The number of the period that holds a moment."""
        return int((at - SINCE_S) // DAY_S) // self.days


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a kind of SIM costs, and how much use the carrier bears."""

    name: str
    carrier: str
    off_net: str  # money a minute
    bundles: tuple[Bundle, ...] = ()
    minutes_day: int = 180  # fair use: one more and the SIM is barred
    on_net: str | None = None  # as off_net where nothing is said
    fixed: str | None = None
    calls_hour: int = 60
    min_gap_s: int = 0

    @property
    def plan(self) -> Plan:
        """As the owner writes it."""
        prices: tuple[tuple[dict[str, object], str | None], ...] = (
            ({"prefixes": (FIXED_PREFIX,)}, self.fixed),
            ({"on_net": True}, self.on_net),
            ({}, self.off_net),
        )
        return Plan(
            name=self.name,
            currency="EUR",
            rates=tuple(
                Rate.model_validate({**match, "per_minute": price})
                for match, price in prices
                if price
            ),
            buckets=tuple(
                Bucket(
                    name=f"bundle-{n}",
                    minutes=Decimal(bundle.minutes),
                    period=BucketPeriod.DAYS,
                    days=bundle.days,
                    since=SINCE,
                    on_net=True if bundle.on_net else None,
                )
                for n, bundle in enumerate(self.bundles)
            ),
        )

    @property
    def limits(self) -> Limits:
        """Inside what the carrier bears."""
        return Limits(
            max_minutes_day=Decimal(self.minutes_day),
            max_calls_hour=self.calls_hour,
            min_gap_s=self.min_gap_s,
            min_call_s=30,
        )

    def price(self, callee: str) -> Decimal:
        """Money for a minute to a carrier's customer or to a fixed line."""
        own = {FIXED: self.fixed, self.carrier: self.on_net}
        return Decimal(own.get(callee) or self.off_net)

    def covers(self, bundle: Bundle, callee: str) -> bool:
        """Whether minutes to this callee are included."""
        return not bundle.on_net or callee == self.carrier


@dataclass(slots=True)
class Books:
    """What the carrier counted of one SIM. `balance` is None where it is paid afterwards."""

    tariff: Tariff
    balance: Decimal | None
    seconds: float = 0.0
    spent: Decimal = Decimal(0)
    barred: bool = False
    overshoots: int = 0
    _days: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _hours: Counter[str] = field(default_factory=Counter)
    _used: Counter[tuple[int, int]] = field(default_factory=Counter)

    def dial(self, at: float) -> None:
        """A call was dialled."""
        hour = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H}"
        self._hours[hour] += 1
        if self._hours[hour] > self.tariff.calls_hour:
            self.barred = True

    def bill(self, callee: str, answered: float, seconds: float) -> None:
        """A call is over."""
        self.seconds += seconds
        self._count_day(answered, seconds)
        left = self._from_bundles(callee, answered, ceil(seconds))
        money = Decimal(left) * self.tariff.price(callee) / 60
        self.spent += money
        if self.balance is not None and self.spent > self.balance:
            self.overshoots += 1

    def _count_day(self, at: float, seconds: float) -> None:
        day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
        self._days[day] += seconds
        if self._days[day] > self.tariff.minutes_day * 60:
            self.overshoots += 1
            self.barred = True

    def _from_bundles(self, callee: str, at: float, seconds: int) -> int:
        """Take seconds from the bundles; what is left must be paid."""
        for n, bundle in enumerate(self.tariff.bundles):
            if self.tariff.covers(bundle, callee):
                key = n, bundle.period(at)
                free = min(seconds, bundle.minutes * 60 - self._used[key])
                self._used[key] += free
                seconds -= free
        return seconds
