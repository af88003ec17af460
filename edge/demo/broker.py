"""The demo's broker: mosquitto where it is installed, else one out of a wheel."""

import asyncio
import importlib.util
import shutil
import socket
import sys
from enum import StrEnum
from pathlib import Path

TRIES, PAUSE_S = 250, 0.02
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


class BrokerKind(StrEnum):
    """Which broker the demo starts; auto takes the first that is there."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


class NoBroker(Exception):  # noqa: N818 - reads as what happened
    """No broker can be had; the text is a sentence that says how to get one."""


def choose(wanted: BrokerKind) -> BrokerKind:
    """Find a broker that is installed; raises NoBroker."""
    there = {
        BrokerKind.MOSQUITTO: shutil.which("mosquitto", path=_PLACES) is not None,
        BrokerKind.IOTCORE: importlib.util.find_spec("iotcore") is not None,
    }
    found = next((kind for kind in there if there[kind] and wanted in {kind, BrokerKind.AUTO}), None)
    if found is None:
        raise NoBroker(
            "No broker is installed: `sudo apt-get install mosquitto`, "
            "or `pip install iotcore` beside Trunkline."
        )
    return found


def command(kind: BrokerKind, folder: Path, port: int) -> list[str]:
    """Give the command that runs the broker on 127.0.0.1; writes its config into `folder`."""
    if kind is BrokerKind.IOTCORE:
        place = ("--listen", "127.0.0.1", "--port", str(port), "--log-level", "CRITICAL")
        return [sys.executable, "-P", "-m", "iotcore", *place]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "log_dest none\nset_tcp_nodelay true\nmax_queued_messages 0\n"
    )
    return [shutil.which("mosquitto", path=_PLACES) or "mosquitto", "-c", str(config)]


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def listening(port: int) -> None:
    """Wait until somebody accepts connections; raises TimeoutError."""
    for _ in range(TRIES):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(PAUSE_S)
        else:
            writer.close()
            return
    raise TimeoutError(f"nobody listens on port {port}")
