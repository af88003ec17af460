"""Calls from outside: told, answered, refused, missed, and the one that waits behind another."""

from typing import Any

import pytest

from mqtt.messages import CallEvent
from mqtt.vocabulary import Result
from tests.edge.conftest import Open
from tests.edge.test_calls import each_family
from tests.edge.worlds import OUTSIDE, STAYS, World, eventually, soon

SECOND = "+491707654321"


async def answer(world: World, call: str) -> None:
    reply = await world.ear.ask("answer", call_id=call, expires_at=soon())
    assert reply.result is Result.ACCEPTED, reply


async def waiting(world: World) -> str:
    """The call_id of the caller who waits."""

    def found() -> list[CallEvent]:
        return [event for event in world.ear.heard.of(CallEvent) if event.state == "waiting"]

    await world.ear.until(found)
    return found()[0].call_id


@each_family
async def test_a_call_is_answered_and_the_caller_hangs_up(
    open_world: Open, modem: dict[str, Any]
) -> None:
    async with open_world(modem) as world:
        truth, call = await world.rung()
        first = world.ear.events(call)[0]
        assert (first.direction, first.state, first.number) == ("incoming", "alerting", OUTSIDE)
        await answer(world, call)
        await world.ear.state(call, "answered")
        assert truth.answered_s is not None
        truth.hang_up()
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by, cdr.number) == ("normal", "remote", OUTSIDE)
        assert world.ear.states(call) == ["alerting", "answered", "ended"]
        await world.ready()


@each_family
async def test_a_call_is_answered_and_hung_up_by_us(
    open_world: Open, modem: dict[str, Any]
) -> None:
    async with open_world(modem) as world:
        truth, call = await world.rung()
        await answer(world, call)
        await world.ear.state(call, "answered")
        await world.ear.ask("hangup", call_id=call)
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("normal", "local")
        assert truth.ended_by == "callee"


@each_family
async def test_a_call_is_missed(open_world: Open, modem: dict[str, Any]) -> None:
    async with open_world(modem) as world:
        truth, call = await world.rung()
        truth.hang_up()
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by, cdr.talk_s) == ("no_answer", "remote", 0)
        assert world.ear.states(call) == ["alerting", "ended"]
        await world.ready()


@each_family
async def test_a_call_is_refused(open_world: Open, modem: dict[str, Any]) -> None:
    async with open_world(modem) as world:
        truth, call = await world.rung()
        await world.ear.ask("hangup", call_id=call)
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("rejected", "local")
        assert (truth.outcome, truth.ended_by) == ("rejected", "callee")


async def test_a_caller_without_a_number_is_told_without(open_world: Open) -> None:
    async with open_world() as world:
        truth = world.sim.network.call(OUTSIDE, world.number, withheld=True)
        await world.ear.until(lambda: world.ear.heard.of(CallEvent))
        [event] = world.ear.heard.of(CallEvent)
        assert event.number == ""
        truth.hang_up()
        await world.ear.cdr(event.call_id)


async def test_a_number_that_comes_late_is_in_the_cdr(open_world: Open) -> None:
    modem = {"family": "simcom", "oddities": {"late_clip": 1}}
    async with open_world(modem) as world:
        truth, call = await world.rung()
        await eventually(lambda: world.modem.board.legs[0].rings > 1)
        await answer(world, call)
        await world.ear.state(call, "answered")
        truth.hang_up()
        assert (await world.ear.cdr(call)).number == OUTSIDE


async def test_an_outgoing_call_cannot_be_answered(open_world: Open) -> None:
    async with open_world() as world:
        call = await world.dial(STAYS)
        reply = await world.ear.ask("answer", call_id=call, expires_at=soon())
        assert (reply.result, reply.reason) == ("refused", "wrong_state")


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
async def test_a_second_caller_waits_and_gives_up(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        await eventually(lambda: world.modem.settings["+CCWA"] == "1")
        first = await world.dial(STAYS)
        await world.ear.state(first, "answered")
        truth = world.sim.network.call(SECOND, world.number)
        second = await waiting(world)
        assert world.ear.events(second)[0].number == SECOND
        truth.hang_up()
        cdr = await world.ear.cdr(second)
        assert (cdr.cause, cdr.hangup_by) == ("no_answer", "remote")
        assert world.ear.states(first)[-1] == "answered"
        assert world.calls[0].ended_s is None


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
async def test_a_second_caller_is_answered_and_the_first_held(
    open_world: Open, family: str
) -> None:
    async with open_world({"family": family}) as world:
        await eventually(lambda: world.modem.settings["+CCWA"] == "1")
        first = await world.dial(STAYS)
        await world.ear.state(first, "answered")
        truth = world.sim.network.call(SECOND, world.number)
        second = await waiting(world)
        await answer(world, second)
        await world.ear.state(second, "answered")
        assert truth.answered_s is not None
        await world.ear.state(first, "held")
        await world.ear.ask("hangup", call_id=second)
        assert (await world.ear.cdr(second)).hangup_by == "local"
        assert truth.ended_by == "callee"
        assert world.calls[0].ended_s is None
        await world.ear.ask("hangup", call_id=first)
        assert (await world.ear.cdr(first)).cause == "normal"
        await world.ready()


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom"])
async def test_a_second_caller_rings_on_when_the_first_is_gone(
    open_world: Open, family: str
) -> None:
    async with open_world({"family": family}) as world:
        await eventually(lambda: world.modem.settings["+CCWA"] == "1")
        first = await world.dial(STAYS)
        await world.ear.state(first, "answered")
        truth = world.sim.network.call(SECOND, world.number)
        second = await waiting(world)
        world.calls[0].hang_up()
        assert (await world.ear.cdr(first)).hangup_by == "remote"
        await answer(world, second)
        await world.ear.state(second, "answered")
        truth.hang_up()
        assert (await world.ear.cdr(second)).cause == "normal"
        await world.ready()
