"""Calls that wait for a line: served when one may be free, given up when their time is over."""

import asyncio
from collections.abc import Callable

from edge import clock
from edge.call_queue import CallQueue, Waiting
from edge.calls import Call
from edge.dispatcher import Chosen, Wait
from edge.placement import Placement

NO_LINE = "no line became free before the command expired"
LEAST_PAUSE_S = 0.05  # a clock that is a little early must not be asked again and again


class WaitingRoom:
    """`start` is given each call that got a line, `make_room` the line that one waits for.

    `give_up` is given each that waited in vain, and why.
    """

    def __init__(
        self,
        queue: CallQueue,
        placement: Placement,
        start: Callable[[Waiting, Chosen], None],
        make_room: Callable[[Chosen], None],
        give_up: Callable[[Call, str], None],
    ) -> None:
        self._queue = queue
        self._placement = placement
        self._start = start
        self._make_room = make_room
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._due = False

    @property
    def full(self) -> bool:
        """Whether one more call would be too many."""
        return self._queue.full

    def add(self, waiting: Waiting) -> None:
        """Let a call wait, last in its priority."""
        self._queue.add(waiting.call, waiting.wanted, waiting.priority)

    def remove(self, call: Call) -> None:
        """The call waits no more."""
        self._queue.remove(call.call_id)

    def serve_before(self, priority: int) -> None:
        """Serve first who waits already, before a new call of this priority is placed."""
        if self._queue.holds(priority):
            self.serve()

    def serve_soon(self) -> None:
        """Serve who waits at the end of this turn of the loop, when all of it is known."""
        if self._queue and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self.serve)

    def serve(self) -> None:
        """A line may be free: let the calls that wait have it; then sleep until one may be."""
        self._due = False
        if not self._queue and not self._timer:
            return
        now = clock.now()
        for call in self._queue.overdue(now):
            self._queue.remove(call.call_id)
            self._give_up(call, NO_LINE)
        self._wake_at(self._serve_lines())

    def _serve_lines(self) -> float | None:
        """Serve what can be served; when to try again, in seconds of the epoch."""
        lines = self._placement.candidates() if self._queue else []
        soonest: float | None = None
        for waiting in self._queue.waiting():
            if soonest is not None and all(line.live or line.block for line in lines):
                break
            match self._placement.choose(waiting.wanted, lines):
                case Chosen(preempts=False, switch=False) as found:
                    self._queue.remove(waiting.call.call_id)
                    self._start(waiting, found)
                    lines = self._placement.candidates()
                case Chosen() as found:
                    self._make_room(found)
                    lines = self._placement.candidates()
                case Wait(until=float() as until):
                    soonest = min(until, soonest or until)
                case _:
                    pass
        return soonest

    def _wake_at(self, until: float | None) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        expiry = self._queue.next_expiry()
        times = [time for time in (until, expiry.timestamp() if expiry else None) if time]
        if times:
            delay = max(LEAST_PAUSE_S, min(times) - clock.now().timestamp())
            self._timer = asyncio.get_running_loop().call_later(delay, self.serve)
