"""A disk that takes no more: no new call, the live ones go on, nothing that happened is lost."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from mqtt.messages import Cdr
from mqtt.vocabulary import Reason, Result
from tests.edge.conftest import Open
from tests.edge.worlds import ANSWERS, BUSY, OUTSIDE, STAYS, World, eventually, soon

pytestmark = pytest.mark.logs("the disk takes no records")
NO_LIMIT = 2**31
TELLS = {"family": "quectel"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.store.RETRY_S", 0.02)
    monkeypatch.setattr("edge.call_desk.END_S", 0.2)


async def on_disk(world: World, work: Callable[[sqlite3.Connection], Any]) -> None:
    """Do something with the gateway's database, in the thread that owns it."""
    assert world.gateway is not None
    store = world.gateway._store
    await store._thread.run(work, store._db)


def forbid(db: sqlite3.Connection) -> None:
    """Take no write at all, as an SD card that was remounted read-only."""
    db.execute("PRAGMA query_only = ON")


def allow(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA query_only = OFF")


def fill(db: sqlite3.Connection) -> None:
    """Leave not a page more, and none that is free inside."""
    db.execute("CREATE TABLE filler (body BLOB)")
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    size = 2000
    while size:
        try:
            with db:
                db.execute("INSERT INTO filler VALUES (zeroblob(?))", (size,))
        except sqlite3.OperationalError:
            size //= 2


def empty(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA max_page_count = {NO_LIMIT}")
    with db:
        db.execute("DROP TABLE filler")


async def test_a_full_disk_refuses_what_it_cannot_hold(
    open_world: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(TELLS, TELLS) as world:
        await on_disk(world, fill)
        replies = [await world.order(BUSY)]
        while replies[-1].result is Result.ACCEPTED and len(replies) < 30:
            replies.append(await world.order(BUSY))
        assert replies[-1].reason is Reason.STORAGE_FAILED
        assert "disk is full" in caplog.text
        await on_disk(world, empty)
        for reply in replies[:-1]:
            await world.ear.cdr(reply.call_id or "")
        await world.ready()
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


async def test_a_broken_disk_refuses_calls_and_keeps_those_that_live(open_world: Open) -> None:
    async with open_world(TELLS, TELLS) as world:
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        await on_disk(world, forbid)
        [number] = [m.cards[0].number for m in world.sim.modems.values() if not m.board.legs]
        missed = world.sim.network.call(OUTSIDE, number)
        await world.ear.until(lambda: world.ear.alarm("storage"))
        alarm = world.ear.alarm("storage")
        assert alarm is not None
        assert (alarm.severity, alarm.line) == ("critical", None)
        for verb in ("dial", "sms"):
            reply = await world.ear.ask(verb, to=ANSWERS, text="-", expires_at=soon())
            assert (reply.reason, reply.retry_after_s) == (Reason.STORAGE_FAILED, 30)
        assert world.calls[0].ended_s is None
        assert (await world.ear.ask("sync")).data is not None
        assert (await world.ear.ask("hangup", call_id=live)).result is Result.ACCEPTED
        await eventually(lambda: world.calls[0].ended_s)
        missed.hang_up()
        world.sim.network.send_sms(OUTSIDE, world.number, "Guten Tag")
        assert not world.ear.heard.of(Cdr)
        await on_disk(world, allow)
        assert (await world.ear.cdr(live)).cause == "normal"
        await world.ear.until(lambda: len(world.ear.heard.of(Cdr)) == 2)
        await world.ear.until(lambda: [event.text for event in world.ear.sms()] == ["Guten Tag"])
        await world.ear.until(lambda: world.ear.alarm("storage") is None)
        await world.ready()
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


async def test_help_is_called_although_the_disk_is_broken(open_world: Open) -> None:
    async with open_world(TELLS) as world:
        await on_disk(world, forbid)
        assert (await world.order(ANSWERS)).reason is Reason.STORAGE_FAILED
        reply = await world.order("112")
        assert reply.result is Result.ACCEPTED
        await eventually(lambda: [call.ended_s for call in world.calls] == [None])
        await world.ear.ask("hangup", call_id=reply.call_id)
        await on_disk(world, allow)
        assert (await world.ear.cdr(reply.call_id or "")).number == "112"


async def test_a_dial_that_the_disk_refuses_leaves_the_line_free(open_world: Open) -> None:
    async with open_world(TELLS) as world:
        await on_disk(world, forbid)
        reply = await world.order(ANSWERS)
        assert (reply.result, reply.reason) == ("refused", "storage_failed")
        await world.ear.until(lambda: world.ear.alarm("storage"))
        await on_disk(world, allow)
        await world.ear.until(lambda: world.ear.alarm("storage") is None)
        again = await world.order(ANSWERS, id=reply.id)
        assert again.result is Result.ACCEPTED
        assert (await world.ear.cdr(again.call_id or "")).cause == "normal"
        assert len(world.calls) == 1


async def test_a_gateway_stops_although_its_disk_is_broken(open_world: Open) -> None:
    async with open_world(TELLS) as world:
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        await on_disk(world, forbid)
        world.calls[0].hang_up()
        await world.ear.until(lambda: world.ear.alarm("storage"))
        await world.stop()
        assert not world.ear.cdrs(live)
        world.start()
        assert (await world.ear.cdr(live)).cause == "lost"
        await world.ready()
