"""Small fast worlds for the tests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from simulator import Scenario, Simulator
from simulator.sim_card import Lock
from tests.simulator.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from simulator.modem import Modem

ANSWERS, BUSY, REJECTS, NO_ANSWER, STAYS, UNASSIGNED = (f"+493000{n}" for n in range(1, 7))
CALLEES = [
    {"number": ANSWERS, "does": "answer", "answer_after_s": 1, "talk_s": 5},
    {"number": BUSY, "does": "busy"},
    {"number": REJECTS, "does": "reject", "answer_after_s": 1},
    {"number": NO_ANSWER, "does": "no_answer"},
    {"number": STAYS, "does": "answer", "answer_after_s": 1, "then": "stay"},
    {"number": UNASSIGNED, "does": "unassigned"},
]
NETWORK = {"setup_s": 0.5, "ring_timeout_s": 10, "sms_delay_s": 0.1, "report_delay_s": 0.2}
OUTSIDE = "+491701234567"


async def eventually(holds: Callable[[], bool]) -> None:
    """Let the loop turn until it holds, for 5 s at most."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - no event tells of every fact asked here
            await asyncio.sleep(0)


async def _registered(modem: Modem) -> None:
    await eventually(lambda: modem.radio.registered)


@asynccontextmanager
async def world(
    *modems: dict[str, Any], link_dir: Path | None = None, **keys: Any
) -> AsyncIterator[tuple[Simulator, list[Terminal]]]:
    """Start modems m0, m1... that answer at once, a hundred times faster than real time."""
    fast = {"latency_ms": 0, "registration_delay_s": 0}
    parts = [{"name": f"m{index}"} | fast | modem for index, modem in enumerate(modems)]
    whole = {"speed": 100, "network": NETWORK, "callees": CALLEES} | keys | {"modems": parts}
    simulator = Simulator(Scenario.model_validate(whole), link_dir)
    await simulator.start()
    terminals = [Terminal(path) for path in simulator.ports.values()]
    try:
        for terminal, modem in zip(terminals, simulator.modems.values(), strict=True):
            await terminal.ask("ATE0+CMEE=1")
            if modem.card and modem.card.lock is Lock.READY:
                await _registered(modem)
        yield simulator, terminals
    finally:
        for terminal in terminals:
            terminal.close()
        await simulator.stop()
