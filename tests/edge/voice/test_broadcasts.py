"""Broadcasts: a text, a key that connects, a key that ends it for ever."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mqtt.vocabulary import Cause, Reason, Result, VoiceKind
from simulator.calls import Side
from tests.edge.conftest import Open
from tests.edge.voice.offices import ANNA_HZ, LISTENS, Scene, scene
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import eventually, soon

BROADCAST = {"purpose": "broadcast", "consent": "order 1017"}
TEXT = {"text": "Your parcel comes tomorrow. Press 1 for an agent, 9 for peace."}
DAILY = [{"code": "DE", "closed_on_holidays": False}]
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)  # when people in Germany may be called

pytestmark = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be a working day, whenever the tests run."""
    begun = datetime.now(UTC)
    monkeypatch.setattr("edge.clock.now", lambda: TUESDAY + (datetime.now(UTC) - begun))


async def broadcast(office: Scene, **more: Any) -> str:
    return await office.world.dial(LISTENS, broadcast=TEXT | more, **BROADCAST)


async def test_nobody_presses_a_key(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path, country=DAILY) as office:
        call_id = await broadcast(office)
        await office.told(VoiceKind.PLAY_STARTED, call_id)
        await office.ear.ask("play", call_id=call_id, stop=True, expires_at=soon())
        await office.told(VoiceKind.PLAY_ENDED, call_id)
        await office.ear.ask("hangup", call_id=call_id)
        assert (await office.ear.cdr(call_id)).cause is Cause.NORMAL


async def test_key_9_denies_the_number_at_once(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path, country=DAILY) as office:
        call_id = await broadcast(office)
        await office.told(VoiceKind.PLAY_STARTED, call_id)
        office.world.calls[-1].press(Side.CALLEE, "9")
        await office.told(VoiceKind.DENIED, call_id)
        await office.ear.cdr(call_id)
        again = await office.world.order(LISTENS, broadcast=TEXT, **BROADCAST)
        assert (again.result, again.reason) == (Result.REFUSED, Reason.DENIED_NUMBER)


@pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")
async def test_key_1_connects_an_agent(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path, country=DAILY) as office,
        office.anna(auto_answer=True) as anna,
    ):
        call_id = await broadcast(office, agent="201")
        await office.told(VoiceKind.PLAY_STARTED, call_id)
        office.world.calls[-1].press(Side.CALLEE, "1")
        await office.told(VoiceKind.BRIDGED, call_id)
        await eventually(lambda: office.callee_heard(ANNA_HZ) > 0.8)
        await anna.hang_up()
        assert (await office.ear.cdr(call_id)).agent == "201"


async def test_without_consent_or_purpose_nobody_is_called(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path, country=DAILY) as office:
        reply = await office.world.order(LISTENS, broadcast=TEXT, purpose="broadcast")
        assert reply.reason is Reason.CONSENT_MISSING
        reply = await office.world.order(LISTENS, broadcast=TEXT)
        assert reply.reason is Reason.BAD_REQUEST
        strange = {"announcement": "nothing-there"}
        reply = await office.world.order(LISTENS, broadcast=strange, **BROADCAST)
        assert reply.reason is Reason.UNKNOWN_ANNOUNCEMENT
        assert office.world.calls == []
