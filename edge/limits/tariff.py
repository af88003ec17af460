"""Which rate and which buckets of a plan a callee gets; worked out once for each kind of callee."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from config.limits import Match, Plan, Rate
from edge.destination import Destination
from edge.limits.billing import Terms


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Callees that a plan makes no difference between; compared by identity.

    `sold` is False where the plan has rates and none fits: then only its buckets may be used.
    """

    terms: Terms
    sms: Decimal
    sold: bool
    buckets: frozenset[str]  # by name


class Tariff:
    """A plan as a SIM of `carrier` has it; without a plan all is free and billed by the second."""

    def __init__(self, plan: Plan | None, carrier: str | None) -> None:
        self._plan = plan or Plan(name="none")
        self._carrier = carrier
        self._places: dict[tuple[int, ...], Place] = {}
        self._asked: Destination | None = None
        self._answer: Place | None = None

    def place(self, to: Destination) -> Place:
        """The place of a callee; quick for the one that was asked last."""
        if to is self._asked and self._answer is not None:
            return self._answer
        self._asked, self._answer = to, self._find(to)
        return self._answer

    @property
    def has_prices(self) -> bool:
        """Whether the plan says what calls cost."""
        return bool(self._plan.rates)

    def cheapest(self, talk_s: float) -> Decimal:
        """What a call of this length costs at least, without buckets."""
        terms = [self._terms(rate) for rate in self._plan.rates or (Rate(),)]
        return min(one.cost(one.billed(talk_s), 0) for one in terms)

    def billed(self, talk_s: float) -> int:
        """Seconds billed for a call, whoever the callee."""
        return self._terms(Rate()).billed(talk_s)

    def _find(self, to: Destination) -> Place:
        plan = self._plan
        rate = next((n for n, one in enumerate(plan.rates) if self._fits(one, to)), -1)
        buckets = [n for n, one in enumerate(plan.buckets) if self._fits(one, to)]
        key = (rate, *buckets)
        if key not in self._places:
            self._places[key] = self._make(rate, buckets)
        return self._places[key]

    def _make(self, rate: int, buckets: list[int]) -> Place:
        plan = self._plan
        found = plan.rates[rate] if rate >= 0 else Rate()
        return Place(
            terms=self._terms(found),
            sms=found.sms,
            sold=rate >= 0 or not plan.rates,
            buckets=frozenset(plan.buckets[n].name for n in buckets),
        )

    def _terms(self, rate: Rate) -> Terms:
        plan = self._plan
        return Terms(plan.first_s, plan.next_s, plan.free_below_s, rate.setup, rate.per_minute)

    def _fits(self, match: Match, to: Destination) -> bool:
        on_net = to.carrier is not None and to.carrier == self._carrier
        return (
            (not match.prefixes or to.number.startswith(match.prefixes))
            and (not match.countries or to.country in match.countries)
            and match.on_net in {None, on_net}
        )


@lru_cache(maxsize=1024)
def tariff_of(plan: Plan | None, carrier: str | None) -> Tariff:
    """The tariff of a plan, one for all its SIMs."""
    return Tariff(plan, carrier)
