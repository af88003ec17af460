"""The offline optimum: a linear programme that knows all calls in advance.

It gives minutes of talk, by slot of five minutes and kind of callee, to pools of equal SIMs. It may
split a call, move it from SIM to SIM, choose when to draw on a bundle, and leave dear callees out;
a pool shares its limits and its money. So no real order of calls can be better, but for one thing:
set-up times and calls in an hour go by the mean call.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from bench.rotation_parts.scenarios import Card, Scenario
from bench.rotation_parts.tariffs import DAY_S
from bench.rotation_parts.traffic import SETUP_S, Offered

SLOT_S = 300.0
SLACK = 1e-6  # of the minutes that are asked for


@dataclass(frozen=True, slots=True)
class _Pool:
    """Equal SIMs."""

    number: int
    card: Card
    sims: int


@dataclass(frozen=True, slots=True)
class _Demand:
    """Minutes to one kind of callee that may be talked in any of some slots."""

    callee: str
    slots: tuple[int, ...]
    minutes: float
    mean_s: float


@dataclass(slots=True)
class _Rows:
    """Rows of `A x <= b`, by what they bound."""

    bounds: dict[object, float] = field(default_factory=dict)
    entries: dict[object, list[tuple[int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, row: object, bound: float, column: int, factor: float = 1.0) -> None:
        """Let a variable count in a row."""
        self.bounds[row] = bound
        self.entries[row].append((column, factor))

    def matrix(self, columns: int) -> csr_array:
        """Make what linprog takes; its rows are in the order of `bounds`."""
        triples = [
            (factor, n, column)
            for n, row in enumerate(self.bounds)
            for column, factor in self.entries[row]
        ]
        factors, rows, cols = zip(*triples, strict=True)
        return csr_array((factors, (rows, cols)), shape=(len(self.bounds), columns))


class Optimum:
    """The best that could be done in a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._rows = _Rows()
        self._prices: list[float] = []
        for n, demand in enumerate(_demands(scenario)):
            for pool in _pools(scenario):
                for slot in demand.slots:
                    self._carry(n, demand, pool, slot)
        self._matrix = self._rows.matrix(len(self._prices))
        self.minutes = -self._solve([-1.0] * len(self._prices))

    def money(self, minutes: float) -> float:
        """The least that it costs to carry so many minutes."""
        return self._solve(self._prices, min(minutes, self.minutes) * (1 - SLACK))

    def _solve(self, goal: Sequence[float], minutes: float = 0.0) -> float:
        """The least of `goal`, with so many minutes in all."""
        all_talk = csr_array([[-1.0] * len(self._prices)])
        found = linprog(
            goal,
            A_ub=vstack([self._matrix, all_talk], format="csr"),
            b_ub=[*self._rows.bounds.values(), -minutes],
            method="highs",
        )
        if not found.success:
            raise ArithmeticError(found.message)
        return float(found.fun)

    def _carry(self, n: int, demand: _Demand, pool: _Pool, slot: int) -> None:
        """Variables for minutes of a demand in a slot: out of each bundle, and paid."""
        tariff = pool.card.tariff
        at = slot * SLOT_S
        for bundle_n, bundle in enumerate(tariff.bundles):
            if tariff.covers(bundle, demand.callee):
                column = self._talk(n, demand, pool, slot, 0.0)
                row = ("bundle", pool.number, bundle_n, bundle.period(at))
                self._rows.add(row, bundle.minutes * pool.sims, column)
        price = float(tariff.price(demand.callee))
        column = self._talk(n, demand, pool, slot, price)
        if pool.card.balance is not None:
            money = float(pool.card.balance) * pool.sims
            self._rows.add(("money", pool.number), money, column, price)

    def _talk(self, n: int, demand: _Demand, pool: _Pool, slot: int, price: float) -> int:
        """One variable, in the rows that bind all talk."""
        column = len(self._prices)
        self._prices.append(price)
        tariff, rows = pool.card.tariff, self._rows
        at = slot * SLOT_S
        rows.add(("demand", n), demand.minutes, column)
        busy = 1 + (SETUP_S + tariff.min_gap_s) / demand.mean_s
        rows.add(("slot", pool.number, slot), SLOT_S / 60 * pool.sims, column, busy)
        rows.add(("day", pool.number, at // DAY_S), tariff.minutes_day * pool.sims, column)
        hour = ("hour", pool.number, at // 3600)
        rows.add(hour, tariff.calls_hour * pool.sims, column, 60 / demand.mean_s)
        return column


def _pools(scenario: Scenario) -> list[_Pool]:
    counts = Counter(scenario.cards)
    return [_Pool(n, card, sims) for n, (card, sims) in enumerate(counts.items())]


def _demands(scenario: Scenario) -> Iterator[_Demand]:
    minutes: defaultdict[tuple[str, int], float] = defaultdict(float)
    for call in scenario.calls:
        for slot, part in _parts(call):
            minutes[call.callee, slot] += part
    mean_s = _mean(scenario.calls)
    yield from (_Demand(callee, (slot,), m, mean_s) for (callee, slot), m in minutes.items())
    for campaign in scenario.campaigns:
        mean_s = _mean(campaign.calls)
        slots = range(int(campaign.begin // SLOT_S), int((campaign.end + mean_s) // SLOT_S) + 1)
        for callee in sorted({call.callee for call in campaign.calls}):
            whole = sum(call.talk_s for call in campaign.calls if call.callee == callee) / 60
            yield _Demand(callee, tuple(slots), whole, mean_s)


def _mean(calls: tuple[Offered, ...]) -> float:
    return sum(call.talk_s for call in calls) / len(calls)


def _parts(call: Offered) -> Iterator[tuple[int, float]]:
    """Minutes of a call in each slot in which it talks."""
    begin, end = call.at + SETUP_S, call.at + SETUP_S + call.talk_s
    for slot in range(int(begin // SLOT_S), int(-(-end // SLOT_S))):
        yield slot, (min(end, (slot + 1) * SLOT_S) - max(begin, slot * SLOT_S)) / 60
