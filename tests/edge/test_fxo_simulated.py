"""The driver and the judge of analogue lines against the simulator's exchange, in real time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.tones import load_tones
from config.voice import AnswerBy
from drivers.facts import CallChanged, Fact
from drivers.fxo.modem import FxoModem
from drivers.fxo.settings import LineSettings
from edge.voice.progress import ProgressJudge
from modem.calls import CallState
from simulator import Scenario, Simulator
from tests.drivers.wire import profiles

BUSY, CALLER, NUMBER = "3", "+491701234567", "+4930555000"
PATIENCE_S = 20.0


class Line:
    """One driver on a simulated modem, and what it told of calls."""

    def __init__(self, port: str, profile: str) -> None:
        self.facts: list[CallChanged] = []
        self._tasks: set[asyncio.Task[None]] = set()
        judge = partial(ProgressJudge, load_tones().of("DE"), AnswerBy.AUTO)
        settings = LineSettings(register="02", judge=judge)
        chosen = profiles().by_name[profile]
        self.modem = FxoModem(Path(port), chosen, settings, self._hear, self._spawn)

    async def until(self, holds: Callable[[CallChanged], bool]) -> CallChanged:
        async with asyncio.timeout(PATIENCE_S):
            while not (self.facts and holds(self.facts[-1])):  # noqa: ASYNC110 - a modem's own time
                await asyncio.sleep(0.01)
        return self.facts[-1]

    def close(self) -> None:
        self.modem.close()
        for task in self._tasks:
            task.cancel()

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, CallChanged):
            self.facts.append(fact)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def lines(*families: str) -> AsyncIterator[tuple[Simulator, list[Line]]]:
    """A simulator with German lines, and a driver that is ready on each."""
    whole: dict[str, Any] = {
        "speed": 1,
        "network": {"setup_s": 0.1},
        "callees": [{"number": BUSY, "does": "busy"}],
        "modems": [
            {
                "name": f"m{place}",
                "family": family,
                "latency_ms": 0,
                "sims": [{"number": f"{NUMBER}{place}"}],
                "exchange": {"country": "DE", "caller_id": "v23"},
            }
            for place, family in enumerate(families)
        ],
    }
    simulator = Simulator(Scenario.model_validate(whole))
    await simulator.start()
    names = {"conexant": "conexant-cx930xx", "usr": "usr-5637"}
    opened = [
        Line(simulator.ports[f"m{place}"], names[family]) for place, family in enumerate(families)
    ]
    try:
        for line in opened:
            await line.modem.open()
            await line.modem.attach()
        yield simulator, opened
    finally:
        for line in opened:
            line.close()
        await simulator.stop()


async def test_busy_is_heard_while_another_line_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.fxo.stream.RESCUE_S", 0.05)
    async with lines("conexant", "usr") as (simulator, (out, into)):
        out.modem.calls.place(BUSY)
        call = simulator.network.call(CALLER, f"{NUMBER}1")
        rings = await into.until(lambda fact: fact.call.state is CallState.INCOMING)
        assert rings.call.number == "01701234567"
        await into.modem.calls.answer(rings.call.key)
        assert call.answered_s is not None
        call.hang_up()
        busy = await out.until(lambda fact: fact.call.is_over)
        assert (busy.cause, busy.raw_cause) == ("busy", "busy")
        gone = await into.until(lambda fact: fact.call.is_over)
        assert (gone.cause, gone.by_us) == ("normal", False)
