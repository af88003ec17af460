"""What an account keeps over a restart, as plain data that is checked when it is read."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from edge.limits.billing import Terms

Moment = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Amount = Annotated[int, Field(ge=0, le=10**12)]
Money = Annotated[Decimal, Field(ge=-(10**12), le=10**12, allow_inf_nan=False)]
Key = Annotated[str, Field(max_length=128)]


@dataclass(slots=True)
class Entry:
    """What was used from `start` to `end`; `carried` are bucket seconds from the span before."""

    start: Moment
    end: Moment
    calls: Amount = 0
    seconds: Amount = 0  # as billed
    sms: Amount = 0
    money: Money = Decimal(0)
    switches: Amount = 0
    carried: Amount = 0


@dataclass(slots=True)
class Count:
    """The entries of one period; see edge.limits.counters."""

    entries: Annotated[list[Entry], Field(max_length=64)] = field(default_factory=list)
    latest: Moment = 0.0  # the span that was current when last looked
    back_at: Moment | None = None  # the span to which the clock came back


@dataclass(frozen=True, slots=True)
class Hold:
    """A call under way: the most it may take, and the bucket seconds that are kept for it."""

    at: Moment
    seconds: Moment  # of talk, after which it is cut
    billed_s: Amount
    money: Money
    terms: Terms
    draws: Annotated[tuple[tuple[Key, Amount], ...], Field(max_length=16)] = ()

    @property
    def free_s(self) -> int:
        """Seconds that buckets pay."""
        return sum(seconds for _, seconds in self.draws)


@dataclass(slots=True)
class Health:
    """How the last calls went: see edge.limits.health."""

    rows: dict[Key, Amount] = field(default_factory=dict)
    recent: Annotated[list[float | None], Field(max_length=1000)] = field(default_factory=list)
    rest_why: Annotated[str, Field(max_length=256)] | None = None
    rest_at: Moment = 0.0
    alarm: Annotated[str, Field(max_length=256)] | None = None


@dataclass(slots=True)
class State:
    """All of it."""

    counts: Annotated[dict[Key, Count], Field(max_length=256)] = field(default_factory=dict)
    holds: Annotated[dict[Key, Hold], Field(max_length=4096)] = field(default_factory=dict)
    health: Health = field(default_factory=Health)
    balance: Money | None = None
    last_end: Moment | None = None
