"""`trunkline detect`: what is plugged in."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from config.profiles import Profiles, load_profiles
from edge.cli.common import JsonOption, print_json
from edge.cli.tables import Row, print_table

if TYPE_CHECKING:
    from drivers.discovery import UsbModem

COLUMNS = ("usb path", "usb id", "device", "profile", "AT port", "ports")


@dataclass(frozen=True, slots=True)
class Found:
    """A USB device with serial ports; `profile` and `at_port` are None for a stranger."""

    usb_path: str
    usb_id: str
    manufacturer: str
    product: str
    serial: str
    profile: str | None
    at_port: str | None
    ports: dict[int, str]  # by USB interface number


def detect(as_json: JsonOption = False) -> None:
    """Show USB devices with serial ports, and the profile that fits; needs no gateway."""
    from drivers.discovery import detect as detect_all

    profiles = load_profiles()
    found = [_found(modem, profiles) for modem in detect_all()]
    if as_json:
        print_json({"modems": [asdict(modem) for modem in found]})
    elif found:
        print_table("USB", COLUMNS, [_row(modem) for modem in found])
    else:
        typer.echo("No USB device with a serial port is plugged in: see `lsusb` and `dmesg`.")


def _found(modem: "UsbModem", profiles: Profiles) -> Found:
    profile = profiles.match(modem.usb_id)
    interfaces = profile.interfaces if profile else None
    return Found(
        usb_path=modem.usb_path,
        usb_id=modem.usb_id,
        manufacturer=modem.manufacturer,
        product=modem.product,
        serial=modem.serial,
        profile=profile.name if profile else None,
        at_port=modem.ports.get(interfaces.at) if interfaces else None,
        ports=dict(modem.ports),
    )


def _row(modem: Found) -> Row:
    device = f"{modem.manufacturer} {modem.product}".strip()
    ports = " ".join(f"{interface}:{node}" for interface, node in modem.ports.items())
    profile = modem.profile or "unknown"
    return (modem.usb_path, modem.usb_id, device, profile, modem.at_port or "", ports)
