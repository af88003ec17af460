"""The gateway as a process of its own: ended politely, and killed at any moment."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
import tomlkit

from mqtt.messages import Cdr, Event, Reply
from mqtt.vocabulary import Result
from tests.edge.conftest import Open
from tests.edge.ear import PATIENCE_S
from tests.edge.worlds import RINGS, STAYS, World, eventually, soon

TELLS = {"family": "quectel"}
CROWD = {"prefix": "+49309", "does": "answer", "answer_after_s": (1, 5), "talk_s": (1, 10)}
TRUNKLINE = Path(sys.executable).with_name("trunkline")


class Process:
    """`trunkline run` on the configuration of a world."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._config = folder / "gateway.toml"
        self._log = folder / "log"
        values = world.config.model_dump(mode="json", exclude_none=True)
        self._config.write_text(tomlkit.dumps(values))

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def start(self) -> None:
        environment = os.environ | {"TRUNKLINE_CONFIG": str(self._config)}
        with self._log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                TRUNKLINE, "run", stderr=log, env=environment
            )

    async def restart(self) -> None:
        """Start it again and wait until it says by itself that its lines are ready."""
        self._world.ear.heard.standing.clear()
        await self.start()
        await self._world.ready()

    @property
    def unsent(self) -> int:
        """How many messages the gateway does not know to be at the broker."""
        with contextlib.closing(sqlite3.connect(self._world.config.storage.path)) as database:
            return int(database.execute("SELECT count(*) FROM outbox").fetchone()[0])

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and give the exit code; a process that is gone gives its own."""
        if self._child.returncode is None:
            self._child.send_signal(number)
        return await asyncio.wait_for(self._child.wait(), PATIENCE_S)


@asynccontextmanager
async def process(world: World, folder: Path) -> AsyncIterator[Process]:
    child = Process(world, folder)
    await child.start()
    try:
        await world.ready()
        yield child
    finally:
        await child.end(signal.SIGKILL)


async def test_a_gateway_that_is_told_to_stop_ends_its_calls(
    open_world: Open, tmp_path: Path
) -> None:
    async with (
        open_world(TELLS, TELLS, running=False) as world,
        process(world, tmp_path) as child,
    ):
        calls = [await world.dial(STAYS), await world.dial(RINGS), await world.dial(STAYS)]
        await world.ear.state(calls[0], "answered")
        await world.ear.state(calls[1], "alerting")
        assert await child.end(signal.SIGTERM) == 0
        causes = [(await world.ear.cdr(call)).cause for call in calls]
        assert causes == ["normal", "cancelled", "cancelled"]
        await world.ear.until(lambda: world.ear.status().state == "offline")  # type: ignore[union-attr]
        assert world.ear.status().reason == "stopped"  # type: ignore[union-attr]
        assert {truth.ended_by for truth in world.calls} == {"caller"}
        assert "ERROR" not in child.log
        assert "Traceback" not in child.log


@pytest.mark.parametrize("family", ["generic", "quectel", "simcom", "huawei"])
async def test_a_call_that_lived_through_a_kill_is_closed_as_lost(
    open_world: Open, tmp_path: Path, family: str
) -> None:
    async with (
        open_world({"family": family}, running=False) as world,
        process(world, tmp_path) as child,
    ):
        call = await world.dial(STAYS)
        await world.ear.state(call, "answered")
        await eventually(lambda: child.unsent == 0)
        await child.end(signal.SIGKILL)
        [truth] = world.calls
        assert truth.ended_s is None
        await child.restart()
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("lost", "unknown")
        assert cdr.raw_cause == "the gateway stopped while it lived"
        await eventually(lambda: truth.ended_s)
        assert truth.ended_by == "caller"
        await world.ready()
        assert world.ear.states(call)[-2:] == ["answered", "ended"]
        ids = Counter(event.event_id for event in world.ear.heard.of(Event))
        assert set(ids.values()) == {1}
        boots = {event.boot_id for event in world.ear.events(call)}
        assert len(boots) == 2


@pytest.mark.parametrize("seed", range(3))
async def test_each_accepted_call_has_one_cdr_wherever_the_gateway_was_killed(
    open_world: Open, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - repeatable
    modems = [{"family": family} for family in ("quectel", "simcom", "huawei", "generic")]
    async with (
        open_world(*modems, running=False, callees=[CROWD]) as world,
        process(world, tmp_path) as child,
    ):
        for kill in range(3):
            for n in range(8):
                await dial_and_forget(world, f"+493090000{kill}{n:02}")
            heard = len(world.ear.heard.of(Event)) + random.randrange(30)
            await world.ear.until(lambda: len(world.ear.heard.of(Event)) >= heard)  # noqa: B023
            await child.end(signal.SIGKILL)
            await child.restart()
        await world.ear.until(lambda: accepted(world) <= closed(world))
        await eventually(lambda: all(truth.ended_s is not None for truth in world.calls))
        cdrs = Counter(cdr.number for cdr in unique(world.ear.heard.of(Cdr)))
        dialled = Counter(truth.callee_number for truth in world.calls)
        assert set(cdrs.values()) == {1}
        assert set(dialled.values()) <= {1}
        assert dialled.keys() <= cdrs.keys()
        assert {cdr.cause for cdr in world.ear.heard.of(Cdr)} >= {"lost"}
        ids = Counter(event.event_id for event in world.ear.heard.of(Event))
        twice = [event for event in world.ear.heard.of(Event) if ids[event.event_id] > 1]
        assert all(ids[event.event_id] == 2 for event in twice)
        assert sum(event.replayed for event in twice) >= len(twice) / 2


async def dial_and_forget(world: World, number: str) -> None:
    """Ask for a call without waiting for the answer."""
    payload = f'{{"id": "{number[1:]}", "to": "{number}", "expires_at": "{soon()}"}}'
    await world.ear.publish("dial", payload.encode())


def accepted(world: World) -> set[str]:
    replies = world.ear.heard.of(Reply)
    return {reply.call_id or "" for reply in replies if reply.result is Result.ACCEPTED}


def closed(world: World) -> set[str]:
    return {cdr.call_id for cdr in world.ear.heard.of(Cdr)}


def unique(cdrs: list[Cdr]) -> list[Cdr]:
    return list({cdr.event_id: cdr for cdr in cdrs}.values())


async def test_what_a_call_had_used_when_the_gateway_was_killed_is_counted(
    open_world: Open, tmp_path: Path
) -> None:
    rates = [{"setup": "0.05", "per_minute": "0.10"}]
    plan = {"name": "office", "currency": "EUR", "first_s": 60, "next_s": 60, "rates": rates}
    async with open_world(TELLS, running=False, config={"plan": [plan]}) as world:
        world.know_sim(plan="office", limits={"max_minutes_day": 10})
        async with process(world, tmp_path) as child:
            call = await world.dial(STAYS)
            await world.ear.state(call, "answered")
            await child.end(signal.SIGKILL)
            await child.restart()
            cdr = await world.ear.cdr(call)
            assert (cdr.cause, cdr.billed_s, cdr.cost) == ("lost", 60.0, "0.15")
            [line] = world.ear.lines()
            used = {use.limit: (use.used, use.most) for use in line.use or ()}
            assert used["max_minutes_day"] == (1.0, 10.0)
