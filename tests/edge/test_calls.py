"""Outgoing calls, told state by state and closed by one CDR, in each family's dialect."""

from typing import Any

import pytest

from mqtt.vocabulary import Result
from simulator.calls import Side
from tests.edge.conftest import Open
from tests.edge.worlds import (
    ANSWERS,
    BARRED,
    BUSY,
    NETWORK_ERROR,
    NO_ANSWER,
    REJECTS,
    RINGS,
    STAYS,
    UNASSIGNED,
    UNREACHABLE,
    World,
    eventually,
)

FAMILIES: list[dict[str, Any]] = [
    {"family": "generic"},
    {"family": "quectel"},
    {"family": "simcom"},
    {"family": "simcom", "model": "SIMCOM_SIM800L"},
    {"family": "huawei"},
]
each_family = pytest.mark.parametrize(
    "modem", FAMILIES, ids=lambda modem: modem.get("model", modem["family"])
)
BY = {"caller": "local", "callee": "remote", "network": "network"}
RUNG = ["dialing", "alerting", "ended"]
FAILED = ["dialing", "ended"]
ENDS = [
    (ANSWERS, "normal", ["dialing", "alerting", "answered", "ended"]),
    (BUSY, "busy", FAILED),
    (NO_ANSWER, "no_answer", RUNG),
    (REJECTS, "rejected", RUNG),
    (UNASSIGNED, "unassigned", FAILED),
    (UNREACHABLE, "unreachable", FAILED),
    (NETWORK_ERROR, "network_error", FAILED),
    (BARRED, "barred", FAILED),
]


async def until_quiet(world: World) -> None:
    """Let the gateway say all it has to say: it answers after what it was asked before."""
    assert (await world.ear.ask("sync")).result is Result.DONE


@each_family
@pytest.mark.parametrize(("number", "cause", "states"), ENDS, ids=[end[1] for end in ENDS])
async def test_each_end_of_a_call_is_told_as_it_was(
    open_world: Open, modem: dict[str, Any], number: str, cause: str, states: list[str]
) -> None:
    patience = {"ring_timeout_s": 4} if number == NO_ANSWER else {}
    async with open_world(modem, network=patience) as world:
        call = await world.dial(number, tag="campaign 7")
        cdr = await world.ear.cdr(call)
        [truth] = world.calls
        assert world.ear.states(call) == states
        assert (cdr.cause, cdr.hangup_by) == (cause, BY[truth.ended_by or ""])
        assert (cdr.number, cdr.tag, cdr.direction) == (number, "campaign 7", "outgoing")
        assert (cdr.talk_s > 0) == (truth.answered_s is not None) == (cdr.answered_at is not None)
        assert cdr.sim == world.modem.cards[0].part.iccid
        last = world.ear.events(call)[-1]
        assert (last.cause, last.raw_cause) == (cdr.cause, cdr.raw_cause)
        await world.ready()


@each_family
@pytest.mark.parametrize(
    ("number", "state", "cause", "outcome"),
    [
        (RINGS, "dialing", "cancelled", "cancelled"),
        (RINGS, "alerting", "cancelled", "cancelled"),
        (STAYS, "answered", "normal", "answered"),
    ],
)
async def test_a_call_is_hung_up_in_each_state(
    open_world: Open, modem: dict[str, Any], number: str, state: str, cause: str, outcome: str
) -> None:
    slow = {"setup_s": 100_000} if state == "dialing" else {}
    async with open_world(modem, network=slow) as world:
        call = await world.dial(number)
        await world.ear.state(call, state)
        await eventually(lambda: world.calls)
        assert (await world.ear.ask("hangup", call_id=call)).result is Result.ACCEPTED
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == (cause, "local")
        [truth] = world.calls
        assert (truth.outcome, truth.ended_by) == (outcome, Side.CALLER)
        assert world.ear.states(call)[-2:] == [state, "ended"]
        await world.ready()


async def test_a_call_is_hung_up_before_its_dial_command_is_out(open_world: Open) -> None:
    async with open_world() as world:
        for n in range(5):
            call = await world.dial(RINGS)
            await world.ear.ask("hangup", call_id=call)
            assert (await world.ear.cdr(call)).cause == "cancelled"
            await world.ready()
            assert len(world.calls) <= n + 1
        assert all(truth.ended_s is not None for truth in world.calls)


async def test_an_end_told_three_times_is_one_end(open_world: Open) -> None:
    for family in ("generic", "quectel", "simcom", "huawei"):
        async with open_world({"family": family, "oddities": {"triple_end": 1}}) as world:
            for number, cause in ((ANSWERS, "normal"), (BUSY, "busy"), (REJECTS, "rejected")):
                call = await world.dial(number)
                assert (await world.ear.cdr(call)).cause == cause
                await until_quiet(world)
                await world.ready()


async def test_a_call_lives_through_all_that_a_modem_does_to_its_lines(open_world: Open) -> None:
    odd = dict.fromkeys(("interleaved_urcs", "nuls", "double_cr", "echo_returns"), 0.5)
    modems = ({"family": "simcom", "oddities": odd}, {"family": "quectel", "oddities": odd})
    async with open_world(*modems) as world:
        calls = [await world.dial(ANSWERS) for _ in range(6)]
        causes = [(await world.ear.cdr(call)).cause for call in calls]
        assert causes == ["normal"] * 6
        assert [truth.outcome for truth in world.calls] == ["answered"] * 6


async def test_a_modem_that_says_active_at_ringback_is_not_believed(open_world: Open) -> None:
    modem = {"family": "simcom", "model": "A7672E", "oddities": {"early_connect": 1}}
    async with open_world(modem) as world:
        call = await world.dial(ANSWERS)
        assert (await world.ear.state(call, "answered")).answer_evidence == "unknown"
        assert (await world.ear.cdr(call)).answer_evidence == "unknown"


async def test_a_call_that_nobody_answers_is_given_up(open_world: Open) -> None:
    async with open_world(running=False) as world:
        world.limit(ring_timeout_s=0.2)
        world.start()
        await world.ready()
        call = await world.dial(RINGS)
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("no_answer", "local")
        assert world.calls[0].ended_by is Side.CALLER


async def test_a_call_longer_than_it_may_be_is_ended(open_world: Open) -> None:
    async with open_world(running=False) as world:
        world.limit(max_call_s=0.2)
        world.start()
        await world.ready()
        call = await world.dial(STAYS)
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("normal", "local")
        assert 0.15 < cdr.talk_s < 2


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom", "huawei"])
async def test_digits_go_out_in_order(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        call = await world.dial(STAYS)
        early = await world.ear.ask(
            "dtmf", call_id=call, digits="1", expires_at="2099-01-01T00:00:00Z"
        )
        assert (early.result, early.reason) == ("refused", "wrong_state")
        await world.ear.state(call, "answered")
        await world.ear.ask("dtmf", call_id=call, digits="12#", expires_at="2099-01-01T00:00:00Z")
        await eventually(lambda: len(world.calls[0].digits) == 3)
        assert world.calls[0].digits == [(Side.CALLER, digit) for digit in "12#"]


@pytest.mark.parametrize("family", ["quectel", "simcom", "huawei"])
async def test_digits_come_in_as_events_of_the_call(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        call = await world.dial(STAYS)
        await world.ear.state(call, "answered")
        for digit in "7*":
            world.calls[0].press(Side.CALLEE, digit)
        ear = world.ear
        await ear.until(lambda: [e.dtmf for e in ear.events(call) if e.dtmf] == ["7", "*"])
        assert {event.state for event in ear.events(call) if event.dtmf} == {"answered"}
