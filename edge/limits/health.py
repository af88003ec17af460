"""Rests: after calls in a row that went wrong, or when too few calls are answered or all are short.

A row ends with any other outcome. Calls that we cancelled tell nothing. The floors look at the last
`floor_calls` calls, once there are so many, and begin anew after a rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.limits import Limits
from edge.block import Block
from edge.limits import state
from mqtt.vocabulary import Reason


class Ending(StrEnum):
    """How an outgoing call went."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"  # it rang in vain
    NO_ALERT = "no_alert"  # it never rang
    NO_CARRIER = "no_carrier"  # it was dropped without a word
    FAILED = "failed"  # the network refused it, or the modem failed
    BUSY = "busy"  # the callee was busy or said no
    CANCELLED = "cancelled"  # by us, before it was answered; or nobody knows


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended. `talk_s` is None where nobody knows: then all that was kept is counted."""

    ending: Ending
    talk_s: float | None = 0.0


_ROWS: Mapping[Ending, tuple[str, ...]] = {
    Ending.ANSWERED: (),
    Ending.NO_ANSWER: ("no_answer",),
    Ending.NO_ALERT: ("failed", "no_alert"),
    Ending.NO_CARRIER: ("failed", "no_carrier"),
    Ending.FAILED: ("failed",),
    Ending.BUSY: (),
}
_WORDS = {
    "failed": "failed",
    "no_answer": "were not answered",
    "no_alert": "never rang",
    "no_carrier": "were dropped without a word",
    "short": "were very short",
}
_FOR_EVER = -1
_FEW = 10  # calls, which tell nothing of how many are answered


class Health:
    """How the last calls went, and the rest that follows."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._most = {row: getattr(limits, f"max_consecutive_{row}") for row in _WORDS}

    def note(self, kept: state.Health, result: CallResult, now: float) -> None:
        """A call ended."""
        if result.ending is Ending.CANCELLED:
            return
        talk_s = (result.talk_s or 0.0) if result.ending is Ending.ANSWERED else None
        rows = _ROWS[result.ending]
        if talk_s is not None and talk_s < self._limits.short_below_s:
            rows = (*rows, "short")
        kept.rows = {row: kept.rows.get(row, 0) + 1 for row in rows}
        kept.recent = [*kept.recent, talk_s][-self._limits.floor_calls :]
        self._judge(kept, now)

    def block(self, kept: state.Health, now: float) -> Block | None:
        """The rest, if there is one; when the clock goes back, it begins anew."""
        if kept.rest_why is None:
            return None
        if self._limits.rest_s == _FOR_EVER:
            message = f"{kept.rest_why} The line rests until a person enables it."
            return Block(Reason.RESTING, message)
        kept.rest_at = min(kept.rest_at, now)
        until = kept.rest_at + self._limits.rest_s
        if now < until:
            return Block(Reason.RESTING, f"{kept.rest_why} The line rests.", until)
        kept.rest_why = None
        return None

    def _judge(self, kept: state.Health, now: float) -> None:
        floor = self._floor(kept.recent)
        if floor is not None:
            kept.recent = []
        elif len(kept.recent) == self._limits.floor_calls:
            kept.alarm = None
        why = floor or self._row(kept.rows)
        if why is None:
            return
        kept.rows = {}
        if floor or self._limits.rest_s == _FOR_EVER:
            kept.alarm = why
        if self._limits.rest_s:
            kept.rest_why, kept.rest_at = why, now

    def _row(self, rows: Mapping[str, int]) -> str | None:
        for row, most in self._most.items():
            if most is not None and rows.get(row, 0) >= most:
                return f"{most} calls in a row {_WORDS[row]}."
        return None

    def _floor(self, recent: list[float | None]) -> str | None:
        limits, number = self._limits, len(recent)
        if number < limits.floor_calls:
            return None
        talks = [talk_s for talk_s in recent if talk_s is not None]
        if limits.asr_floor is not None and len(talks) < limits.asr_floor * number:
            return f"Only {len(talks)} of the last {number} calls were answered."
        if limits.acd_floor_s and talks and sum(talks) < limits.acd_floor_s * len(talks):
            mean = sum(talks) / len(talks)
            return f"The last {len(talks)} answered calls took only {mean:.1f} s on average."
        return None


def answer_rate(kept: state.Health) -> float | None:
    """Share of the last calls that was answered, 0 to 1; None while they are few."""
    if len(kept.recent) < _FEW:
        return None
    return sum(talk_s is not None for talk_s in kept.recent) / len(kept.recent)


def enable(kept: state.Health) -> None:
    """A person ends the rest and has seen the alarm."""
    kept.rest_why = kept.alarm = None
    kept.rows, kept.recent = {}, []
