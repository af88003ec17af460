"""Thirty-two lines at once: every call has its CDR, and the loop is never held for long."""

import asyncio
import gc
import time
from collections import Counter

from mqtt.messages import Cdr, Event
from mqtt.vocabulary import Cause
from simulator.calls import Outcome
from tests.edge.conftest import Open
from tests.edge.worlds import soon

LINES, CALLS = 32, 200
CROWD = {"share": 1, "does": "answer", "answer_after_s": (1, 10), "talk_s": (1, 20)}
GRUMPY = {"share": 1, "does": "busy"}
HELD_S = 0.1  # of the loop's own work between two turns
STALLED_S = 1.0  # the same on the clock on the wall: other programs run too


class Pulse:
    """Beats on the loop and notes the longest pause between two beats."""

    def __init__(self) -> None:
        self.held_s = self.stalled_s = 0.0
        self._beat(time.thread_time(), time.monotonic())

    def _beat(self, worked: float, then: float) -> None:
        work, now = time.thread_time(), time.monotonic()
        self.held_s = max(self.held_s, work - worked)
        self.stalled_s = max(self.stalled_s, now - then)
        self._next = asyncio.get_running_loop().call_later(0.005, self._beat, work, now)

    def stop(self) -> None:
        self._next.cancel()


async def test_two_hundred_calls_on_thirty_two_lines(open_world: Open) -> None:
    families = ("quectel", "simcom", "huawei", "generic")
    modems = [{"family": families[n % 4]} for n in range(LINES)]
    config = {"dispatcher": {"queue_limit": CALLS}}
    began = time.monotonic()
    async with open_world(*modems, config=config, callees=[CROWD, GRUMPY]) as world:
        gc.collect()
        gc.freeze()  # what other tests left behind is not this test's to sweep
        pulse = Pulse()
        for n in range(CALLS):
            text = f'{{"id": "d{n}", "to": "+49309{n:06}", "expires_at": "{soon(60)}"}}'
            await world.ear.publish("dial", text.encode())
        await world.ear.until(lambda: len(world.ear.heard.of(Cdr)) >= CALLS, 30)
        pulse.stop()
        gc.unfreeze()
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
    assert pulse.held_s < HELD_S
    assert pulse.stalled_s < STALLED_S
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
