"""USSD: a reply, a menu walked through, a session given up, a network that keeps silent."""

from typing import Any

import pytest

from mqtt.messages import Reply, UssdEvent
from mqtt.vocabulary import Result
from tests.edge.conftest import Open
from tests.edge.worlds import STAYS, World, soon

MENU = {
    "code": "*101#",
    "text": "1 Guthaben\n2 Tarif",
    "delay_s": 1,
    "menu": {
        "1": {"text": "Guthaben 12,34 EUR", "delay_s": 1},
        "2": {"text": "Tarif Ø", "dcs": 72, "delay_s": 1},
    },
}
CODES = [
    {"code": "*100#", "text": "Guthaben 12,34 EUR", "delay_s": 1},
    {"code": "*102#", "text": "sofort", "how": "before_ok", "delay_s": 0},
    {"code": "*103#", "text": "zuletzt", "how": "twice", "delay_s": 1},
    {"code": "*104#", "how": "silence"},
    {"code": "*105#", "how": "error_after_ok", "delay_s": 1},
    MENU,
]
each_family = pytest.mark.parametrize("family", ["generic", "quectel", "simcom", "huawei"])


async def ask(world: World, **fields: Any) -> Reply:
    [line] = world.ear.lines()
    reply = await world.ear.ask("ussd", line=line.line, expires_at=soon(), **fields)
    assert reply.result is Result.ACCEPTED, reply
    return reply


async def said(world: World, count: int = 1) -> UssdEvent:
    await world.ear.until(lambda: len(world.ear.ussd()) >= count)
    assert len(world.ear.ussd()) == count
    return world.ear.ussd()[-1]


@each_family
@pytest.mark.parametrize(
    ("code", "text"), [("*100#", "Guthaben 12,34 EUR"), ("*102#", "sofort"), ("*103#", "zuletzt")]
)
async def test_a_code_is_answered(open_world: Open, family: str, code: str, text: str) -> None:
    async with open_world({"family": family}, ussd=CODES) as world:
        reply = await ask(world, text=code)
        event = await said(world)
        assert (event.state, event.text) == ("reply", text)
        assert (event.session_id, event.cmd_id) == (reply.session_id, reply.id)


@each_family
async def test_a_menu_is_walked_through(open_world: Open, family: str) -> None:
    async with open_world({"family": family}, ussd=CODES) as world:
        first = await ask(world, text="*101#")
        assert (await said(world)).state == "menu"
        [line] = world.ear.lines()
        other = await world.ear.ask("ussd", line=line.line, text="*100#", expires_at=soon())
        assert (other.result, other.reason) == ("refused", "line_busy")
        second = await ask(world, text="2", session_id=first.session_id)
        assert second.session_id == first.session_id
        event = await said(world, 2)
        assert (event.state, event.text) == ("reply", "Tarif Ø")
        third = await world.ear.ask(
            "ussd", line=line.line, text="1", session_id=first.session_id, expires_at=soon()
        )
        assert (third.result, third.reason) == ("refused", "unknown_session")


async def test_a_menu_is_given_up(open_world: Open) -> None:
    async with open_world(ussd=CODES) as world:
        first = await ask(world, text="*101#")
        await said(world)
        await ask(world, cancel=True, session_id=first.session_id)
        assert (await said(world, 2)).state == "ended"
        assert "AT+CUSD=2" in world.modem.received
        await ask(world, text="*100#")
        assert (await said(world, 3)).text == "Guthaben 12,34 EUR"


async def test_nothing_to_give_up_is_said(open_world: Open) -> None:
    async with open_world(ussd=CODES) as world:
        [line] = world.ear.lines()
        reply = await world.ear.ask("ussd", line=line.line, cancel=True, expires_at=soon())
        assert (reply.result, reply.reason) == ("refused", "unknown_session")


async def test_a_network_that_keeps_silent_is_given_up(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.1)
    async with open_world(ussd=CODES) as world:
        await ask(world, text="*104#")
        event = await said(world)
        assert (event.state, event.reason) == ("failed", "the network did not answer")
        monkeypatch.undo()
        await ask(world, text="*100#")
        assert (await said(world, 2)).state == "reply"


@pytest.mark.parametrize("code", ["*105#", "*999#"], ids=["error", "unknown"])
@each_family
async def test_a_code_that_fails_is_said_to(open_world: Open, family: str, code: str) -> None:
    async with open_world({"family": family}, ussd=CODES) as world:
        await ask(world, text=code)
        event = await said(world)
        assert (event.state, event.text) == ("failed", None)
        assert event.reason


async def test_what_the_network_says_by_itself_is_told(open_world: Open) -> None:
    async with open_world(ussd=CODES) as world:
        world.modem.urc('+CUSD: 0,"Ihr Guthaben geht zu Ende",15')
        event = await said(world)
        assert (event.state, event.text) == ("reply", "Ihr Guthaben geht zu Ende")
        assert event.cmd_id is None


async def test_a_session_ends_with_its_modem(open_world: Open) -> None:
    async with open_world(ussd=CODES) as world:
        await ask(world, text="*101#")
        await said(world)
        world.modem.vanish()
        assert (await said(world, 2)).state == "failed"


async def test_a_session_in_a_call_leaves_the_call_alone(open_world: Open) -> None:
    async with open_world({"family": "quectel"}, ussd=CODES) as world:
        call = await world.dial(STAYS)
        await world.ear.state(call, "answered")
        await ask(world, text="*100#")
        assert (await said(world)).state == "reply"
        assert world.calls[0].ended_s is None


async def test_a_line_that_is_not_there_is_said(open_world: Open) -> None:
    async with open_world(ussd=CODES) as world:
        reply = await world.ear.ask("ussd", line="cellar", text="*100#", expires_at=soon())
        assert (reply.result, reply.reason) == ("refused", "unknown_line")
