"""How limits and buckets are shown in the status of a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge.limits.billing import MINUTE_S
from edge.limits.buckets import Fill
from edge.limits.meters import Level, Unit
from edge.limits.state import Entry, Hold

_CODE_MAX = 32  # of a code in the contract


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of the status: its key in gateway.toml, window_0800_1200_calls or bucket_NAME."""

    limit: str
    used: float  # with what calls under way can have taken so far; minutes where it is of minutes
    most: float
    until: float


def so_far(holds: Iterable[Hold], now: float) -> Entry:
    """What calls under way can have taken until now."""
    total = Entry(0.0, 0.0)
    for hold in holds:
        billed_s = min(hold.billed_s, hold.terms.billed(max(0.0, now - hold.at)))
        total.calls += 1
        total.seconds += billed_s
        total.money += hold.terms.cost(billed_s, hold.free_s)
    return total


def uses(levels: Iterable[Level], fills: Iterable[Fill]) -> Iterator[LimitUse]:
    """Each limit and bucket; switches only once there were some."""
    for level in levels:
        if level.unit is not Unit.SWITCHES or level.used:
            yield _level_use(level)
    for fill in fills:
        yield from _bucket_uses(fill)


def _level_use(level: Level) -> LimitUse:
    unit = MINUTE_S if level.unit is Unit.MINUTES else 1
    used = float(level.used + level.held) / unit
    return LimitUse(level.limit, used, float(level.most) / unit, level.until)


def _bucket_uses(fill: Fill) -> Iterator[LimitUse]:
    name, until = f"bucket_{fill.bucket.name}".replace("-", "_"), fill.span.end
    if fill.full_s:
        used, full = fill.used_s / MINUTE_S, fill.full_s / MINUTE_S
        yield LimitUse(name[:_CODE_MAX], used, full, until)
    if fill.bucket.sms:
        used = min(fill.used_sms, fill.bucket.sms)
        yield LimitUse(f"{name[: _CODE_MAX - 4]}_sms", used, fill.bucket.sms, until)
