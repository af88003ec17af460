"""Which line takes a call: a pure choice, and the queue of calls that wait for one.

Guards cut the lines that may not take the call; each cut has a reason that an operator can read.
Policies then rank what is left, the first policy first, the next among equals.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.models import Policy
from edge.calls import Call
from mqtt.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the choice needs to know of a line; `not_ready` says why it may not be used now."""

    line: str
    not_ready: str | None
    calls: int  # made so far
    last_used: float  # seconds of the monotonic clock, 0 for never


@dataclass(frozen=True, slots=True)
class Chosen:
    """The line that takes the call."""

    line: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A line exists and may be free later."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """No line can take the call, now or later."""

    reason: Reason
    message: str


_RANKS: Mapping[Policy, Callable[[Candidate], float]] = {
    Policy.LEAST_USED: lambda line: line.calls,
    Policy.ROUND_ROBIN: lambda line: line.last_used,
}


def choose(
    wanted: str | None, lines: Iterable[Candidate], policies: Sequence[Policy]
) -> Chosen | Wait | Refusal:
    """Choose a line for a call that may ask for one by name (`wanted`). Pure."""
    known = [line for line in lines if wanted in {None, line.line}]
    if not known:
        return _nothing(wanted)
    ready = [line for line in known if line.not_ready is None]
    if not ready:
        return Wait()
    best = min(ready, key=lambda line: [_RANKS[policy](line) for policy in policies])
    return Chosen(best.line)


def _nothing(wanted: str | None) -> Refusal:
    if wanted is None:
        return Refusal(
            Reason.NO_LINE, "The gateway has no line; plug a modem in and see `trunkline lines`."
        )
    return Refusal(
        Reason.UNKNOWN_LINE, f"There is no line {wanted}; `trunkline lines` shows those there are."
    )


class CallQueue:
    """Calls that wait for a line, first come, first served, none past its `expires_at`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: dict[str, tuple[Call, str | None]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return len(self._calls) >= self._limit

    def add(self, call: Call, wanted: str | None) -> None:
        """Let a call wait, for any line or a wanted one."""
        self._calls[call.call_id] = (call, wanted)

    def remove(self, call_id: str) -> None:
        """The call waits no more."""
        self._calls.pop(call_id, None)

    def waiting(self) -> list[tuple[Call, str | None]]:
        """All that wait, the longest first, with the line that each wants."""
        return list(self._calls.values())

    def overdue(self, at: datetime) -> list[Call]:
        """Those whose time is over."""
        return [
            call for call, _ in self._calls.values() if call.expires_at and call.expires_at <= at
        ]

    def next_expiry(self) -> datetime | None:
        """When the next one will be overdue."""
        times = [call.expires_at for call, _ in self._calls.values() if call.expires_at]
        return min(times, default=None)
