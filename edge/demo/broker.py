"""The demo's broker: mosquitto where it is installed, else one out of a wheel."""

import asyncio
import importlib.util
import shutil
import socket
import sys
from pathlib import Path

from config.models import MqttVersion
from edge.demo.options import BrokerKind, DemoFailed

TRIES, PAUSE_S = 250, 0.02
VERSIONS = {  # of MQTT: iotcore has one port for each
    BrokerKind.MOSQUITTO: MqttVersion.V5,
    BrokerKind.IOTCORE: MqttVersion.V311,
}
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def choose(wanted: BrokerKind) -> BrokerKind:
    """Find a broker that is installed; raises DemoFailed."""
    there = {
        BrokerKind.MOSQUITTO: shutil.which("mosquitto", path=_PLACES) is not None,
        BrokerKind.IOTCORE: importlib.util.find_spec("iotcore") is not None,
    }
    fit = (kind for kind in there if there[kind] and wanted in {kind, BrokerKind.AUTO})
    found = next(fit, None)
    if found is None:
        raise DemoFailed(
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
    config.write_text(  # started as root it stays so: a child that changes its user may outlive us
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "log_dest none\nset_tcp_nodelay true\nmax_queued_messages 0\n"
    )
    return [shutil.which("mosquitto", path=_PLACES) or "mosquitto", "-c", str(config)]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Ask the kernel for a loopback port, of TCP or UDP, that nobody uses now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def listening(port: int) -> None:
    """Wait until somebody accepts connections; raises DemoFailed."""
    for _ in range(TRIES):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(PAUSE_S)
        else:
            writer.close()
            return
    raise DemoFailed(f"The broker does not listen on port {port}: try the other --broker.")
