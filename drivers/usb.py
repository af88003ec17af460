"""Power of a USB device: the last thing to try on a modem that hangs."""

import asyncio
import logging
from pathlib import Path

log = logging.getLogger(__name__)

DEVICES = Path("/sys/bus/usb/devices")
OFF_S = 5.0  # the capacitors of a stick hold it up for a second or two


async def cut_power(usb_path: str, devices: Path = DEVICES) -> bool:
    """Take the device at `usb_path` ("1-1.2") off the bus and back (sysfs-bus-usb: authorized).

    False when the kernel does not let us; the reason is logged.
    """
    switch = devices / usb_path / "authorized"
    try:
        switch.write_text("0")
        await asyncio.sleep(OFF_S)
        switch.write_text("1")
    except OSError as error:
        log.warning("cannot switch the USB device at %s: %s", usb_path, error)
        return False
    return True
