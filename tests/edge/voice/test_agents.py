"""Agents and callees: click to dial, progressive, transfer, hold, supervisors, by MQTT."""

from pathlib import Path

import pytest

from mqtt.vocabulary import Cause, Reason, Result, VoiceKind
from tests.edge.conftest import Open
from tests.edge.voice.offices import (
    ANNA_HZ,
    BERT_HZ,
    LINE_HZ,
    LISTENS,
    RINGS,
    SPEAKS,
    Scene,
    best_share_of,
    scene,
    share_of,
)
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import eventually, soon

pytestmark = pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")

AGENT_FIRST = {"to": "201", "order": "agent_first", "ring_s": 5}
CALLEE_FIRST = {"to": "201", "order": "callee_first"}
IDENTITY = {"identity": "Example Ltd"}


async def order(office: Scene, verb: str, call_id: str, **fields: object) -> None:
    reply = await office.ear.ask(verb, call_id=call_id, expires_at=soon(), **fields)
    assert reply.result is Result.ACCEPTED, reply


async def test_the_agent_first_then_the_callee(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True) as anna:
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST)
        await office.told(VoiceKind.AGENT_ANSWERED, call_id)
        await office.told(VoiceKind.BRIDGED, call_id)
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)
        assert office.ear.states(call_id) == ["queued", "dialing", "alerting", "answered"]
        await anna.listen_for(2.0)
        await anna.hang_up()
        cdr = await office.ear.cdr(call_id)
        assert (cdr.agent, cdr.cause) == ("201", Cause.NORMAL)
        assert cdr.agent_at is not None
        assert cdr.sound
        assert (cdr.sound.line_dbov or -120) > -40
        assert (cdr.sound.agent_dbov or -120) > -40
        await anna.until("CALL_CLOSED")
        assert share_of(anna.heard(), LINE_HZ) > 0.8


async def test_an_agent_who_does_not_answer_costs_no_call(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST | {"ring_s": 3})
        await anna.until("CALL_INCOMING")
        cdr = await office.ear.cdr(call_id)
        assert cdr.cause is Cause.NO_AGENT
        assert cdr.dialed_at is None
        assert office.world.calls == []
        await anna.until("CALL_CLOSED")


async def test_the_agent_leaves_while_it_rings_and_the_callee_has_peace(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True) as anna:
        call_id = await office.world.dial(RINGS, bridge=AGENT_FIRST)
        await office.ear.state(call_id, "alerting")
        await anna.hang_up()
        assert (await office.ear.cdr(call_id)).cause is Cause.CANCELLED
        await eventually(lambda: office.world.calls[-1].ended_s is not None)


async def test_the_callee_first_and_the_agent_within_300_ms(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True) as anna:
        call_id = await office.world.dial(SPEAKS, bridge=CALLEE_FIRST)
        answered = await office.ear.state(call_id, "answered")
        up = await office.told(VoiceKind.AGENT_ANSWERED, call_id)
        bridged = await office.told(VoiceKind.BRIDGED, call_id)
        assert (bridged.ts - max(up.ts, answered.ts)).total_seconds() < 0.3
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)
        await office.ear.ask("hangup", call_id=call_id)
        await anna.until("CALL_CLOSED")
        cdr = await office.ear.cdr(call_id)
        assert (cdr.agent, cdr.cause) == ("201", Cause.NORMAL)


async def test_no_agent_in_time_the_callee_hears_who_called(
    open_world: Open, tmp_path: Path
) -> None:
    voice = {"agent_wait_s": 0.5, "announcements": tmp_path, **IDENTITY}
    async with scene(open_world, tmp_path, voice=voice) as office, office.anna() as anna:
        call_id = await office.world.dial(LISTENS, bridge=CALLEE_FIRST)
        await anna.until("CALL_INCOMING")
        cdr = await office.ear.cdr(call_id)
        assert cdr.cause is Cause.ABANDONED
        assert cdr.answered_at is not None
        assert cdr.agent is None
        await anna.until("CALL_CLOSED")
        await office.told(VoiceKind.PLAY_ENDED, call_id)


async def test_agents_that_cannot_be_had_are_told_at_once(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office:
        for to, reason in (("201", Reason.AGENT_NOT_THERE), ("299", Reason.UNKNOWN_EXTENSION)):
            reply = await office.world.order(SPEAKS, bridge={"to": to})
            assert (reply.result, reply.reason) == (Result.REFUSED, reason)
        assert office.world.calls == []


async def test_a_campaign_without_identity_has_no_callee_first(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path) as office, office.anna():
        fields = {"purpose": "campaign", "consent": "order 1"}
        reply = await office.world.order(SPEAKS, bridge=CALLEE_FIRST, **fields)
        assert reply.result is Result.REFUSED


async def test_a_call_is_handed_over(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path) as office,
        office.anna(auto_answer=True) as anna,
        office.bert(auto_answer=True) as bert,
    ):
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST)
        await office.told(VoiceKind.BRIDGED, call_id)
        await order(office, "transfer", call_id, to="202")
        await bert.until("CALL_ESTABLISHED")
        await anna.until("CALL_CLOSED")
        await eventually(lambda: office.callee_heard(BERT_HZ) > 0.8)
        await bert.hang_up()
        assert (await office.ear.cdr(call_id)).agent == "202"


async def test_a_held_call_hears_nothing_of_the_office(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True):
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST)
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)
        await order(office, "hold", call_id, on=True)
        await office.told(VoiceKind.HELD, call_id)
        await eventually(lambda: office.callee_heard(ANNA_HZ) < 0.1)
        await order(office, "hold", call_id, on=False)
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)


async def test_a_supervisor_listens_whispers_and_joins(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path) as office,
        office.anna(auto_answer=True) as anna,
        office.bert(auto_answer=True) as bert,
    ):
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST)
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)
        await order(office, "monitor", call_id, to="202", mode="listen")
        await bert.until("CALL_ESTABLISHED")
        await office.told(VoiceKind.MONITOR_STARTED, call_id)
        await bert.listen_for(1.5)
        assert office.callee_heard(BERT_HZ) < 0.05
        await order(office, "monitor", call_id, to="202", mode="whisper")
        await anna.listen_for(1.5)
        assert office.callee_heard(BERT_HZ) < 0.05
        await order(office, "monitor", call_id, to="202", mode="join")
        await eventually(lambda: office.callee_heard(BERT_HZ) > 0.3)
        await order(office, "monitor", call_id, to="202", mode="off")
        await bert.until("CALL_CLOSED")
        await eventually(lambda: office.callee_heard(BERT_HZ) < 0.05)
        await anna.hang_up()
        await anna.until("CALL_CLOSED")
        assert best_share_of(anna.heard(), BERT_HZ) > 0.3  # the whisper
        assert best_share_of(bert.heard(), ANNA_HZ) > 0.3


async def test_without_voice_it_is_said_so(open_world: Open) -> None:
    async with open_world() as world:
        reply = await world.order(SPEAKS, bridge=AGENT_FIRST)
        assert reply.reason is Reason.NO_VOICE
        reply = await world.ear.ask("play", call_id="c-1", expires_at=soon(), text="Hello")
        assert reply.reason is Reason.NO_VOICE
