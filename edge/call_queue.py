"""Calls that wait for a line: the higher priority first, inside one priority the older first."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from edge.calls import Call
from edge.candidates import Wanted

PRIORITIES = 10  # 0 to 9, 9 first: `priority` of a dial command
EMERGENCY = PRIORITIES  # before all of them


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call and what it wants of a line."""

    call: Call
    wanted: Wanted
    priority: int


class CallQueue:
    """For `limit` calls; its user sees to that. Only `waiting` looks at all of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: dict[str, Waiting] = {}
        self._lanes: list[dict[str, Waiting]] = [{} for _ in range(EMERGENCY + 1)]
        self._expiries: list[tuple[datetime, str]] = []  # in order

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return len(self) >= self._limit

    def holds(self, priority: int) -> bool:
        """Whether a call waits that goes before a new one of this priority."""
        return any(self._lanes[priority:])

    def add(self, call: Call, wanted: Wanted, priority: int = 0) -> None:
        """Let a call wait, last in its priority."""
        entry = Waiting(call, wanted, priority)
        self.remove(call.call_id)
        self._calls[call.call_id] = self._lanes[priority][call.call_id] = entry
        if call.expires_at:
            insort(self._expiries, (call.expires_at, call.call_id))

    def remove(self, call_id: str) -> None:
        """The call waits no more."""
        entry = self._calls.pop(call_id, None)
        if entry is None:
            return
        del self._lanes[entry.priority][call_id]
        if entry.call.expires_at:
            del self._expiries[bisect_left(self._expiries, (entry.call.expires_at, call_id))]

    def waiting(self) -> Iterator[Waiting]:
        """All that wait, in the order in which they are served; remove them as you like."""
        for lane in reversed(self._lanes):
            yield from tuple(lane.values())

    def overdue(self, at: datetime) -> list[Call]:
        """Those whose time is over, the first to expire first."""
        end = bisect_right(self._expiries, at, key=lambda expiry: expiry[0])
        return [self._calls[call_id].call for _, call_id in self._expiries[:end]]

    def next_expiry(self) -> datetime | None:
        """When the next one will be overdue."""
        return self._expiries[0][0] if self._expiries else None
