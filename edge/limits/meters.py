"""The limits of an account against its counters: hours, days, weeks, months, windows of the day.

A call counts in the span in which it was dialled. One that is still up in the next span counts
there too, with its minutes and money, so that no way of counting finds more than the limit.
A window counts the calls that were dialled in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import product
from math import inf
from zoneinfo import ZoneInfo

from config.limits import Limits, Window
from edge.block import Block
from edge.limits import counters
from edge.limits.billing import MINUTE_S
from edge.limits.periods import (
    Span,
    day_of,
    hour_of,
    month_of,
    next_window,
    week_of,
    window_of,
)
from edge.limits.state import Count, Entry
from mqtt.vocabulary import Reason


class Unit(StrEnum):
    """What is counted; minutes in billed seconds."""

    CALLS = "calls"
    MINUTES = "minutes"
    SMS = "sms"
    SPEND = "spend"
    SWITCHES = "switches"


_FIELDS = {Unit.MINUTES: "seconds", Unit.SPEND: "money"}  # of an Entry, where not the unit's name
_USED = {
    Unit.CALLS: "{} of {} calls of {} are used",
    Unit.MINUTES: "{} of {} minutes of {} are used",
    Unit.SMS: "{} of {} SMS of {} are used",
    Unit.SPEND: "{} of {} for {} are spent",
    Unit.SWITCHES: "{} of {} switches to this SIM of {} are used",
}
_GIVEN_BACK = frozenset({Unit.MINUTES, Unit.SPEND})  # most of what was kept, when a call ends
_KEPT_FOR = {Unit.SMS: "messages under way", Unit.SPEND: "calls and messages under way"}
_NOTHING = Decimal(0)
_PERIODS = ("hour", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Level:
    """One limit now: `used` and, by what is under way, `held`, in seconds where of minutes."""

    limit: str  # its key in gateway.toml, or window_0800_1200_minutes
    unit: Unit
    period: str  # "the day"
    used: Decimal | int
    held: Decimal | int
    most: Decimal | int
    until: float

    @property
    def left(self) -> Decimal | int:
        """What one more call may use."""
        return self.most - self.used - self.held

    def block(self, soonest: float = inf) -> Block:
        """The limit as a reason; calls under way end at `soonest`."""
        if not self.most:
            message = f"The limit of {self.unit} of {self.period} is 0."
            return Block(Reason.LIMIT_REACHED, message, self.until)
        used, most = self._show(self.used + self.held), self._show(self.most)
        message = _USED[self.unit].format(used, most, self.period)
        if self.held and self.used < self.most:
            message += f" or kept for {_KEPT_FOR.get(self.unit, 'calls under way')}"
            reason = Reason.LINE_BUSY if self.unit in _GIVEN_BACK else Reason.LIMIT_REACHED
            return Block(reason, f"{message}.", min(self.until, soonest))
        return Block(Reason.LIMIT_REACHED, f"{message}.", self.until)

    def _show(self, amount: Decimal | int) -> str:
        if self.unit is Unit.MINUTES:
            return f"{float(amount) / MINUTE_S:.1f}".removesuffix(".0")
        return f"{amount:.2f}" if self.unit is Unit.SPEND else f"{amount}"


@dataclass(frozen=True, slots=True)
class _Rule:
    limit: str
    unit: Unit
    period: str
    title: str
    most: Decimal | int


class Meters:
    """The rules of `limits`, and the spans that are current."""

    def __init__(self, limits: Limits, zone: ZoneInfo, billing_day: int) -> None:
        self._zone = zone
        self._windows = limits.windows
        self._rules = [*_rules(limits), *_window_rules(limits)]
        self._ruled = {rule.period for rule in self._rules}
        self._span_of: Mapping[str, Callable[[float], Span]] = {
            "hour": partial(hour_of, zone=zone),
            "day": partial(day_of, zone=zone),
            "week": partial(week_of, zone=zone),
            "month": partial(month_of, zone=zone, billing_day=billing_day),
        }
        self._spans: dict[str, Span] = {}

    def forget(self) -> None:
        """The counters are others now."""
        self._spans.clear()

    def see(self, counts: dict[str, Count], now: float) -> float:
        """Find the current spans; returns when they will be others."""
        for period, span_of in self._span_of.items():
            span = self._spans.get(period)
            if span is None or not span.holds(now):
                self._spans[period] = span_of(now)
                counters.see(_count(counts, period), self._spans[period])
        ends = [self._spans[period].end for period in self._span_of]
        return min(*ends, self._see_window(counts, now))

    def levels(self, counts: dict[str, Count], held: Entry) -> list[Level]:
        """Each limit that counts now, with what calls under way may still take."""
        used = {
            period: counters.used(_count(counts, period), self._spans[period])
            for period in self._ruled
            if period in self._spans
        }
        return [
            Level(
                rule.limit,
                rule.unit,
                rule.title,
                used=_of(used[rule.period], rule.unit),
                held=_of(held, rule.unit),
                most=rule.most,
                until=self._spans[rule.period].end,
            )
            for rule in self._rules
            if rule.period in used
        ]

    def today(self, counts: dict[str, Count]) -> Entry:
        """What was used in the current day."""
        return counters.used(_count(counts, "day"), self._spans["day"])

    def count_call(
        self, counts: dict[str, Count], began: float, seconds: int, money: Decimal
    ) -> None:
        """A call ended that was dialled at `began`."""
        for period, span_of in self._span_of.items():
            current = self._spans[period]
            span = current if current.holds(began) else span_of(began)
            what = Entry(span.start, span.end, calls=1, seconds=seconds, money=money)
            counters.add(_count(counts, period), what)
            if span != current:
                counters.add(
                    _count(counts, period),
                    Entry(current.start, current.end, seconds=seconds, money=money),
                )
        if dialled := self._window_at(began):
            window, span = dialled
            what = Entry(span.start, span.end, calls=1, seconds=seconds, money=money)
            counters.add(_count(counts, window.name), what)

    def count(
        self,
        counts: dict[str, Count],
        *,
        sms: int = 0,
        money: Decimal = _NOTHING,
        switches: int = 0,
    ) -> None:
        """Something took place now that is no call."""
        for period in self._span_of:
            span = self._spans[period]
            what = Entry(span.start, span.end, sms=sms, money=money, switches=switches)
            counters.add(_count(counts, period), what)

    def _see_window(self, counts: dict[str, Count], now: float) -> float:
        """Find the window that is open; returns when another one, or none, will be."""
        if not self._windows:
            return inf
        for window in self._windows:
            self._spans.pop(window.name, None)
        changes = [next_window(now, self._zone, _minute(one.begin)) for one in self._windows]
        if found := self._window_at(now):
            window, span = found
            self._spans[window.name] = span
            counters.see(_count(counts, window.name), span)
            changes.append(span.end)
        return min(changes)

    def _window_at(self, at: float) -> tuple[Window, Span] | None:
        """The first window that holds the moment."""
        for window in self._windows:
            span = window_of(at, self._zone, _minute(window.begin), _minute(window.end))
            if span is not None:
                return window, span
        return None


def _rules(limits: Limits) -> Iterator[_Rule]:
    for unit, period in product(Unit, _PERIODS):
        key = f"max_{unit}_{period}"
        most = getattr(limits, key, None)  # of switches there is but one
        if most is not None:
            yield _Rule(key, unit, period, f"the {period}", _whole(unit, most))


def _window_rules(limits: Limits) -> Iterator[_Rule]:
    for window in limits.windows:
        for unit, most in ((Unit.CALLS, window.calls), (Unit.MINUTES, window.minutes)):
            if most is not None:
                title = f"the window {window.name}"
                limit = f"window_{window.name}_{unit}".replace(":", "").replace("-", "_")
                yield _Rule(limit, unit, window.name, title, _whole(unit, most))


def _whole(unit: Unit, most: Decimal | int) -> Decimal | int:
    """Minutes in whole seconds, the others as they are."""
    return int(most * MINUTE_S) if unit is Unit.MINUTES else most


def _of(entry: Entry, unit: Unit) -> Decimal | int:
    amount: Decimal | int = getattr(entry, _FIELDS.get(unit, unit))
    return amount


def _count(counts: dict[str, Count], period: str) -> Count:
    return counts.setdefault(period, Count())


def _minute(clock: str) -> int:
    """Minute of the day of a time such as 08:30."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
