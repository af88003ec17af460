"""Words to systemd: ready, stopping, alive (sd_notify(3)); silent when it did not ask."""

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Send one state, such as "READY=1", to the socket in NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address)
        channel.send(state.encode())


async def feed_watchdog() -> None:
    """Say that the loop turns, twice as often as systemd wants to hear it."""
    period_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    while period_us:
        notify("WATCHDOG=1")
        await asyncio.sleep(period_us / 2_000_000)
