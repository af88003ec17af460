"""The simulated world as a process of its own: modems until a signal, and people who call them."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from edge.demo.children import cancel_on
from simulator import Scenario, Simulator, serve

PATIENCE_S = 25.0  # simulated; then a caller hangs up, answered or not

OnReady = Callable[[dict[str, str]], None]


def run_world(
    scenario: Scenario, link_dir: Path | None, incoming_s: float | None, on_ready: OnReady
) -> None:
    """Run it until SIGINT or SIGTERM, the links go with it; `on_ready` gets what to open."""
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(scenario, link_dir, incoming_s, on_ready))


async def _serve(
    scenario: Scenario, link_dir: Path | None, incoming_s: float | None, on_ready: OnReady
) -> None:
    cancel_on(signal.SIGINT, signal.SIGTERM)
    async with asyncio.TaskGroup() as group:

        def ready(simulator: Simulator) -> None:
            on_ready(simulator.ports)
            if incoming_s:
                group.create_task(_call_lines(simulator, incoming_s))

        await serve(scenario, link_dir, on_ready=ready)


async def _call_lines(simulator: Simulator, every_s: float) -> None:
    """Every so many simulated seconds, have somebody outside call a line; for ever."""
    speed = simulator.scenario.speed
    rng = Random(simulator.scenario.seed)  # noqa: S311 - a repeatable world is the purpose
    numbers = sorted(simulator.network.numbers)
    while True:
        await asyncio.sleep(every_s / speed)
        caller = f"+4989{rng.randrange(10**7):07d}"
        call = simulator.network.call(caller, rng.choice(numbers))
        simulator.clock.later(PATIENCE_S, call.hang_up)
