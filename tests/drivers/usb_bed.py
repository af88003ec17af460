"""Discovery and port against a mocked USB bus: run under umockdev-wrapper by test_discovery.py.

`usb_bed.py SOURCE SCENARIO` prints as JSON what discovery told, in order. SOURCE is who sends the
events: "udev" or "kernel". The loop's clock moves only in settle(), so that nothing depends on how
fast the machine is.
"""

import asyncio
import errno
import json
import os
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402 - gi wants the version first

from drivers import discovery  # noqa: E402
from drivers.port import Port  # noqa: E402

SETTLE_S = 1.0
ROOT = "/devices/platform/xhci/usb1"
WANTED = {"2c7c:0125": (1, 2), "12d1:1001": (0,)}
QUECTEL = ("2c7c", "0125")
HUAWEI = ("12d1", "1001")
STRANGER = ("0403", "6001")


class Bed:
    """The bus: devices are plugged in port by port, each with its add event."""

    def __init__(self, *, properties: bool) -> None:
        self.testbed = UMockdev.Testbed.new()
        self._properties = properties
        self._ttys: dict[str, list[str]] = {}  # sysfs paths, by USB path
        self._others: dict[str, list[str]] = {}

    async def plug(
        self,
        usb_path: str,
        ids: tuple[str, str] = QUECTEL,
        ports: Iterable[tuple[int, str]] = ((0, "ttyUSB0"), (1, "ttyUSB1"), (2, "ttyUSB2")),
        serial: bytes = b"0123",
    ) -> None:
        self.testbed.add_from_string(
            f"P: {ROOT}/{usb_path}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
            f"A: idVendor={ids[0]}\\n\nA: idProduct={ids[1]}\\n\nA: product=EC25\\n\n"
            f"H: serial={serial.hex().upper()}\n"
        )
        self._ttys[usb_path] = []
        self._others[usb_path] = [f"/sys{ROOT}/{usb_path}"]
        for interface, node in ports:
            await self.add_port(usb_path, interface, node)

    async def add_port(self, usb_path: str, interface: int, node: str) -> None:
        above = f"{ROOT}/{usb_path}/{usb_path}:1.{interface}"
        tty = f"{above}/{node}/tty/{node}"
        number, attribute = f"E: ID_USB_INTERFACE_NUM={interface:02x}\n", ""
        if not self._properties:
            number, attribute = "", f"A: bInterfaceNumber={interface:02x}\\n\n"
        self.testbed.add_from_string(
            f"P: {above}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n{attribute}\n"
            f"P: {above}/{node}\nE: SUBSYSTEM=usb-serial\n\n"
            f"P: {tty}\nN: {node}\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/{node}\n{number}"
        )
        self._ttys[usb_path].append(f"/sys{tty}")
        self._others[usb_path] += [f"/sys{above}", f"/sys{above}/{node}"]
        await turns()

    async def take_port(self, usb_path: str, place: int) -> None:
        tty = self._ttys[usb_path].pop(place)
        self.testbed.uevent(tty, "remove")
        self.testbed.remove_device(tty)
        await turns()

    async def unplug(self, usb_path: str) -> None:
        while self._ttys[usb_path]:
            await self.take_port(usb_path, 0)
        self.vanish(usb_path)

    def vanish(self, usb_path: str) -> None:
        """Unplug, and nobody hears of it."""
        for tty in self._ttys.pop(usb_path):
            self.testbed.remove_device(tty)
        for device in reversed(self._others.pop(usb_path)):
            self.testbed.remove_device(device)

    async def repeat_adds(self, usb_path: str) -> None:
        for tty in self._ttys[usb_path]:
            self.testbed.uevent(tty, "add")
            await turns()


async def turns() -> None:
    """Let the loop read what came: a mocked monitor holds ten events, and drops the rest."""
    for _ in range(3):
        await asyncio.sleep(0)


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still until it is moved."""

    now = 0.0

    def time(self) -> float:
        return self.now


async def settle() -> None:
    """Let the settle time pass, for what it brings about too."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    for _ in range(2):
        loop.now += SETTLE_S
        await turns()


class Watch:
    """A discovery on the bed and what it told."""

    def __init__(self) -> None:
        self.told: list[list[Any]] = []
        self.discovery = discovery.Discovery(
            WANTED,
            on_added=lambda modem: self.told.append(["added", modem.usb_path, nodes(modem)]),
            on_removed=lambda usb_path: self.told.append(["removed", usb_path]),
            settle_s=SETTLE_S,
        )


def nodes(modem: discovery.UsbModem) -> dict[int, str]:
    return dict(modem.ports)


async def at_start(bed: Bed, watch: Watch) -> None:
    await bed.plug("1-1.2")
    await bed.plug("1-1.3", STRANGER, [(0, "ttyUSB3")])
    await bed.plug("1-1.4", HUAWEI, [(0, "ttyUSB4")], serial=b"\x1b[2JE15\xff50")
    watch.discovery.start()
    watch.told.append(
        [
            [m.usb_path, m.usb_id, m.serial, m.manufacturer, m.product, nodes(m)]
            for m in discovery.detect()
        ]
    )


async def ports_one_by_one(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2")
    await settle()
    await bed.add_port("1-1.2", 3, "ttyUSB3")
    await settle()
    watch.told.append([nodes(modem) for modem in watch.discovery.current()])


async def wanted_port_late(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2", ports=[(0, "ttyUSB0"), (1, "ttyUSB1")])
    await settle()
    await bed.add_port("1-1.2", 2, "ttyUSB2")
    await settle()


async def replug(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2")
    await settle()
    await bed.unplug("1-1.2")
    await bed.plug("1-1.2", ports=[(2, "ttyUSB9"), (1, "ttyUSB8"), (0, "ttyUSB7")])
    await settle()


async def gone_before_settled(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2", ports=[(0, "ttyUSB0"), (1, "ttyUSB1")])
    await bed.unplug("1-1.2")
    await settle()


async def one_port_gone(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2")
    await settle()
    await bed.take_port("1-1.2", 0)
    await settle()


async def modem_and_acm(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2", ports=[(1, "ttyACM0"), (2, "ttyACM1")])
    await bed.plug("1-1.3", STRANGER, [(0, "ttyUSB3")])
    await bed.plug("1-1.4", HUAWEI, [(0, "ttyUSB0"), (1, "ttyUSB1")])
    await settle()


async def repeated_events(bed: Bed, watch: Watch) -> None:
    await bed.plug("1-1.2")
    watch.discovery.start()
    await bed.repeat_adds("1-1.2")
    await settle()


async def swapped_unseen(bed: Bed, watch: Watch) -> None:
    await bed.plug("1-1.2", serial=b"FIRST")
    watch.discovery.start()
    bed.vanish("1-1.2")
    await bed.plug("1-1.2", ports=[(1, "ttyUSB4"), (2, "ttyUSB5")], serial=b"SECOND")
    await settle()
    watch.told.append([modem.serial for modem in watch.discovery.current()])


async def lost_events(bed: Bed, watch: Watch) -> None:
    await bed.plug("1-1.2")
    watch.discovery.start()
    bed.vanish("1-1.2")
    monitor = watch.discovery._monitor
    assert monitor is not None
    real_poll = monitor.poll

    def poll(_: float) -> None:  # as after too many events at once
        monitor.poll = real_poll
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monitor.poll = poll
    await bed.plug("1-1.3", ports=[(1, "ttyUSB5"), (2, "ttyUSB6")])
    await settle()


async def silent_after_stop(bed: Bed, watch: Watch) -> None:
    watch.discovery.start()
    await bed.plug("1-1.2", ports=[(0, "ttyUSB0")])
    watch.discovery.stop()
    other = Watch()
    other.discovery.start()
    await settle()
    other.discovery.stop()
    watch.told.append([other.told, watch.discovery.current()])


async def talk(bed: Bed, watch: Watch) -> None:
    """A mocked tty knows no ioctl: the port opens all the same, and talks."""
    await bed.plug("1-1.2")
    watch.discovery.start()
    (modem,) = watch.discovery.current()
    heard = asyncio.get_running_loop().create_future()
    port = Port(modem.ports[2], on_data=heard.set_result, on_lost=print)
    port.open()
    peer = bed.testbed.get_dev_fd(modem.ports[2])
    port.write(b"AT\r")
    asked = await asyncio.to_thread(os.read, peer, 100)
    os.write(peer, b"OK")
    watch.told.append([asked.decode(), (await heard).decode()])
    port.close()


SCENARIOS: dict[str, Callable[[Bed, Watch], Awaitable[None]]] = {
    scenario.__name__: scenario
    for scenario in (
        at_start,
        ports_one_by_one,
        wanted_port_late,
        replug,
        gone_before_settled,
        one_port_gone,
        modem_and_acm,
        repeated_events,
        swapped_unseen,
        lost_events,
        silent_after_stop,
        talk,
    )
}


async def play(name: str, *, properties: bool) -> list[list[Any]]:
    watch = Watch()
    await SCENARIOS[name](Bed(properties=properties), watch)
    watch.discovery.stop()
    return watch.told


def main() -> None:
    warnings.simplefilter("error")
    source, scenario = sys.argv[1:]
    has_udevd = source == "udev"
    discovery.UDEV_CONTROL = Path("/" if has_udevd else "/nowhere")
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        json.dump(runner.run(play(scenario, properties=has_udevd)), sys.stdout)


if __name__ == "__main__":
    main()
