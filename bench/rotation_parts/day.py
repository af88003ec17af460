"""The simulation: calls in order of arrival, each over the line that the dispatcher chooses.

Nobody knows how long a call will last. It is cut where its reservation ends. A call of the office
that finds no line is lost; a campaign dials its next number as soon as a line is free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

from bench.rotation_parts.scenarios import Card, Scenario
from bench.rotation_parts.tariffs import SINCE_S, Books
from bench.rotation_parts.traffic import SETUP_S, Campaign, Offered
from config.limits import Limits
from config.models import Policy
from edge.candidates import Candidate, Live, Wanted
from edge.dispatcher import Chosen, choose
from edge.limits.account import Account, CallResult, Ending, Reservation
from mqtt.vocabulary import Purpose

RETRY_S = 15.0  # between the tries of a campaign that finds no line
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Method:
    """A way to choose: policies, and the order in which equal lines are looked at."""

    name: str
    policies: Sequence[Policy]
    shuffles: bool = False
    obeys: bool = True  # the limits that the owner set


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of it."""

    minutes: float
    money: float
    barred: int
    overshoots: int


@dataclass(slots=True)
class _Sim:
    line: Candidate
    account: Account
    books: Books

    def look(self, now: float) -> Candidate:
        """The line with its counters of the day, as the gateway shows it to the dispatcher."""
        standing = self.account.standing(now)
        self.line.calls, self.line.talk_s = standing.calls, standing.seconds
        return self.line


@dataclass(slots=True)
class _World:
    scenario: Scenario
    method: Method
    sims: dict[str, _Sim]
    random: Random
    events: list[tuple[float, int, Callable[[float], object]]] = field(default_factory=list)
    count: int = 0

    def at(self, when: float, act: Callable[[float], object]) -> None:
        """Plan something; of the same moment, the first planned comes first."""
        self.count += 1
        heappush(self.events, (when, self.count, act))

    def run(self) -> None:
        """Until nothing is left to come."""
        while self.events:
            when, _, act = heappop(self.events)
            act(when)


def simulate(scenario: Scenario, method: Method, seed: int) -> Tally:
    """Live through the days of a scenario."""
    cards = {f"sim-{n}": card for n, card in enumerate(scenario.cards)}
    sims = {name: _sim(name, card, method) for name, card in cards.items()}
    random = Random(seed)  # noqa: S311 - the same order each time
    world = _World(scenario, method, sims, random)
    for call in scenario.calls:
        world.at(call.at, partial(_place, world, call, Purpose.MANUAL))
    for campaign in scenario.campaigns:
        world.at(campaign.begin, _Dialer(world, campaign).dial)
    world.run()
    books = [sim.books for sim in sims.values()]
    return Tally(
        minutes=sum(book.seconds for book in books) / 60,
        money=float(sum((book.spent for book in books), Decimal(0))),
        barred=sum(book.barred for book in books),
        overshoots=sum(book.overshoots for book in books),
    )


def _sim(name: str, card: Card, method: Method) -> _Sim:
    tariff = card.tariff
    limits = tariff.limits if method.obeys else Limits()
    plan = tariff.plan
    account = Account(f"sim:{name}", limits, plan, UTC, tariff.carrier)
    account.see_balance(card.balance, SINCE_S)
    own = plan.favours_own
    line = Candidate(name, accounts=(account,), carrier=tariff.carrier, favours_own=own)
    return _Sim(line, account, Books(tariff, card.balance))


class _Dialer:
    """Works its list down, one try after the other."""

    def __init__(self, world: _World, campaign: Campaign) -> None:
        self._world = world
        self._campaign = campaign
        self._left = list(campaign.calls)

    def dial(self, now: float) -> None:
        """Dial until no line is left, and try again soon."""
        if now >= self._campaign.end:
            return
        while self._left and _place(self._world, self._left[-1], Purpose.CAMPAIGN, now):
            self._left.pop()
        if self._left:
            self._world.at(now + RETRY_S, self.dial)


def _place(world: _World, call: Offered, purpose: Purpose, now: float) -> bool:
    """Make a call if a line takes it."""
    lines = [sim.look(now) for sim in world.sims.values() if sim.line.live is None]
    if world.method.shuffles:
        world.random.shuffle(lines)
    found = choose(Wanted(call.to, purpose=purpose), lines, now, world.method.policies)
    if not isinstance(found, Chosen):
        return False
    sim = world.sims[found.line]
    world.count += 1
    call_id = f"c-{world.count}"
    reservation = sim.account.reserve(call_id, call.to, None, now)
    if not isinstance(reservation, Reservation):
        return False
    sim.line.live = Live(purpose)
    sim.line.last_used = now
    sim.books.dial(now)
    answered = now + SETUP_S
    talk_s = min(call.talk_s, reservation.seconds)

    def end(at: float) -> None:
        sim.account.settle(call_id, CallResult(Ending.ANSWERED, talk_s), at)
        sim.books.bill(call.callee, answered, talk_s)
        sim.line.live = None

    world.at(answered + talk_s, end)
    return True
