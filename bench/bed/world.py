"""The simulator as a child of a benchmark: `world.py SCENARIO FOLDER`, orders on stdin.

Each order is one JSON line, each is answered by one. Time stamps are time.monotonic_ns, which all
processes of a machine share. The child ends with its stdin.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.bed.orders import obey
from simulator import Scenario, Simulator
from simulator.calls import NetworkCall
from simulator.modem import Modem

if TYPE_CHECKING:
    from bench.voice_parts.lines import Lines

READER_BEHIND_S = 0.001


class World:
    """A running simulator that notes what passes its ptys and when."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._heard: list[tuple[int, str, str]] = []
        self._said: list[tuple[int, str, str]] = []
        self._callers = 0
        self._lines: Lines | None = None
        for modem in simulator.modems.values():
            modem.on_received = partial(self._note, self._heard, modem.name)
            modem.on_urc = partial(self._note, self._said, modem.name)

    async def obey(self, order: dict[str, Any]) -> object:
        """Do one order and give its answer."""
        match order["do"]:
            case "ports":
                return self._simulator.ports
            case "stamps":
                stamps = {"heard": list(self._heard), "said": list(self._said)}
                self._heard.clear()
                self._said.clear()
                return stamps
            case "ring":
                modem = self._simulator.modems[order["modem"]]
                self._ring(modem, order["from"], order["for_s"])
                return {}
            case "burst":
                return await self._bursts(order["calls"], order["modems"], order["ring_s"])
            case "messages":
                return len(self._simulator.network.messages)
            case "talk" | "begin" | "end" | "found":
                return self._far_ends.do(order["do"])
            case unknown:
                raise ValueError(f"no such order: {unknown}")

    @property
    def _far_ends(self) -> "Lines":
        if self._lines is None:
            from bench.voice_parts.lines import Lines  # noqa: PLC0415 - numpy, for voice alone

            self._lines = Lines(self._simulator)
        return self._lines

    def _note(self, notes: list[tuple[int, str, str]], modem: str, line: str) -> None:
        notes.append((time.monotonic_ns(), modem, line))

    def _ring(self, modem: Modem, caller: str, for_s: float) -> None:
        call = self._call(modem, caller)
        self._simulator.clock.later(for_s, call.hang_up)

    def _call(self, modem: Modem, caller: str) -> NetworkCall:
        card = modem.card
        if card is None:
            raise ValueError(f"{modem.name} has no SIM")
        return self._simulator.network.call(caller, card.number)

    async def _bursts(self, calls: int, modems: list[str], ring_s: float) -> dict[str, float]:
        """Let each modem be called so often, the next caller as soon as the last has given up."""
        start = time.monotonic()
        rung = await asyncio.gather(
            *(self._burst(self._simulator.modems[name], calls, ring_s) for name in modems)
        )
        dropped = sum(modem.port.dropped for modem in self._simulator.modems.values())
        return {"rung": sum(rung), "seconds": time.monotonic() - start, "dropped": dropped}

    async def _burst(self, modem: Modem, calls: int, ring_s: float) -> int:
        """Give the number of calls that rang; the pty's reader sets the pace."""
        return sum([await self._give_up(modem, ring_s) for _ in range(calls)])

    async def _give_up(self, modem: Modem, ring_s: float) -> bool:
        """Call, hang up after `ring_s`; False when the modem did not ring."""
        self._callers += 1
        call = self._call(modem, f"+4930{self._callers:08d}")
        await _until(lambda: call.alerted_s is not None or call.ended_s is not None, 0.0)
        if ring_s:
            await asyncio.sleep(ring_s)
        call.hang_up()
        await _until(lambda: not modem.port.congested, READER_BEHIND_S)
        return call.alerted_s is not None


async def _until(holds: Callable[[], bool], pause_s: float) -> None:
    while not holds():  # noqa: ASYNC110 - the simulator has no event for it
        await asyncio.sleep(pause_s)


async def main(scenario: Scenario, folder: Path) -> None:
    simulator = Simulator(scenario, folder)
    world = World(simulator)
    await simulator.start()
    await obey(world.obey)
    await simulator.stop()


if __name__ == "__main__":
    described = Path(sys.argv[1]).read_text()
    asyncio.run(main(Scenario.model_validate_json(described), Path(sys.argv[2])))
