"""A carrier's eye on how a SIM is used."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.money.parts import FairUsePart

_MINUTE_S = 60


class FairUse:
    """Counts one SIM's calls of the day and the hour; each step tells which limit it passed."""

    def __init__(self, limits: FairUsePart) -> None:
        self._limits = limits
        self._day: date | None = None
        self._hour: datetime | None = None
        self._new_day()
        self._calls = 0

    def began(self, callee: str, at: datetime) -> str | None:
        """Count a call that was tried."""
        self._turn(at)
        self._calls += 1
        self._callees.add(callee)
        limits = self._limits
        if limits.calls_per_hour is not None and self._calls > limits.calls_per_hour:
            return f"more than {limits.calls_per_hour} calls an hour"
        if limits.callees_per_day is not None and len(self._callees) > limits.callees_per_day:
            return f"more than {limits.callees_per_day} different numbers a day"
        return None

    def talked(self, seconds: float, at: datetime) -> str | None:
        """Count a call that was answered and is over."""
        self._turn(at)
        limits = self._limits
        self._talk_s += seconds
        self._answered += 1
        self._short += seconds < limits.short_s
        minutes = limits.minutes_per_day
        if minutes is not None and self._talk_s > minutes * _MINUTE_S:
            return f"more than {minutes:g} minutes a day"
        share = limits.short_share
        judged = share is not None and self._answered >= limits.short_after
        if judged and self._short > (share or 0.0) * self._answered:
            return f"more than {share:.0%} of the calls under {limits.short_s:g} s"
        return None

    def _turn(self, at: datetime) -> None:
        hour = at.replace(minute=0, second=0, microsecond=0)
        if self._day != at.date():
            self._day = at.date()
            self._new_day()
        if self._hour != hour:
            self._hour, self._calls = hour, 0

    def _new_day(self) -> None:
        self._talk_s = 0.0
        self._answered = self._short = 0
        self._callees: set[str] = set()
