"""More calls than lines: who waits, for how long, and which line is chosen."""

import asyncio
from collections import Counter

import pytest

from mqtt.vocabulary import Result
from tests.edge.conftest import Open
from tests.edge.worlds import ANSWERS, RINGS, STAYS, soon


async def test_calls_wait_for_lines_and_go_out_in_order(open_world: Open) -> None:
    async with open_world({}, {}) as world:
        calls = [await world.dial(ANSWERS, tag=str(n)) for n in range(7)]
        cdrs = [await world.ear.cdr(call) for call in calls]
        assert {cdr.cause for cdr in cdrs} == {"normal"}
        dialed = [cdr.dialed_at for cdr in cdrs if cdr.dialed_at]
        assert dialed == sorted(dialed)
        assert [cdr.queued_at is not None for cdr in cdrs] == [False] * 2 + [True] * 5
        assert world.ear.states(calls[-1])[0] == "queued"
        assert len(world.calls) == 7


async def test_a_new_call_does_not_overtake_those_that_wait(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.call_desk.COOL_S", 30)
    async with open_world() as world:
        first, second = [await world.dial(number) for number in (ANSWERS, STAYS)]
        await world.ear.cdr(first)
        assert world.gateway is not None
        [line] = world.gateway._fleet.lines.values()
        line.cool_until = 0.0  # its rest is over, and the timer that would tell is late
        third = await world.dial(STAYS)
        await world.ear.state(second, "answered")
        assert world.ear.states(third) == ["queued"]
        for call in (second, third):
            await world.ear.ask("hangup", call_id=call)
            await world.ear.cdr(call)


async def test_a_call_that_waits_too_long_is_over(open_world: Open) -> None:
    async with open_world() as world:
        first = await world.dial(STAYS)
        second = await world.dial(RINGS, until=soon(0.3))
        cdr = await world.ear.cdr(second)
        assert (cdr.cause, cdr.hangup_by, cdr.dialed_at) == ("cancelled", "local", None)
        assert cdr.raw_cause == "no line became free before the command expired"
        assert world.ear.states(second) == ["queued", "ended"]
        await world.ear.ask("hangup", call_id=first)
        await world.ready()
        assert len(world.calls) == 1


async def test_a_call_that_waits_is_hung_up(open_world: Open) -> None:
    async with open_world() as world:
        first = await world.dial(STAYS)
        second = await world.dial(RINGS)
        await world.ear.ask("hangup", call_id=second)
        assert (await world.ear.cdr(second)).cause == "cancelled"
        await world.ear.ask("hangup", call_id=first)
        await world.ready()
        assert len(world.calls) == 1


async def test_a_full_queue_is_said(open_world: Open) -> None:
    async with open_world(config={"dispatcher": {"queue_limit": 2}}) as world:
        calls = [await world.dial(STAYS) for _ in range(3)]
        reply = await world.order(STAYS)
        assert (reply.result, reply.reason) == ("refused", "queue_full")
        assert reply.retry_after_s
        for call in reversed(calls):
            await world.ear.ask("hangup", call_id=call)
            await world.ear.cdr(call)
        await world.ear.cdr(await world.dial(ANSWERS))


async def test_a_call_may_wait_for_one_line_by_name(open_world: Open) -> None:
    async with open_world({}, {}) as world:
        [one, two] = sorted(line.line for line in world.ear.lines())
        first = await world.dial(STAYS, line=one)
        second = await world.dial(ANSWERS, line=one)
        third = await world.dial(ANSWERS, line=two)
        await world.ear.cdr(third)
        assert world.ear.states(second) == ["queued"]
        await world.ear.ask("hangup", call_id=first)
        assert (await world.ear.cdr(second)).line == one


async def test_no_line_at_all_is_said(open_world: Open) -> None:
    async with open_world(
        {"registration_delay_s": 0}, config={"modem": []}, running=False
    ) as world:
        world.start()
        await world.ear.until(world.ear.status)
        reply = await world.order(ANSWERS)
        assert (reply.result, reply.reason) == ("refused", "no_line")


@pytest.mark.parametrize("policy", ["round_robin", "least_used"])
async def test_a_policy_shares_the_calls_evenly(
    open_world: Open, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.call_desk.COOL_S", 0)  # a line is free as soon as it says so
    async with open_world({}, {}, {}, config={"dispatcher": {"policies": [policy]}}) as world:
        for _ in range(3):
            calls = [await world.dial(ANSWERS) for _ in range(3)]
            await asyncio.gather(*(world.ear.cdr(call) for call in calls))
            await world.ready()
        used = Counter(truth.caller_number for truth in world.calls)
        assert set(used.values()) == {3}


async def test_least_used_counts_over_a_restart(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.call_desk.COOL_S", 0)  # a line is free as soon as it says so
    async with open_world({}, {}, config={"dispatcher": {"policies": ["least_used"]}}) as world:
        [one, two] = sorted(line.line for line in world.ear.lines())
        for _ in range(3):
            await world.ear.cdr(await world.dial(ANSWERS, line=one))
            await world.ready()
        await world.stop()
        world.start()
        await world.ready()
        lines = []
        for _ in range(3):
            lines.append((await world.ear.cdr(await world.dial(ANSWERS))).line)
            await world.ready()
        assert lines == [two] * 3


async def test_a_line_that_is_disabled_takes_no_call(open_world: Open) -> None:
    async with open_world({}, {}) as world:
        [one, two] = sorted(line.line for line in world.ear.lines())
        assert (await world.ear.ask("line", line=one, action="disable")).result is Result.DONE
        await world.ready(1)
        first = await world.dial(STAYS)
        second = await world.dial(ANSWERS)
        assert (await world.ear.state(first, "answered")).line == two
        assert world.ear.states(second) == ["queued"]
        await world.ear.ask("line", line=one, action="enable")
        assert (await world.ear.cdr(second)).line == one
