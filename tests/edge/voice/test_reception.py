"""Calls that come in over a line: which phones ring, who gets them, what happens if nobody does."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mqtt.vocabulary import Cause, HangupBy, Result, VoiceKind
from simulator.calls import NetworkCall, Side
from simulator.sound.listen import share
from simulator.sound.waves import steady
from tests.edge.conftest import Open
from tests.edge.voice.offices import ANNA_HZ, scene, share_of
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import eventually, soon

pytestmark = pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")

CALLER_HZ = 850
TO_GROUP = [{"to": ["600"], "ring_s": 5}]


def speak(call: NetworkCall, hz: float = CALLER_HZ) -> None:
    """Let the caller say a tone."""
    call.set_mouth(Side.CALLER, steady(hz))


def caller_heard(call: NetworkCall, hz: float) -> float:
    frames = call.heard(Side.CALLER)
    return share(frames[-10:], hz) if frames else 0.0


async def test_a_group_rings_and_the_first_gets_the_call(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path, incoming=TO_GROUP) as office,
        office.anna() as anna,
        office.bert() as bert,
    ):
        call, call_id = await office.world.rung()
        ringing = await anna.until("CALL_INCOMING")
        assert "+491701234567" in ringing["peeruri"]
        await bert.until("CALL_INCOMING")
        speak(call)
        await anna.accept()
        await bert.until("CALL_CLOSED")
        await office.told(VoiceKind.BRIDGED, call_id)
        await eventually(lambda: caller_heard(call, ANNA_HZ) > 0.8)
        await anna.listen_for(2.0)
        call.hang_up()
        await anna.until("CALL_CLOSED")
        cdr = await office.ear.cdr(call_id)
        assert (cdr.agent, cdr.hangup_by) == ("201", HangupBy.REMOTE)
        assert share_of(anna.heard(), CALLER_HZ) > 0.8


async def test_the_caller_gives_up_and_the_phones_stop(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path, incoming=TO_GROUP) as office,
        office.anna() as anna,
    ):
        call, call_id = await office.world.rung()
        await anna.until("CALL_INCOMING")
        call.hang_up()
        await anna.until("CALL_CLOSED")
        assert (await office.ear.cdr(call_id)).cause is Cause.NO_ANSWER


async def test_unanswered_it_falls_on_to_an_announcement(open_world: Open, tmp_path: Path) -> None:
    announcements = tmp_path / "announcements"
    announcements.mkdir()
    at = np.arange(8000) / 8000
    soundfile.write(announcements / "closed.wav", np.sin(2 * np.pi * 600 * at) / 4, 8000)
    rules = [{"to": ["201", "play closed"], "ring_s": 5}]
    async with scene(open_world, tmp_path, incoming=rules) as office, office.anna() as anna:
        call, call_id = await office.world.rung()
        await anna.until("CALL_INCOMING")
        await anna.hang_up()  # 201 refuses
        await office.told(VoiceKind.PLAY_STARTED, call_id)
        await eventually(lambda: caller_heard(call, 600) > 0.9)
        cdr = await office.ear.cdr(call_id)
        assert cdr.answered_at
        assert cdr.hangup_by is HangupBy.LOCAL


async def test_nobody_is_there_and_the_dialer_takes_it(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path, incoming=TO_GROUP) as office:
        _, call_id = await office.world.rung()
        await office.told(VoiceKind.AGENT_FAILED, call_id)
        reply = await office.ear.ask("answer", call_id=call_id, expires_at=soon())
        assert reply.result is Result.ACCEPTED
        await office.ear.state(call_id, "answered")
        await office.ear.ask("hangup", call_id=call_id)
        await office.ear.cdr(call_id)


async def test_the_dialer_gives_an_incoming_call_to_a_phone(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True) as anna:
        call, call_id = await office.world.rung()
        reply = await office.ear.ask(
            "bridge", call_id=call_id, to="201", expires_at=soon(), auto_answer=True
        )
        assert reply.result is Result.ACCEPTED
        await office.told(VoiceKind.BRIDGED, call_id)
        await eventually(lambda: caller_heard(call, ANNA_HZ) > 0.8)
        await anna.hang_up()
        assert (await office.ear.cdr(call_id)).agent == "201"


async def test_a_second_caller_takes_the_sound_of_the_line(
    open_world: Open, tmp_path: Path
) -> None:
    rules = [{"to": ["201"], "ring_s": 10}]
    async with scene(open_world, tmp_path, incoming=rules) as office:
        first, first_id = await office.world.rung()
        await office.ear.ask("answer", call_id=first_id, expires_at=soon())
        await office.ear.state(first_id, "answered")
        second, second_id = await office.world.rung("+491701234999")
        await office.ear.ask("answer", call_id=second_id, expires_at=soon())
        await office.ear.state(first_id, "held")
        await office.ear.state(second_id, "answered")
        second.hang_up()
        await office.ear.cdr(second_id)
        first.hang_up()
        await office.ear.cdr(first_id)
