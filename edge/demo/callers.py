"""People outside who call the lines of the simulated world."""

import asyncio
from random import Random

from simulator import Simulator

PATIENCE_S = 25.0  # simulated; then they hang up, answered or not


async def call_lines(simulator: Simulator, every_s: float) -> None:
    """Every so many simulated seconds, have somebody call a line; for ever."""
    speed = simulator.scenario.speed
    rng = Random(simulator.scenario.seed)  # noqa: S311 - a repeatable world is the purpose
    numbers = sorted(simulator.network.numbers)
    while True:
        await asyncio.sleep(every_s / speed)
        caller = f"+4989{rng.randrange(10**7):07d}"
        call = simulator.network.call(caller, rng.choice(numbers))
        simulator.clock.later(PATIENCE_S, call.hang_up)
