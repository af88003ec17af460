"""Limits and guards in force: lines rest, others take over, calls are cut, plans are kept."""

import asyncio
from typing import Any

import pytest

from drivers.messaging import Messaging, SendFailed
from edge.control_client import ControlClient
from modem.sms.pdu import EncodedPdu
from mqtt.messages import CallEvent, Choice, MoneyEvent
from mqtt.vocabulary import Reason, Result, Verb
from tests.edge.conftest import Open
from tests.edge.worlds import (
    ANSWERS,
    BUSY,
    NETWORK_ERROR,
    OUTSIDE,
    STAYS,
    World,
    eventually,
    soon,
)

TELLS = {"family": "quectel"}


def limits(**keys: Any) -> dict[str, Any]:
    return {"config": {"limits": keys}}


async def why(world: World, to: str, **fields: Any) -> Choice:
    reply = await world.ear.ask("why", to=to, **fields)
    assert reply.result is Result.DONE, reply
    assert isinstance(reply.data, Choice)
    return reply.data


@pytest.fixture(autouse=True)
def _quick(open_world: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is free as soon as its call is over; `open_world` lets it cool a little."""
    assert callable(open_world)
    monkeypatch.setattr("edge.call_desk.COOL_S", 0)


async def test_a_line_at_its_limit_gives_way_to_another(open_world: Open) -> None:
    async with open_world(TELLS, TELLS, **limits(max_calls_day=1)) as world:
        lines = [(await world.ear.cdr(await world.dial(ANSWERS))).line for _ in range(2)]
        assert len(set(lines)) == 2
        await world.ear.until(lambda: {line.state for line in world.ear.lines()} == {"exhausted"})
        [one, _] = world.ear.lines()
        assert one.reason == "1 of 1 calls of the day are used."
        assert one.until is not None
        assert [(use.limit, use.used, use.most) for use in one.use or ()][:1] == [
            ("max_calls_day", 1.0, 1.0)
        ]
        reply = await world.order(ANSWERS)
        assert (reply.result, reply.reason) == (Result.REFUSED, Reason.LIMIT_REACHED)
        assert reply.message
        assert "1 of 1 calls of the day are used." in reply.message
        assert reply.retry_after_s
        told = await why(world, ANSWERS)
        assert {row.reason for row in told.lines} == {"limit_reached"}
        assert all(row.until for row in told.lines)
        assert (told.line, told.reason) == (None, Reason.LIMIT_REACHED)


async def test_limits_count_over_a_restart(open_world: Open) -> None:
    async with open_world(TELLS, **limits(max_calls_day=2)) as world:
        await world.ear.cdr(await world.dial(ANSWERS))
        await world.stop()
        world.start()
        await world.ready()
        await world.ear.cdr(await world.dial(ANSWERS))
        reply = await world.order(ANSWERS)
        assert reply.reason is Reason.LIMIT_REACHED


async def test_a_long_call_is_warned_of_its_end_and_ended(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.limits.account.WARN_S", 0.5)
    async with open_world(TELLS, **limits(max_minutes_day=10)) as world:
        call = await world.dial(STAYS, max_duration_s=1)
        await world.ear.state(call, "answered")
        cdr = await world.ear.cdr(call)
        assert cdr.hangup_by == "local"
        warnings = [
            event.cut_in_s
            for event in world.ear.heard.of(CallEvent)
            if event.call_id == call and event.cut_in_s is not None
        ]
        assert len(warnings) == 1
        assert warnings[0] <= 0.6


async def test_a_line_rests_after_calls_that_failed_in_a_row(open_world: Open) -> None:
    async with open_world(TELLS, **limits(max_consecutive_failed=2, rest_s=600)) as world:
        for _ in range(2):
            await world.ear.cdr(await world.dial(NETWORK_ERROR))
        await world.ear.until(lambda: world.ear.lines()[0].state == "resting")
        reply = await world.order(ANSWERS)
        assert reply.reason is Reason.RESTING
        assert reply.retry_after_s
        line = world.ear.lines()[0].line
        assert (await world.ear.ask("line", line=line, action="enable")).result is Result.DONE
        assert (await world.order(ANSWERS)).reason is Reason.RESTING
        owner = ControlClient(world.config.control.socket)
        await asyncio.to_thread(owner.command, Verb.LINE, line=line, action="enable")
        await world.ready()
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


async def test_a_line_reserved_for_callers_takes_no_call_but_messages(open_world: Open) -> None:
    config = limits(reserve_for_incoming=True)
    async with open_world(TELLS, running=False, **config) as world:
        world.start()
        await world.ear.until(lambda: [line.state for line in world.ear.lines()] == ["resting"])
        assert (await world.order(ANSWERS)).reason is Reason.RESERVED_FOR_INCOMING
        sent = await world.ear.ask("sms", to=OUTSIDE, text="ja", expires_at=soon())
        assert sent.result is Result.ACCEPTED
        _, call_id = await world.rung()
        await world.ear.ask("answer", call_id=call_id, expires_at=soon())
        await world.ear.state(call_id, "answered")


async def test_messages_have_limits_too(open_world: Open) -> None:
    async with open_world(TELLS, **limits(max_sms_day=1)) as world:
        first = await world.ear.ask("sms", to=OUTSIDE, text="eins", expires_at=soon())
        assert first.result is Result.ACCEPTED
        await world.ear.until(lambda: [e for e in world.ear.sms() if e.state == "sent"])
        second = await world.ear.ask("sms", to=OUTSIDE, text="zwei", expires_at=soon())
        assert second.reason is Reason.LIMIT_REACHED
        assert second.message == "1 of 1 SMS of the day are used."
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


async def test_an_emergency_call_passes_every_limit_and_ends_another_call(
    open_world: Open,
) -> None:
    async with open_world(TELLS, **limits(max_calls_day=1)) as world:
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        emergency = await world.dial("112")
        assert (await world.ear.cdr(live)).hangup_by == "local"
        await world.ear.state(emergency, "dialing")
        await eventually(lambda: len(world.calls) == 2)
        await world.ear.ask("hangup", call_id=emergency)
        await world.ear.cdr(emergency)


async def test_a_sim_in_a_resting_slot_takes_over(open_world: Open) -> None:
    modem = {"family": "quectel", "model": "EC25", "sims": [{}, {}]}
    async with open_world(modem, **limits(max_calls_day=2)) as world:
        first = world.ear.lines()[0].line
        await world.ear.ask("line", line=first, action="switch_sim", slot=2)
        await world.ear.until(lambda: len(world.ear.lines()) == 2)
        await world.ready(1)
        [second] = [line.line for line in world.ear.lines() if line.line != first]
        for _ in range(2):
            assert (await world.ear.cdr(await world.dial(ANSWERS))).line == second
        await world.ear.until(lambda: "exhausted" in {line.state for line in world.ear.lines()})
        told = await why(world, ANSWERS)
        assert [(row.line, row.rank, row.switch_s) for row in told.lines if row.rank] == [
            (first, 1, 20.0)
        ]
        assert (await world.ear.cdr(await world.dial(ANSWERS))).line == first
        switches = [
            use.used
            for line in world.ear.lines()
            for use in line.use or ()
            if line.line == first and use.limit == "max_switches_day"
        ]
        assert switches == [1.0]


async def test_a_call_that_waits_may_have_a_sim_switched_to(open_world: Open) -> None:
    modem = {"family": "quectel", "model": "EC25", "sims": [{}, {}]}
    async with open_world(modem, **limits(max_calls_day=1)) as world:
        first = world.ear.lines()[0].line
        await world.ear.ask("line", line=first, action="switch_sim", slot=2)
        await world.ear.until(lambda: len(world.ear.lines()) == 2)
        await world.ready(1)
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        waiting = await world.dial(ANSWERS)
        await world.ear.ask("hangup", call_id=live)
        assert (await world.ear.cdr(live)).line != first
        assert (await world.ear.cdr(waiting)).line == first


PLAN = {
    "name": "office",
    "currency": "EUR",
    "first_s": 60,
    "next_s": 60,
    "rates": [{"setup": "0.05", "per_minute": "0.10"}],
}


async def test_the_cdr_tells_what_a_call_cost(open_world: Open) -> None:
    async with open_world(TELLS, running=False, config={"plan": [PLAN]}) as world:
        world.know_sim(plan="office", limits={"max_spend_day": "0.40"})
        world.start()
        await world.ready()
        cdr = await world.ear.cdr(await world.dial(ANSWERS))
        assert (cdr.billed_s, cdr.cost, cdr.currency) == (60.0, "0.15", "EUR")
        [charge] = world.ear.heard.of(MoneyEvent)
        assert (charge.kind, charge.amount, charge.call_id) == ("charge", "0.15", cdr.call_id)
        await world.ready()
        told = await why(world, ANSWERS)
        assert [(row.cost, row.currency) for row in told.lines] == [("0.1167", "EUR")]
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cost == "0.15"
        assert (await world.order(ANSWERS)).reason is Reason.LIMIT_REACHED


async def test_each_emergency_call_gets_a_line_of_its_own(open_world: Open) -> None:
    async with open_world(TELLS, TELLS) as world:
        live = [await world.dial(STAYS) for _ in range(2)]
        for call in live:
            await world.ear.state(call, "answered")
        helps = [await world.dial("112", priority=0) for _ in range(2)]
        for call in helps:
            await world.ear.state(call, "dialing")
        assert {(await world.ear.cdr(call)).hangup_by for call in live} == {"local"}
        for call in helps:
            await world.ear.ask("hangup", call_id=call)
        assert len({(await world.ear.cdr(call)).line for call in helps}) == 2


async def test_help_is_called_over_a_line_that_was_disabled_meanwhile(open_world: Open) -> None:
    async with open_world(TELLS) as world:
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        line = world.ear.lines()[0].line
        await world.ear.ask("line", line=line, action="disable")
        call = await world.dial("112")
        await world.ear.state(call, "dialing")
        await world.ear.ask("hangup", call_id=call)
        await world.ear.cdr(call)


async def test_a_call_that_waits_for_a_switch_is_given_up_in_time(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    modem = {"family": "quectel", "model": "EC25", "sims": [{}, {}]}
    async with open_world(modem, **limits(max_calls_day=1)) as world:
        first = world.ear.lines()[0].line
        await world.ear.ask("line", line=first, action="switch_sim", slot=2)
        await world.ear.until(lambda: len(world.ear.lines()) == 2)
        await world.ready(1)
        await world.ear.cdr(await world.dial(ANSWERS))
        monkeypatch.setattr("edge.keeper.Keeper.switch_slot", lambda *_: False)
        waiting = await world.dial(ANSWERS, until=soon(0.5))
        cdr = await world.ear.cdr(waiting)
        assert (cdr.cause, cdr.raw_cause) == (
            "cancelled",
            "no line became free before the command expired",
        )


async def test_a_campaign_asks_the_guards(open_world: Open) -> None:
    async with open_world(TELLS) as world:
        assert (await world.ear.ask("deny", numbers=[ANSWERS])).result is Result.DONE
        reply = await world.order(ANSWERS, purpose="campaign", consent="form 7")
        assert (reply.result, reply.reason) == (Result.REFUSED, Reason.DENIED_NUMBER)
        assert (await world.order(BUSY, purpose="broadcast")).reason is Reason.CONSENT_MISSING
        assert (await world.order("112", purpose="campaign")).reason is Reason.EMERGENCY_NUMBER
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"
        await world.stop()
        world.start()
        await world.ready()
        reply = await world.order(ANSWERS, purpose="campaign", consent="form 7")
        assert reply.reason is Reason.DENIED_NUMBER


async def test_messages_sent_together_pass_no_limit(open_world: Open) -> None:
    async with open_world(TELLS, **limits(max_sms_day=2)) as world:
        replies = await asyncio.gather(
            *(
                world.ear.ask("sms", to=OUTSIDE, text=f"Nummer {n}", expires_at=soon())
                for n in range(10)
            )
        )
        assert sum(reply.result is Result.ACCEPTED for reply in replies) == 2
        refusals = {reply.reason for reply in replies if reply.result is not Result.ACCEPTED}
        assert refusals == {Reason.LIMIT_REACHED}
        await world.ear.until(lambda: len(world.ear.sms()) == 2)
        assert len(world.sim.network.messages) == 2
        await world.ear.until(lambda: _used(world) == {"max_sms_day": 2.0})


async def test_the_parts_that_left_count_where_a_later_one_failed(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is, left = Messaging.send, [1, 1]

    async def two(messaging: Messaging, pdu: EncodedPdu) -> int:
        if not left:
            raise SendFailed("no")
        left.pop()
        return await as_it_is(messaging, pdu)

    monkeypatch.setattr(Messaging, "send", two)
    plan = PLAN | {"rates": [{"sms": "0.10"}]}
    config = {"plan": [plan], "limits": {"max_sms_day": 5}}
    async with open_world(TELLS, running=False, config=config) as world:
        world.know_sim(plan="office")
        world.start()
        await world.ready()
        sent = await world.ear.ask("sms", to=OUTSIDE, text="x" * 400, expires_at=soon())
        await world.ear.until(lambda: [event.state for event in world.ear.sms()] == ["failed"])
        await world.ear.until(lambda: _used(world) == {"max_sms_day": 2.0})
        await world.ear.until(lambda: world.ear.heard.of(MoneyEvent))
        [charge] = world.ear.heard.of(MoneyEvent)
        assert (charge.kind, charge.amount, charge.currency) == ("charge", "0.2", "EUR")
        assert charge.message == f"message {sent.sms_id}"
        left += [1, 1, 1]
        again = await world.ear.ask("sms", to=OUTSIDE, text="x" * 400, expires_at=soon())
        assert again.result is Result.ACCEPTED  # nothing stayed kept for the part that failed
        await world.ear.until(lambda: _used(world) == {"max_sms_day": 5.0})


def _used(world: World) -> dict[str, float]:
    used = world.ear.lines()[0].use or ()
    return {use.limit: use.used for use in used if use.limit == "max_sms_day"}
