"""USB modems as they come and go: each is announced once its ports are there, and removed once.

A modem is known by its USB path ("1-1.2") and a port by its USB interface number: ttyUSBn is only
what the kernel had free. Ports appear one by one, so a modem is announced when the interfaces that
its profile wants are there, or when no port has come or gone for the settle time. All that is told
comes from sysfs, so that it works with udevd and, as in containers, without.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import pyudev

SETTLE_S = 1.0  # a modem's ports appear within some 100 ms of each other
UDEV_CONTROL = Path("/run/udev/control")  # udevd's socket: without it, only the kernel speaks


@dataclass(frozen=True, slots=True)
class UsbModem:
    """One USB device with serial ports; texts that the device does not give are empty."""

    usb_path: str  # where it is plugged in: "1-1.2"
    vendor_id: str  # four hexadecimal digits, lower case
    product_id: str
    serial: str
    manufacturer: str
    product: str
    ports: Mapping[int, str]  # USB interface number -> device node

    @property
    def usb_id(self) -> str:
        """Vendor and product as profiles name them: "2c7c:0125"."""
        return f"{self.vendor_id}:{self.product_id}"


@dataclass(frozen=True, slots=True)
class _Tty:
    sys_path: str  # all that a remove event still tells
    interface: int
    node: str
    device: UsbModem  # with no ports


@dataclass(slots=True)
class _Plugged:
    device: UsbModem
    ttys: dict[str, _Tty] = field(default_factory=dict)  # by sys_path
    announced: bool = False
    timer: asyncio.TimerHandle | None = None

    def modem(self) -> UsbModem:
        return _with_ports(self.device, self.ttys.values())

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Discovery:
    """Tells of modems whose USB id is in `wanted`, from start() to stop().

    `wanted` maps an id ("2c7c:0125") to the interfaces that the gateway will open. `on_added` gets
    the modem, `on_removed` its USB path. One that lacks a wanted interface is announced all the
    same after `settle_s`; should the interface come later, it is removed and announced anew.
    """

    def __init__(
        self,
        wanted: Mapping[str, Collection[int]],
        *,
        on_added: Callable[[UsbModem], None],
        on_removed: Callable[[str], None],
        settle_s: float = SETTLE_S,
    ) -> None:
        self._wanted = wanted
        self._on_added = on_added
        self._on_removed = on_removed
        self._settle_s = settle_s
        self._monitor: pyudev.Monitor | None = None
        self._plugged: dict[str, _Plugged] = {}  # by USB path

    def start(self) -> None:
        """Listen for hot-plug, then announce what is there already, before returning."""
        self._loop = asyncio.get_running_loop()
        self._context = pyudev.Context()
        self._has_udevd = UDEV_CONTROL.exists()
        source = "udev" if self._has_udevd else "kernel"
        self._monitor = monitor = pyudev.Monitor.from_netlink(self._context, source)
        monitor.filter_by("tty")
        monitor.start()
        self._loop.add_reader(monitor.fileno(), self._read_event, monitor)
        self._rescan()

    def stop(self) -> None:
        """Listen no more and forget every modem, silently. Safe to call twice."""
        if self._monitor is None:
            return
        self._loop.remove_reader(self._monitor.fileno())
        self._monitor = None
        for plugged in self._plugged.values():
            plugged.stop_timer()
        self._plugged.clear()

    def current(self) -> list[UsbModem]:
        """List the modems announced and not removed, with the ports they have now."""
        return [plugged.modem() for plugged in self._plugged.values() if plugged.announced]

    def _read_event(self, monitor: pyudev.Monitor) -> None:
        try:
            event = monitor.poll(0)
        except OSError:  # ENOBUFS: more events than the socket holds, some are lost
            _clear_error(monitor.fileno())
            self._rescan()
            return
        if event is None:
            return
        if event.action == "remove":
            self._remove(event.sys_path)
        elif event.action == "add" and (tty := _read_tty(event)) is not None:
            self._add(tty)

    def _rescan(self) -> None:
        """Make what we know equal to what is there."""
        there = {tty.sys_path: tty for tty in _scan(self._context, initialized=self._has_udevd)}
        known = {path for plugged in self._plugged.values() for path in plugged.ttys}
        for sys_path in known - there.keys():
            self._remove(sys_path)
        for tty in there.values():
            self._add(tty)

    def _add(self, tty: _Tty) -> None:
        wanted = self._wanted.get(tty.device.usb_id)
        if wanted is None:
            return
        plugged = self._plugged_for(tty)
        if plugged.ttys.get(tty.sys_path) == tty:  # `udevadm trigger` repeats what we know
            return
        plugged.ttys[tty.sys_path] = tty
        if plugged.announced and tty.interface not in wanted:
            return
        self._withdraw(plugged)
        if {tty.interface for tty in plugged.ttys.values()}.issuperset(wanted):
            self._announce(plugged)
        else:
            self._settle(plugged)

    def _plugged_for(self, tty: _Tty) -> _Plugged:
        """Find the device of `tty`; where another was plugged in before, that one is gone."""
        plugged = self._plugged.get(tty.device.usb_path)
        if plugged is not None and plugged.device != tty.device:
            self._forget(plugged)
            plugged = None
        if plugged is None:
            plugged = self._plugged[tty.device.usb_path] = _Plugged(tty.device)
        return plugged

    def _remove(self, sys_path: str) -> None:
        for plugged in self._plugged.values():
            if plugged.ttys.pop(sys_path, None) is not None:
                break
        else:
            return
        if plugged.ttys:
            self._settle(plugged)
            self._withdraw(plugged)
        else:
            self._forget(plugged)

    def _settle(self, plugged: _Plugged) -> None:
        plugged.stop_timer()
        plugged.timer = self._loop.call_later(self._settle_s, self._announce, plugged)

    def _announce(self, plugged: _Plugged) -> None:
        plugged.stop_timer()
        plugged.announced = True
        self._on_added(plugged.modem())

    def _forget(self, plugged: _Plugged) -> None:
        plugged.stop_timer()
        del self._plugged[plugged.device.usb_path]
        self._withdraw(plugged)

    def _withdraw(self, plugged: _Plugged) -> None:
        if plugged.announced:
            plugged.announced = False
            self._on_removed(plugged.device.usb_path)


def detect() -> list[UsbModem]:
    """Every USB device that has a serial port now, known or not, in the order of USB paths."""
    by_device: dict[str, list[_Tty]] = {}
    for tty in _scan(pyudev.Context(), initialized=False):
        by_device.setdefault(tty.device.usb_path, []).append(tty)
    return [_with_ports(ttys[0].device, ttys) for _, ttys in sorted(by_device.items())]


def _with_ports(device: UsbModem, ttys: Collection[_Tty]) -> UsbModem:
    ports = {tty.interface: tty.node for tty in ttys}
    return replace(device, ports=MappingProxyType(dict(sorted(ports.items()))))


def _scan(context: pyudev.Context, *, initialized: bool) -> Iterator[_Tty]:
    """All USB ttys; `initialized` leaves out those whose add event udevd has yet to send."""
    enumerator = context.list_devices(subsystem="tty")
    if initialized:
        enumerator.match_is_initialized()
    for found in enumerator:
        tty = _read_tty(found)
        if tty is not None:
            yield tty


def _read_tty(tty: pyudev.Device) -> _Tty | None:
    """Read a tty's place in sysfs; None where it is no port of a USB device."""
    interface = tty.find_parent("usb", "usb_interface")
    device = tty.find_parent("usb", "usb_device")
    if interface is None or device is None or tty.device_node is None:
        return None
    number = tty.properties.get("ID_USB_INTERFACE_NUM") or _text(interface, "bInterfaceNumber")
    try:
        return _Tty(tty.sys_path, int(number, 16), tty.device_node, _read_device(device))
    except ValueError:  # unplugged while we read
        return None


def _read_device(device: pyudev.Device) -> UsbModem:
    return UsbModem(
        usb_path=device.sys_name,
        vendor_id=_text(device, "idVendor"),
        product_id=_text(device, "idProduct"),
        serial=_text(device, "serial"),
        manufacturer=_text(device, "manufacturer"),
        product=_text(device, "product"),
        ports={},
    )


def _text(device: pyudev.Device, attribute: str) -> str:
    """Read a sysfs attribute as one printable line; "" if absent. Its bytes are the device's."""
    text = (device.attributes.get(attribute) or b"").decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _clear_error(fd: int) -> None:
    """Take a socket's pending error off it: it would make every poll fail."""
    with socket.socket(fileno=socket.dup(fd)) as twin:
        twin.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
