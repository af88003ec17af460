"""What goes wrong with the sound of one call is named, and nobody else's call minds."""

from pathlib import Path

import pytest

from mqtt.vocabulary import VoiceKind
from tests.edge.conftest import Open
from tests.edge.voice.offices import MODEM, SPEAKS, scene
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import soon


async def test_a_modem_that_stops_sending_sound_raises_an_alarm(
    open_world: Open, tmp_path: Path
) -> None:
    voice = {"enabled": True}
    async with scene(open_world, tmp_path, modems=[MODEM, MODEM], voice=voice) as office:
        lines = sorted(line.line for line in office.ear.lines())
        calls = [await office.world.dial(SPEAKS, line=line) for line in lines]
        for call_id in calls:
            await office.ear.state(call_id, "answered")
        office.world.modem.audio.dead = True
        told = await office.told(VoiceKind.TROUBLE)
        assert "no_frames" in (told.reason or "")
        [alarmed] = [line for line in lines if office.ear.alarm(f"audio-{line}")]
        other = calls[lines.index(alarmed) ^ 1]
        assert told.call_id != other
        assert office.ear.states(other)[-1] == "answered"
        office.world.modem.audio.dead = False
        await office.ear.ask("hangup", call_id=told.call_id)
        await office.ear.cdr(told.call_id)
        again = await office.world.dial(SPEAKS, line=alarmed)
        await office.ear.state(again, "answered")
        await office.ear.ask("hangup", call_id=again)
        await office.ear.until(lambda: office.ear.alarm(f"audio-{alarmed}") is None)


@pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")
async def test_a_phone_that_vanishes_is_hung_up_on(open_world: Open, tmp_path: Path) -> None:
    sip = {"silence_s": 5}
    async with scene(open_world, tmp_path, more_sip=sip) as office:
        async with office.anna(auto_answer=True):
            call_id = await office.world.dial(SPEAKS, bridge={"to": "201"})
            await office.told(VoiceKind.BRIDGED, call_id)
        cdr = await office.ear.cdr(call_id)
        assert cdr.agent == "201"


async def test_an_announcement_that_is_none_ends_nothing(open_world: Open, tmp_path: Path) -> None:
    (tmp_path / "announcements").mkdir()
    (tmp_path / "announcements" / "broken.wav").write_bytes(b"RIFF, but no more than that")
    voice = {"enabled": True, "announcements": tmp_path / "announcements"}
    async with scene(open_world, tmp_path, voice=voice) as office:
        call_id = await office.world.dial(SPEAKS)
        await office.ear.state(call_id, "answered")
        await office.ear.ask("play", call_id=call_id, announcement="broken", expires_at=soon())
        told = await office.told(VoiceKind.PLAY_ENDED, call_id)
        assert "broken" in (told.reason or "")
        assert office.ear.states(call_id)[-1] == "answered"
        await office.ear.ask("hangup", call_id=call_id)
        await office.ear.cdr(call_id)
