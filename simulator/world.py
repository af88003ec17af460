"""The simulator itself: a network and its modems, started and stopped together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.clock import Clock
from simulator.modem import Modem
from simulator.network import Network
from simulator.sound.speech import prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.scenario import Scenario


class Simulator:
    """Make it, `await start()`, open `ports`, talk AT; must be made in a running loop."""

    def __init__(self, scenario: Scenario, link_dir: Path | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.scenario = scenario
        self.clock = Clock(loop, scenario.speed)
        self.network = Network(scenario, self.clock)
        self._link_dir = link_dir
        self.modems = {
            part.name: Modem(
                part, self.network, scenario.seed, loop, link_dir / part.name if link_dir else None
            )
            for part in scenario.lines()
        }

    @property
    def ports(self) -> dict[str, str]:
        """What to open for each modem: its link, or its tty as it is now."""
        return {name: modem.port.path for name, modem in self.modems.items()}

    @property
    def audio_ports(self) -> dict[str, str]:
        """What to open for the sound of each modem that has such a port."""
        return {
            name: modem.audio.port.path for name, modem in self.modems.items() if modem.part.audio
        }

    async def start(self) -> None:
        """Open every port; make what callees will say, if anybody can hear it."""
        if self.audio_ports:
            await asyncio.to_thread(prepare, self.scenario.sentences())
        if self._link_dir:
            self._link_dir.mkdir(parents=True, exist_ok=True)
        for modem in self.modems.values():
            modem.start()

    async def stop(self) -> None:
        """Unplug every modem; the links are gone, the log stays."""
        for modem in self.modems.values():
            modem.stop()


async def serve(
    scenario: Scenario, link_dir: Path | None, *, on_ready: Callable[[Simulator], None]
) -> None:
    """Run a simulator until cancelled; `on_ready` is called once its ports are open."""
    simulator = Simulator(scenario, link_dir)
    await simulator.start()
    try:
        on_ready(simulator)
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()
