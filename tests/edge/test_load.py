"""Thirty-two lines at once: every call has its CDR, and the loop is never held for long."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mqtt.messages import Cdr, Event
from mqtt.vocabulary import Cause
from simulator.calls import Outcome
from tests.edge.conftest import Open
from tests.edge.worlds import soon

LINES, CALLS = 32, 200
CROWD = {"share": 1, "does": "answer", "answer_after_s": (1, 10), "talk_s": (1, 20)}
GRUMPY = {"share": 1, "does": "busy"}
HELD_S = 0.1  # of the processor's time in one callback, as asyncio's own check of slow ones has it


@contextmanager
def longest_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Fill in the longest that a callback held the loop, but for the steps of the test itself."""
    run, own, longest = asyncio.Handle._run, asyncio.current_task(), [0.0]

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        callback = getattr(handle, "_callback", None)
        if getattr(callback, "__self__", None) is not own:
            longest[0] = max(longest[0], time.thread_time() - began)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", timed)
        gc.collect()
        gc.freeze()  # what other tests left behind is not this test's to sweep
        yield longest
        gc.unfreeze()


async def test_two_hundred_calls_on_thirty_two_lines(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = ("quectel", "simcom", "huawei", "generic")
    modems = [{"family": families[n % 4]} for n in range(LINES)]
    config = {"dispatcher": {"queue_limit": CALLS}}
    began = time.monotonic()
    async with open_world(*modems, config=config, callees=[CROWD, GRUMPY]) as world:
        with longest_step(monkeypatch) as longest:
            for n in range(CALLS):
                text = f'{{"id": "d{n}", "to": "+49309{n:06}", "expires_at": "{soon(60)}"}}'
                await world.ear.publish("dial", text.encode())
            await world.ear.until(lambda: len(world.ear.heard.of(Cdr)) >= CALLS, 30)
        assert longest[0] < HELD_S
        cdrs = world.ear.heard.of(Cdr)
        truth = {call.callee_number: call for call in world.calls}
        assert len(truth) == len(world.calls) == CALLS
        assert {cdr.number for cdr in cdrs} == truth.keys()
        outcomes = Counter(call.outcome for call in world.calls)
        told = Counter(cdr.cause for cdr in cdrs)
        assert (told[Cause.NORMAL], told[Cause.BUSY]) == (
            outcomes[Outcome.ANSWERED],
            outcomes[Outcome.BUSY],
        )
        events = world.ear.heard.of(Event)
        assert len({event.event_id for event in events}) == len(events)
        await world.ready(LINES)
    assert time.monotonic() - began < 30


async def test_a_burst_of_messages_and_rings_is_taken_whole(open_world: Open) -> None:
    async with open_world(*[{"family": "simcom"}] * 4) as world:
        numbers = [modem.cards[0].number for modem in world.sim.modems.values()]
        for n in range(200):
            world.sim.network.send_sms("+491701234567", numbers[n % 4], f"Nummer {n}")
        calls = [world.sim.network.call("+491701234567", number) for number in numbers]
        await world.ear.until(lambda: len(world.ear.sms()) >= 200)
        assert {event.text for event in world.ear.sms()} == {f"Nummer {n}" for n in range(200)}
        assert len(world.ear.sms()) == 200
        for call in calls:
            call.hang_up()
        await world.ear.until(lambda: len(world.ear.heard.of(Cdr)) == 4)
