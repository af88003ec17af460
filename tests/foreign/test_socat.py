"""A modem at the other end of a TCP connection, bridged by socat, is a modem like any other.

simulated modem <- tty -> socat <- TCP -> socat <- pty with a link -> driver, gateway
"""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.facts import ModemLost
from drivers.port import PortError
from modem.sim import Lock
from simulator import Simulator
from tests.brokers import MOSQUITTO, Mosquitto, free_port
from tests.edge.ear import Ear
from tests.edge.worlds import ANSWERS, World, eventually, scenario, settings
from tests.foreign.conftest import PATIENCE_S, OpenRig, Rig

SOCAT = shutil.which("socat")
FAMILIES = ("generic", "quectel", "simcom", "huawei")

pytestmark = pytest.mark.skipif(not SOCAT, reason="socat (Debian) is not installed")


class Bridge:
    """Two socats between a tty and a link that stands for it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._port = free_port()
        self._children: list[subprocess.Popen[bytes]] = []

    def build(self, tty: str) -> None:
        """Lay the bridge; it is there when the link is."""
        tcp = f"TCP:127.0.0.1:{self._port},retry=100,interval=0.02"
        self._start(f"TCP-LISTEN:{self._port},bind=127.0.0.1,reuseaddr", f"FILE:{tty},raw,echo=0")
        self._start(tcp, f"PTY,link={self.link},raw,echo=0")

    def cut(self) -> None:
        """The connection is gone, and the link with it."""
        for child in self._children:
            child.terminate()
            child.wait(PATIENCE_S)
        self._children.clear()

    def _start(self, *ends: str) -> None:
        assert SOCAT
        self._children.append(subprocess.Popen([SOCAT, *ends]))


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    one = Bridge(tmp_path / "modem")
    yield one
    one.cut()


async def opened(rig: OpenRig, link: Path) -> Rig:
    """A driver at the link, as soon as it is there."""
    one = rig(link)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await one.modem.open()
            except PortError:
                await asyncio.sleep(0.01)
            else:
                return one


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_driver_places_a_call_over_it(bridge: Bridge, rig: OpenRig, family: str) -> None:
    sim = Simulator(scenario({"family": family}))
    await sim.start()
    try:
        [tty] = sim.ports.values()
        bridge.build(tty)
        one = await opened(rig, bridge.link)
        assert one.modem.profile.family == family
        assert await one.modem.read_lock() is Lock.READY
        await one.modem.attach()
        await eventually(lambda: sim.modems["m0"].radio.registered)
        one.modem.calls.place(ANSWERS)
        await one.until(lambda: one.calls[-1:] == ["released normal"])
        told = ["alerting", "active", "released normal"]
        assert one.calls[-2:] == told[-2:]
        assert family == "generic" or one.calls == told  # who is asked may be asked too late
    finally:
        await sim.stop()


async def test_a_connection_that_breaks_is_an_unplugged_modem(bridge: Bridge, rig: OpenRig) -> None:
    sim = Simulator(scenario({}))
    await sim.start()
    try:
        [tty] = sim.ports.values()
        bridge.build(tty)
        one = await opened(rig, bridge.link)
        bridge.cut()
        await one.until(lambda: any(isinstance(fact, ModemLost) for fact in one.facts))
    finally:
        await sim.stop()


@pytest.mark.skipif(not MOSQUITTO, reason="mosquitto (Debian) is not installed")
async def test_the_gateway_makes_calls_over_it_and_finds_it_again(
    bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.keeper.AGAIN_S", 0.02)
    sim = Simulator(scenario({"family": "simcom"}))
    await sim.start()
    try:
        [tty] = sim.ports.values()
        with Mosquitto(tmp_path) as broker:
            config = settings(broker, tmp_path, {"m0": str(bridge.link)})
            async with Ear(broker, config.gateway.name) as ear:
                world = World(sim, ear, config)
                world.start()
                try:
                    for _ in range(2):
                        bridge.build(tty)
                        await world.ready()
                        call = await world.dial(ANSWERS)
                        assert (await ear.cdr(call)).cause == "normal"
                        bridge.cut()
                        await ear.until(lambda: ear.ready() == 0)
                finally:
                    await world.stop()
    finally:
        await sim.stop()
