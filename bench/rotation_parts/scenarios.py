"""The days that are simulated, each built for 8 SIMs and multiplied to more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from bench.rotation_parts.tariffs import DAY_S, FIXED, SINCE_S, Bundle, Tariff
from bench.rotation_parts.traffic import CLOSES_S, OPENS_S, Campaign, Mix, Offered, campaign, office

SET = 8  # SIMs of a set
NOON_S = 12 * 3600
MIX: Mix = {"a": 0.4, "b": 0.3, "c": 0.1, FIXED: 0.2}


@dataclass(frozen=True, slots=True)
class Card:
    """A SIM and the money on it; None where it is paid afterwards."""

    tariff: Tariff
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is given to every policy, and to the optimum, alike."""

    name: str
    cards: tuple[Card, ...]
    calls: tuple[Offered, ...]
    campaigns: tuple[Campaign, ...] = ()


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated; `busy` is the share of the office day that a line talks, about."""

    sims: int
    days: int
    busy: float

    def minutes(self, share: float) -> int:
        """So much of what a line talks in all the days."""
        return round(share * self.busy * (CLOSES_S - OPENS_S) / 60 * self.days)


Maker = Callable[[Random, Size], Scenario]


def _steady(random: Random, size: Size) -> Scenario:
    """One plan for all; more is called than it includes."""
    tariff = Tariff("flat", "a", "0.08", _bundle(size, 0.8))
    return Scenario("steady office", _cards(size, (tariff, SET)), _office(random, size))


def _burst(random: Random, size: Size) -> Scenario:
    """Office mornings, then each day a list that wants more than the SIMs may give."""
    included = (Bundle(100 * size.days, size.days),)
    tariff = Tariff("flat", "a", "0.05", included, 120, calls_hour=40, min_gap_s=5)
    calls = _office(random, size)
    mornings = tuple(call for call in calls if (call.at - SINCE_S) % DAY_S < NOON_S)
    lists = [campaign(random, day, (13, 15.5), 150.0 * size.sims, MIX) for day in range(size.days)]
    return Scenario("campaign burst", _cards(size, (tariff, SET)), mornings, tuple(lists))


def _uneven(random: Random, size: Size) -> Scenario:
    """From much included to nothing."""
    tariffs = (
        (Tariff("big", "a", "0.10", _bundle(size, 1.8), 300), 2),
        (Tariff("small", "b", "0.12", _bundle(size, 0.5)), 3),
        (Tariff("metered", "c", "0.07"), 2),
        (Tariff("dear", "a", "0.15", minutes_day=60), 1),
    )
    return Scenario("uneven plans", _cards(size, *tariffs), _office(random, size))


def _dry(random: Random, size: Size) -> Scenario:
    """Prepaid SIMs, some with little on them; all together it is less than is called."""
    tariffs = [
        Tariff("thrift", "a", "0.06"),
        Tariff("middle", "b", "0.08"),
    ]
    cards = [
        Card(tariffs[n % 2], Decimal(size.minutes(0.7 + 0.1 * (n // 2 % 4))) * 7 / 100)
        for n in range(size.sims)
    ]
    return Scenario("running dry", tuple(cards), _office(random, size))


def _mix(random: Random, size: Size) -> Scenario:
    """Three carriers, each dearer to the customers of the others."""
    own, few = _bundle(size, 0.5, on_net=True), _bundle(size, 0.25)
    tariffs = (
        (Tariff("a", "a", "0.09", on_net="0.04", fixed="0.07"), 3),
        (Tariff("b", "b", "0.10", own, on_net="0.03", fixed="0.08"), 3),
        (Tariff("c", "c", "0.08", few, on_net="0.05", fixed="0.06"), 2),
    )
    return Scenario("on-net and off-net", _cards(size, *tariffs), _office(random, size))


def _ends(random: Random, size: Size) -> Scenario:
    """Small bundles of a few days, filled anew, and large ones of all; together nearly enough."""
    tariffs = tuple(
        (Tariff(f"{days}-days", "a", "0.10", _bundle(size, share, days), 300), n)
        for days, share, n in (
            (max(1, size.days // 4), 0.5, 3),
            (size.days // 2, 1.0, 3),
            (size.days, 1.5, 2),
        )
    )
    return Scenario("bundles that end", _cards(size, *tariffs), _office(random, size))


def _scarce(random: Random, size: Size) -> Scenario:
    """Few minutes to everybody, which calls within one carrier do not need."""
    tariffs = (
        (Tariff("all-net", "a", "0.15", _bundle(size, 0.7)), 4),
        (Tariff("own-net", "b", "0.20", on_net="0.02"), 4),
    )
    mix = {"b": 0.6, "c": 0.2, FIXED: 0.2}
    return Scenario("few all-net minutes", _cards(size, *tariffs), _office(random, size, mix))


MAKERS: Sequence[Maker] = (_steady, _burst, _uneven, _dry, _mix, _ends, _scarce)


def _bundle(
    size: Size, share: float, days: int | None = None, *, on_net: bool = False
) -> tuple[Bundle, ...]:
    """Include a share of what a line talks, filled anew after so many days or at the end of all."""
    period = days or size.days
    return (Bundle(size.minutes(share) * period // size.days, period, on_net),)


def _office(random: Random, size: Size, mix: Mix = MIX) -> tuple[Offered, ...]:
    erlang = size.busy * size.sims
    return tuple(call for day in range(size.days) for call in office(random, day, erlang, mix))


def _cards(size: Size, *shares: tuple[Tariff, int]) -> tuple[Card, ...]:
    one = [Card(tariff) for tariff, n in shares for _ in range(n)]
    return tuple(one * (size.sims // SET))
