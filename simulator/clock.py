"""Simulated time: the loop's clock, `speed` times faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from simulator.fields import Span

P = ParamSpec("P")


def seeded(*parts: object) -> Random:
    """Return a generator whose numbers depend only on the parts."""
    return Random(":".join(map(str, parts)))  # noqa: S311 - a repeatable world is the purpose


def draw(span: Span, rng: Random) -> float:
    """Draw a value from a fixed number or a (low, high) pair."""
    return rng.uniform(*span) if isinstance(span, tuple) else span


class Clock:
    """Simulated seconds since the start."""

    def __init__(self, loop: asyncio.AbstractEventLoop, speed: float) -> None:
        self._loop = loop
        self.speed = speed
        self._origin = loop.time()
        self._began = datetime.now(tz=UTC)

    def now(self) -> float:
        """Return simulated seconds since the start."""
        return (self._loop.time() - self._origin) * self.speed

    def date(self, at_s: float) -> datetime:
        """Return the day and time of the simulated world, which began when it was made."""
        return self._began + timedelta(seconds=at_s)

    def later(
        self, seconds: float, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.TimerHandle:
        """Call back after so many simulated seconds."""
        return self._loop.call_later(seconds / self.speed, lambda: callback(*args, **kwargs))


class Timers:
    """The timers of one owner, who can cancel them all at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: set[asyncio.TimerHandle] = set()

    def later(
        self, seconds: float, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.TimerHandle:
        """Call back after so many simulated seconds, unless cancelled before."""

        def fire() -> None:
            self._running.discard(handle)
            callback(*args, **kwargs)

        handle = self._clock.later(seconds, fire)
        self._running.add(handle)
        return handle

    def cancel(self, handle: asyncio.TimerHandle) -> None:
        """Cancel one; one that has fired is no error."""
        handle.cancel()
        self._running.discard(handle)

    def cancel_all(self) -> None:
        """Cancel every timer that has not fired."""
        for handle in self._running:
            handle.cancel()
        self._running.clear()
