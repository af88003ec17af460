"""Days of traffic, from a seed: who is called, when, for how long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from bench.rotation_parts.tariffs import DAY_S, FIXED, FIXED_PREFIX, SINCE_S
from edge.destination import Destination, NumberKind

OPENS_S, CLOSES_S = 8 * 3600, 17 * 3600  # of the office
OFFICE_TALK_S, CAMPAIGN_TALK_S = 180.0, 90.0  # means; lengths are exponential, 10 s at least
LONGEST_S = 1800.0
SETUP_S = 8.0  # from the dial to the answer

Mix = Mapping[str, float]  # share of each kind of callee


@dataclass(frozen=True, slots=True)
class Offered:
    """A call that somebody wants to make."""

    at: float
    callee: str  # a carrier, or FIXED
    talk_s: float
    to: Destination


@dataclass(frozen=True, slots=True)
class Campaign:
    """A list of callees that is dialled whenever a line is free, from `begin` to `end`."""

    begin: float
    end: float
    calls: tuple[Offered, ...]


def office(random: Random, day: int, erlang: float, mix: Mix) -> Iterator[Offered]:
    """Calls of an office day; `erlang` is the mean number of lines that they would need."""
    at = SINCE_S + day * DAY_S + OPENS_S
    end = SINCE_S + day * DAY_S + CLOSES_S
    while (at := at + random.expovariate(erlang / OFFICE_TALK_S)) < end:
        yield _offered(random, at, OFFICE_TALK_S, mix)


def campaign(
    random: Random, day: int, hours: tuple[float, float], minutes: float, mix: Mix
) -> Campaign:
    """Draw a list of so many minutes of talk for hours of a day."""
    begin, end = (SINCE_S + day * DAY_S + hour * 3600 for hour in hours)
    count = round(minutes * 60 / CAMPAIGN_TALK_S)
    calls = (_offered(random, begin, CAMPAIGN_TALK_S, mix) for _ in range(count))
    return Campaign(begin, end, tuple(calls))


def _offered(random: Random, at: float, mean_s: float, mix: Mix) -> Offered:
    [callee] = random.choices(list(mix), list(mix.values()))
    talk_s = float(round(min(max(random.expovariate(1 / mean_s), 10.0), LONGEST_S)))
    return Offered(at, callee, talk_s, _destination(random, callee))


def _destination(random: Random, callee: str) -> Destination:
    digits = f"{random.randrange(10**7):07}"
    if callee == FIXED:
        return Destination(FIXED_PREFIX + digits, NumberKind.FIXED, "AT")
    return Destination("+43660" + digits, NumberKind.MOBILE, "AT", callee)
