"""Phone to phone inside the office: baresip on both sides."""

from pathlib import Path

import pytest

from tests.edge.conftest import Open
from tests.edge.voice.offices import ANNA_HZ, BERT_HZ, scene, share_of
from tests.edge.voice.softphone import BARESIP

pytestmark = pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")


async def test_one_phone_calls_another_and_both_are_heard(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path) as office,
        office.anna() as anna,
        office.bert(auto_answer=True) as bert,
    ):
        await anna.dial("202")
        await bert.until("CALL_ESTABLISHED")
        await anna.until("CALL_ESTABLISHED")
        await anna.listen_for(2.0)
        await bert.listen_for(2.0)
        await anna.hang_up()
        await anna.until("CALL_CLOSED")
        await bert.until("CALL_CLOSED")
        assert share_of(anna.heard(), BERT_HZ) > 0.8
        assert share_of(bert.heard(), ANNA_HZ) > 0.8


async def test_the_caller_gives_up(open_world: Open, tmp_path: Path) -> None:
    async with (
        scene(open_world, tmp_path) as office,
        office.anna() as anna,
        office.bert() as bert,
    ):
        await anna.dial("202")
        await bert.until("CALL_INCOMING")
        await anna.until("CALL_RINGING")
        await anna.hang_up()
        await bert.until("CALL_CLOSED")


async def test_nobody_is_there(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        await anna.dial("202")
        assert "480" in (await anna.until("CALL_CLOSED"))["param"]
