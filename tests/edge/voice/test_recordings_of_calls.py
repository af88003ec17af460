"""Recordings of calls: who is on which side, the checksum in the CDR, what the dialer may ask."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mqtt.messages import Recorded
from mqtt.vocabulary import Reason, Result, VoiceKind
from tests.edge.conftest import Open
from tests.edge.voice.offices import ANNA_HZ, LINE_HZ, SPEAKS, scene, share_of
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import eventually, soon

AGENT_FIRST = {"to": "201", "order": "agent_first", "ring_s": 5}


def read(recording: Recorded) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both sides of a recording that is what the CDR says."""
    path = Path(recording.path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == recording.sha256
    assert path.stat().st_size == recording.octets
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert (rate, sound.shape[1]) == (8000, 2)
    return sound[:, 0], sound[:, 1]


@pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")
async def test_both_sides_are_on_it_and_the_cdr_knows_it(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna(auto_answer=True) as anna:
        call_id = await office.world.dial(SPEAKS, bridge=AGENT_FIRST, record=True)
        await office.told(VoiceKind.RECORD_STARTED, call_id)
        await anna.listen_for(2.5)
        await anna.hang_up()
        cdr = await office.ear.cdr(call_id)
    assert cdr.recording
    assert cdr.recording.complete
    line, agent = read(cdr.recording)
    assert share_of(line, LINE_HZ) > 0.5
    assert share_of(agent, ANNA_HZ) > 0.5
    assert share_of(line, ANNA_HZ) < 0.05
    assert share_of(agent, LINE_HZ) < 0.05


async def test_the_dialer_starts_pauses_and_stops(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path, voice={"enabled": True}) as office:
        call_id = await office.world.dial(SPEAKS)
        await office.ear.state(call_id, "answered")
        for action in ("start", "pause", "resume", "stop"):
            reply = await office.ear.ask(
                "record", call_id=call_id, action=action, expires_at=soon()
            )
            assert reply.result is Result.ACCEPTED, action
        told = await office.told(VoiceKind.RECORD_STOPPED, call_id)
        reply = await office.ear.ask("record", call_id=call_id, action="stop", expires_at=soon())
        assert reply.reason is Reason.WRONG_STATE
        await office.ear.ask("hangup", call_id=call_id)
        cdr = await office.ear.cdr(call_id)
        assert cdr.recording == told.recording


async def test_all_calls_are_recorded_where_the_owner_says_so(
    open_world: Open, tmp_path: Path
) -> None:
    recording = {"folder": tmp_path / "kept", "keep": "all", "notice": False}
    async with scene(open_world, tmp_path, recording=recording) as office:
        call_id = await office.world.dial(SPEAKS)
        await office.told(VoiceKind.RECORD_STARTED, call_id)
        await eventually(lambda: list((tmp_path / "kept").glob("*.part")))
        await office.ear.ask("hangup", call_id=call_id)
        cdr = await office.ear.cdr(call_id)
    assert cdr.recording is None or read(cdr.recording)


async def test_both_are_told_before(open_world: Open, tmp_path: Path) -> None:
    recording = {"folder": tmp_path / "kept", "keep": "all", "notice": True}
    async with scene(open_world, tmp_path, recording=recording) as office:
        call_id = await office.world.dial(SPEAKS)
        await office.told(VoiceKind.PLAY_ENDED, call_id)
        await office.ear.ask("hangup", call_id=call_id)
        await office.ear.cdr(call_id)
