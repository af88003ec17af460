"""A phone of the office calls out over a simulated modem."""

from pathlib import Path

import pytest

from mqtt.messages import Cdr
from mqtt.vocabulary import Cause
from tests.edge.conftest import Open
from tests.edge.voice.offices import (
    ANNA_HZ,
    ENGAGED,
    GONE,
    LINE_HZ,
    RINGS,
    SPEAKS,
    scene,
    share_of,
)
from tests.edge.voice.softphone import BARESIP
from tests.edge.worlds import eventually

pytestmark = pytest.mark.skipif(BARESIP is None, reason="baresip is not installed")


@pytest.mark.parametrize(
    "modem",
    [
        {"family": "quectel"},
        {"family": "simcom"},
        {"family": "huawei", "model": "E173"},
    ],
    ids=lambda modem: str(modem["family"]),
)
async def test_it_is_heard_and_hears(
    open_world: Open, tmp_path: Path, modem: dict[str, str]
) -> None:
    modems = [modem | {"audio": True}]
    async with scene(open_world, tmp_path, modems=modems) as office, office.anna() as anna:
        await anna.dial(SPEAKS)
        await anna.until("CALL_ESTABLISHED")
        await anna.listen_for(2.0)
        assert office.callee_heard(ANNA_HZ) > 0.8
        await anna.hang_up()
        await anna.until("CALL_CLOSED")
        await office.ear.until(lambda: office.ear.heard.of(Cdr))
        [cdr] = office.ear.heard.of(Cdr)
        assert (cdr.agent, cdr.cause, cdr.number) == ("201", Cause.NORMAL, SPEAKS)
        assert share_of(anna.heard(), LINE_HZ) > 0.8


@pytest.mark.parametrize(("number", "code"), [(GONE, "404"), (ENGAGED, "486")])
async def test_it_learns_why_nobody_answers(
    open_world: Open, tmp_path: Path, number: str, code: str
) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        await anna.dial(number)
        assert code in (await anna.until("CALL_CLOSED"))["param"]


async def test_it_gives_up_while_it_rings(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        await anna.dial(RINGS)
        await office.ear.until(
            lambda: [call for call in office.world.calls if call.alerted_s is not None]
        )
        await anna.until("CALL_PROGRESS")
        await anna.hang_up()
        await eventually(lambda: office.world.calls[-1].ended_s is not None)
        await office.ear.until(lambda: office.ear.heard.of(Cdr))
        assert office.ear.heard.of(Cdr)[0].cause is Cause.CANCELLED


async def test_no_line_is_free(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        call_id = await office.world.dial(RINGS)
        await office.ear.state(call_id, "alerting")
        await anna.dial(SPEAKS)
        assert "503" in (await anna.until("CALL_CLOSED"))["param"]


async def test_an_extension_may_not_call_that_far(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.bert() as bert:
        await bert.dial("+43155501000")
        assert "403" in (await bert.until("CALL_CLOSED"))["param"]


async def test_what_is_no_number(open_world: Open, tmp_path: Path) -> None:
    async with scene(open_world, tmp_path) as office, office.anna() as anna:
        await anna.dial("nobody")
        assert "404" in (await anna.until("CALL_CLOSED"))["param"]


async def test_help_is_called_at_once_and_a_campaign_gives_way(
    open_world: Open, tmp_path: Path
) -> None:
    async with scene(open_world, tmp_path) as office, office.bert() as bert:
        busy = await office.world.dial(RINGS)
        await office.ear.state(busy, "alerting")
        await bert.dial("112")
        await office.ear.until(lambda: office.ear.cdrs(busy))
        await eventually(lambda: office.world.calls[-1].callee_number == "112")
