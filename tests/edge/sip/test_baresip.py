"""A real phone program: calls both ways, with sound and keys."""

import asyncio
import shutil
from pathlib import Path

import pytest

from edge.sip.phone import Answered, DigitPressed, Ended, HeldByPeer, PhoneLeg, Ringing
from modem.pcm import FRAME_BYTES, FRAME_S, FRAME_SAMPLES
from tests.edge.sip.baresip import baresip, purity, tone
from tests.edge.sip.peers import Rows, desk, extension

pytestmark = pytest.mark.skipif(not shutil.which("baresip"), reason="baresip is not installed")


async def talk(leg: PhoneLeg, seconds: float) -> bytes:
    """Play 1000 Hz to a phone on the beat; what it says meanwhile."""
    frames = Rows()
    leg.sound.start(frames.add, frames.add)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(round(seconds / FRAME_S)):
        leg.sound.write(tone(1000, FRAME_S, number * FRAME_SAMPLES))
        await asyncio.sleep(max(0, began + (number + 1) * FRAME_S - loop.time()))
    return b"".join(frames.rows)


async def test_a_phone_is_called_and_both_sides_are_heard(tmp_path: Path) -> None:
    options = "answermode=auto;audio_codecs=PCMA/8000"
    async with desk([extension()]) as here, baresip(tmp_path, here.port, options) as phone:
        await here.changes.until(lambda _: True)
        ((leg, events),) = here.call("201", caller="+4315550100")
        await events.event(Answered)
        said = await talk(leg, 1.2)
        leg.hang_up()
        await phone.event("CALL_CLOSED")
        middle = said[len(said) // 4 : len(said) // 4 + 20 * FRAME_BYTES]
        assert purity(middle, 440) > 0.98
        assert leg.sound.counters.lost == leg.sound.counters.foreign == 0
        heard = phone.heard()
        assert purity(heard[len(heard) // 2 : len(heard) // 2 + 20 * FRAME_BYTES], 1000) > 0.98


async def test_a_phone_calls_presses_keys_holds_and_hangs_up(tmp_path: Path) -> None:
    options = "answermode=manual;audio_codecs=PCMU/8000"
    async with desk([extension()]) as here, baresip(tmp_path, here.port, options) as phone:
        await here.changes.until(lambda _: True)
        await phone.tell("dial", f"sip:+4366412@127.0.0.1:{here.port}")
        leg, events = await here.incoming()
        assert (leg.to, leg.peer.name, leg.caller) == ("+4366412", "201", "201")
        leg.ring(early_media=True)
        await phone.event("CALL_PROGRESS")
        leg.answer()
        await events.event(Answered)
        await phone.event("CALL_ESTABLISHED")
        assert purity((await talk(leg, 0.6))[: 20 * FRAME_BYTES], 440) > 0.9
        await phone.tell("sndcode", "1")
        assert await events.event(DigitPressed) == DigitPressed("1")
        await phone.tell("hold")
        assert await events.event(HeldByPeer) == HeldByPeer(on=True)
        await phone.tell("resume")
        assert await events.event(HeldByPeer, 2) == HeldByPeer(on=False)
        await phone.tell("hangup")
        assert (await events.event(Ended)).code == 200


async def test_a_phone_that_is_busy_rings_or_is_cancelled(tmp_path: Path) -> None:
    async with desk([extension()]) as here, baresip(tmp_path, here.port, "answermode=manual") as it:
        await here.changes.until(lambda _: True)
        ((leg, events),) = here.call("201")
        await events.event(Ringing)
        await it.event("CALL_INCOMING")
        leg.hang_up()
        await it.event("CALL_CLOSED")
        ((_, events),) = here.call("201")
        await it.event("CALL_INCOMING")
        await it.tell("hangup")
        assert (await events.event(Ended)).code == 486
        await it.event("CALL_CLOSED")
        await it.tell("dial", f"sip:404@127.0.0.1:{here.port}")
        leg, _ = await here.incoming()
        leg.reject(404)
        closed = await it.event("CALL_CLOSED")
        assert "404" in str(closed.get("param"))
