"""The clock of all calls, in a loop whose time is moved by hand."""

import asyncio
from collections.abc import Callable

import pytest

from edge.voice.clock import READ_S, MediaClock
from modem.pcm import FRAME_S


class HandLoop:
    """As much of an event loop as the clock asks of it: time, and timers that are fired late."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []
        self._real = asyncio.get_running_loop()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = self._real.call_later(3600, call)
        self.timers.append((when, call, handle))
        return handle

    def move(self, seconds: float, late: float = 0.0) -> None:
        """Let time pass; each timer fires `late` seconds after it is due."""
        end = self.now + seconds
        while due := [t for t in self.timers if not t[2].cancelled() and t[0] + late <= end + 1e-9]:
            timer = min(due, key=lambda t: t[0])
            self.timers.remove(timer)
            timer[2].cancel()
            self.now = max(self.now, timer[0] + late)
            timer[1]()
        self.now = end


@pytest.fixture
async def loop(monkeypatch: pytest.MonkeyPatch) -> HandLoop:
    made = HandLoop()
    monkeypatch.setattr("edge.voice.clock.asyncio.get_running_loop", lambda: made)
    return made


async def test_ticks_come_each_20_ms_and_never_drift(loop: HandLoop) -> None:
    clock, seen = MediaClock(), list[float]()
    clock.add(seen.append)
    loop.move(60, late=0.004)
    assert clock.ticks == len(seen) == 2999
    assert seen[-1] == pytest.approx(100 + 2999 * FRAME_S + 0.004)
    assert clock.lost == 0


async def test_two_ticks_are_caught_up(loop: HandLoop) -> None:
    clock, seen = MediaClock(), list[float]()
    clock.add(seen.append)
    loop.move(0.02)
    loop.now += 0.045  # the loop was busy: two ticks are due
    loop.move(0)
    assert clock.ticks == 1  # what came meanwhile is read first
    loop.move(READ_S)
    assert (clock.ticks, clock.lost, len(seen)) == (3, 0, 3)
    loop.move(0.015)
    assert (clock.ticks, clock.lost) == (4, 0)


async def test_of_more_ticks_than_two_one_is_made_up_and_the_rest_is_lost(loop: HandLoop) -> None:
    clock, seen = MediaClock(), list[float]()
    clock.add(seen.append)
    loop.move(0.02)
    loop.now += 0.105  # five are due
    loop.move(READ_S)
    assert (clock.ticks, clock.lost, len(seen)) == (2, 4, 2)
    loop.move(0.015)
    assert (clock.ticks, clock.lost) == (3, 4)
    assert seen[-1] == pytest.approx(100.14)


async def test_the_clock_stops_when_nobody_needs_it_and_goes_again(loop: HandLoop) -> None:
    clock, seen, other = MediaClock(), list[float](), list[float]()
    clock.add(seen.append)
    clock.add(other.append)
    loop.move(0.04)
    clock.remove(seen.append)
    clock.remove(seen.append)
    loop.move(0.04)
    clock.remove(other.append)
    loop.move(10)
    assert (len(seen), len(other), clock.ticks) == (2, 4, 4)
    assert all(timer[2].cancelled() for timer in loop.timers)
    clock.add(seen.append)
    loop.move(0.04)
    assert (len(seen), clock.lost) == (4, 0)


async def test_who_raises_is_dropped_and_the_others_go_on(
    loop: HandLoop, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: float) -> None:
        raise ValueError("broken")

    clock, seen = MediaClock(), list[float]()
    clock.add(fail)
    clock.add(seen.append)
    loop.move(0.2)
    assert len(seen) == 10
    assert caplog.text.count("has no sound any more") == 1


async def test_one_may_leave_and_join_in_a_tick(loop: HandLoop) -> None:
    clock, seen = MediaClock(), list[float]()

    def once(_: float) -> None:
        clock.remove(once)
        clock.add(seen.append)

    clock.add(once)
    loop.move(0.06)
    assert len(seen) == 2


async def test_it_ticks_in_a_real_loop() -> None:
    clock, done = MediaClock(), asyncio.Event()

    def tick(_: float) -> None:
        if clock.ticks >= 3:
            done.set()

    clock.add(tick)
    async with asyncio.timeout(5):
        await done.wait()
    clock.remove(tick)
