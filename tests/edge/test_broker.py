"""The broker goes away and comes back: calls go on, and every event arrives, in order, once."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from mqtt.messages import Cdr, Event
from tests.brokers import Mosquitto
from tests.edge.ear import PATIENCE_S, Ear
from tests.edge.test_commands import through_socket
from tests.edge.worlds import ANSWERS, BUSY, STAYS, World, eventually, soon, world

Open = Callable[..., AbstractAsyncContextManager[World]]

pytestmark = pytest.mark.logs("failed to receive on socket")  # aiomqtt of a broker that dies
TELLS = {"family": "quectel"}  # each state by a URC: none is missed while the test asks and asks


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own, to be ended and started again."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder) as child:
        yield child


@pytest.fixture
def open_frail(
    open_world: object, frail: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Open:
    assert open_world is not None  # its short pauses and its eye on the log
    monkeypatch.setattr("edge.call_desk.COOL_S", 0.0)  # no call is queued behind the one before
    monkeypatch.setattr("mqtt.session.PAUSE_MIN_S", 0.02)
    monkeypatch.setattr("mqtt.session.PAUSE_MAX_S", 0.1)
    return partial(world, frail, tmp_path)


async def dial(home: World, to: str) -> str:
    """Place a call through the door of this machine."""
    answer = await through_socket(home, "dial", id=uuid4().hex, to=to, expires_at=soon())
    assert answer["result"] == "accepted", answer
    return str(answer["call_id"])


async def until_closed(home: World, count: int) -> None:
    """Wait, at the door of this machine, until so many calls have their CDR."""
    async with asyncio.timeout(PATIENCE_S):
        while len((await through_socket(home, "cdrs"))["cdrs"]) < count:
            pass


async def keep_for_later(home: World, broker: Mosquitto) -> None:
    """From now on the broker keeps everything for the ear named keeper."""
    async with Ear(broker, home.config.gateway.name, "keeper"):
        pass


async def all_events(home: World, broker: Mosquitto, calls: list[str]) -> list[Event]:
    """What a dialer hears of these calls once the broker is back."""
    async with Ear(broker, home.config.gateway.name, "keeper") as ear:
        await ear.until(lambda: {cdr.call_id for cdr in ear.heard.of(Cdr)} >= set(calls))
        ear.check()
        return ear.heard.of(Event)


async def until_ready(home: World) -> None:
    """Wait, at the door of this machine, until the one line is ready."""
    lines: list[dict[str, str]] = []
    async with asyncio.timeout(PATIENCE_S):
        while [line["state"] for line in lines] != ["ready"]:
            lines = (await through_socket(home, "sync", id=uuid4().hex))["data"]["lines"]


async def test_events_of_calls_without_a_broker_arrive_later(
    open_frail: Open, frail: Mosquitto
) -> None:
    async with open_frail(TELLS, TELLS) as home:
        first = await home.dial(STAYS)
        await home.ear.state(first, "answered")
        await keep_for_later(home, frail)
        frail.stop()
        calls = [first, await dial(home, ANSWERS), await dial(home, BUSY)]
        home.calls[0].hang_up()
        await until_closed(home, 3)
        frail.start()
        async with Ear(frail, home.config.gateway.name, "keeper") as ear:
            await ear.until(lambda: len(ear.heard.of(Cdr)) == 3)
            events = ear.heard.of(Event)
            assert {cdr.call_id for cdr in ear.heard.of(Cdr)} == set(calls)
            assert all(event.replayed for event in events)
            assert [event.seq for event in events] == sorted({event.seq for event in events})
            told = {event.event_id for event in home.ear.heard.of(Event)}
            assert not told & {event.event_id for event in events}
            assert [e.state for e in ear.events(calls[1])] == [
                "dialing",
                "alerting",
                "answered",
                "ended",
            ]
            live = await ear.ask("dial", to=ANSWERS, expires_at=soon())
            cdr = await ear.cdr(live.call_id or "")
            assert not cdr.replayed
            assert not any(event.replayed for event in ear.events(cdr.call_id))


async def test_events_wait_on_disk_over_a_restart_without_a_broker(
    open_frail: Open, frail: Mosquitto
) -> None:
    async with open_frail(TELLS) as home:
        first = await home.dial(ANSWERS)
        await home.ear.cdr(first)
        await keep_for_later(home, frail)
        frail.stop()
        second = await dial(home, ANSWERS)
        await until_closed(home, 2)
        await home.stop()
        home.start()
        await eventually(home.config.control.socket.exists)
        await until_ready(home)
        third = await dial(home, ANSWERS)
        await until_closed(home, 3)
        frail.start()
        async with Ear(frail, home.config.gateway.name, "keeper") as ear:
            await ear.until(lambda: len(ear.heard.of(Cdr)) == 2)
            events = ear.heard.of(Event)
            assert [cdr.call_id for cdr in ear.heard.of(Cdr)] == [second, third]
            assert len({event.event_id for event in events}) == len(events) == 10
            assert all(event.replayed for event in events)
            ear.check()


@pytest.mark.parametrize("turn", range(3))
async def test_nothing_is_lost_or_told_as_new_when_the_broker_dies_again_and_again(
    open_frail: Open, frail: Mosquitto, turn: int
) -> None:
    async with open_frail(*[TELLS] * 4) as home:
        await keep_for_later(home, frail)
        calls: list[str] = []
        for round_ in range(3):
            calls += [await dial(home, ANSWERS) for _ in range(4)]
            await eventually(lambda: len(home.calls) > 4 * round_ + turn)  # noqa: B023
            frail.stop()  # it keeps the dialer's messages
            await until_closed(home, len(calls))
            frail.start()
        events = await all_events(home, frail, calls)
        ids = [event.event_id for event in events]
        assert len(set(ids)) == 5 * len(calls)
        repeats = [event for event in events if ids.count(event.event_id) > 1]
        assert all(event.replayed or ids.count(event.event_id) == 2 for event in repeats)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants the right password of who gives a name."""
    users, folder = tmp_path / "users", tmp_path / "strict"
    folder.mkdir()
    subprocess.run(["mosquitto_passwd", "-c", "-b", users, "vienna", "right"], check=True)
    with Mosquitto(folder, f"password_file {users}") as child:
        yield child


async def test_a_broker_that_refuses_us_leaves_the_socket_at_work(
    open_world: object, strict: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert open_world is not None
    password = tmp_path / "password"
    password.write_text("wrong\n")
    config = {"mqtt": {"username": "vienna", "password_file": password}}
    async with world(strict, tmp_path, running=False, config=config) as home:
        home.start()
        await eventually(lambda: "check mqtt.username" in caplog.text)
        await until_ready(home)
        call = await dial(home, ANSWERS)
        await until_closed(home, 1)
        [cdr] = (await through_socket(home, "cdrs"))["cdrs"]
        assert (cdr["call_id"], cdr["cause"]) == (call, "normal")
        assert not home.ear.heard.models
        assert "wrong" not in json.dumps(cdr)
