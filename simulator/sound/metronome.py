"""One timer for the sound of all devices, each on a clock of its own."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from simulator.clock import Clock

_GRID_S = 0.002  # beats within this time share one wake-up
_LOST_S = 1.0  # further behind than this (the machine slept), the missed beats are given up


class Beat:
    """A callback that comes at a steady pace until it is stopped."""

    def __init__(self, period_s: float, due_s: float, callback: Callable[[], object]) -> None:
        self.period_s = period_s
        self.due_s = due_s
        self.callback = callback
        self.stopped = False

    def stop(self) -> None:
        """Come no more."""
        self.stopped = True


class Metronome:
    """Due times are counted, not slept: no beat is lost when the loop is late, none drifts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[float, int, Beat]] = []
        self._tickets = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether a timer is waiting: never, while nothing sounds."""
        return self._timer is not None

    def every(self, period_s: float, callback: Callable[[], object]) -> Beat:
        """Call back every so many seconds, for the first time after one period.

        In a world whose speed is not 1 there is no sound: the callback never comes.
        """
        beat = Beat(period_s, self._clock.now() + period_s, callback)
        if self._clock.speed == 1:
            self._push(beat)
            if self._timer is None:
                self._arm()
        return beat

    def _push(self, beat: Beat) -> None:
        heapq.heappush(self._queue, (beat.due_s, next(self._tickets), beat))

    def _arm(self) -> None:
        while self._queue and self._queue[0][2].stopped:
            heapq.heappop(self._queue)
        if not self._queue:
            self._timer = None
            return
        at_s = math.ceil(self._queue[0][0] / _GRID_S) * _GRID_S
        self._timer = self._clock.later(max(0.0, at_s - self._clock.now()), self._ring)

    def _ring(self) -> None:
        """Call back whatever is due, once for each time that it was."""
        now = self._clock.now()
        while self._queue and self._queue[0][0] <= now:
            _, _, beat = heapq.heappop(self._queue)
            if beat.stopped:
                continue
            beat.due_s += beat.period_s
            if now - beat.due_s > _LOST_S:
                beat.due_s = now + beat.period_s
            self._push(beat)
            beat.callback()
        self._arm()
