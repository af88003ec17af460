"""One clock for the sound of all calls: a tick each 20 ms, while anybody needs it."""

import asyncio
import logging
from collections.abc import Callable

from modem.pcm import FRAME_S

log = logging.getLogger(__name__)

CATCH_UP = 2  # ticks at once after the loop was held up; after more, what was missed is lost

LATE_S = 0.005  # the loop was held up: what has come meanwhile is still unread
READ_S = 0.001  # in which it is read; some loops run timers before they look at what has come

Tick = Callable[[float], None]


class MediaClock:
    """Calls each tick that was added, with the loop's time; who raises is dropped and logged.

    When a tick is due is computed from a start, so that being late never adds up.
    """

    def __init__(self) -> None:
        self.ticks = 0
        self.lost = 0  # ticks that were so late that nobody had them
        self._members: list[Tick] = []
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._next = 0
        self._waits = False

    def add(self, tick: Tick) -> None:
        """Call `tick` from the next tick on."""
        self._members.append(tick)
        if self._timer is None:
            self._loop = asyncio.get_running_loop()
            self._start, self._next = self._loop.time(), 1
            self._arm()

    def remove(self, tick: Tick) -> None:
        """Call it no more; the clock stops with the last one. Safe to call twice."""
        if tick in self._members:
            self._members.remove(tick)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        due = self._start + self._next * FRAME_S
        self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        now = self._loop.time()
        self._waits = not self._waits and now - self._start - self._next * FRAME_S > LATE_S
        if self._waits:
            self._timer = self._loop.call_at(now + READ_S, self._wake)
            return
        due = max(int((now - self._start) / FRAME_S) - self._next + 1, 1)
        done = due if due <= CATCH_UP else 1
        self._next += due
        self.ticks += done
        self.lost += due - done
        self._arm()
        for _ in range(done):
            self._tick(now)

    def _tick(self, now: float) -> None:
        for member in tuple(self._members):
            try:
                member(now)
            except Exception:  # one call's fault must not silence the others
                log.exception("a call has no sound any more")
                self.remove(member)
