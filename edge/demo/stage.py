"""Everything that the demo's dialer talks to: broker, simulated modems and gateway as children."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.models import Mqtt
from edge.demo import broker
from edge.demo.children import Children
from edge.demo.options import BrokerKind, DemoFailed, Options

GATEWAY = "demo"
START_S = 30  # a slow machine's time to start the children
INCOMING_EVERY_S = 30.0  # simulated seconds
_TRUNKLINE = (sys.executable, "-P", "-m", "edge.cli")


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo world: how to reach its broker, the kind that was found, who runs."""

    access: Mqtt
    broker: BrokerKind
    children: Children


@asynccontextmanager
async def set_stage(options: Options, folder: Path) -> AsyncIterator[Stage]:
    """Start all in `folder`; raises DemoFailed."""
    kind, port = broker.choose(options.broker), broker.free_port()
    access = Mqtt(host="127.0.0.1", port=port, version=broker.VERSIONS[kind])
    children = Children(folder)
    try:
        await children.start("broker", *broker.command(kind, folder, port))
        ports = await _start_modems(children, options, folder / "modems")
        await broker.listening(port)
        config = folder / "gateway.toml"
        config.write_text(_gateway_toml(folder, access, ports))
        await children.start("gateway", *_TRUNKLINE, "--config", str(config), "run")
        yield Stage(access, kind, children)
    finally:
        await children.stop_all()


async def _start_modems(children: Children, options: Options, links: Path) -> dict[str, str]:
    """Start the simulator and give what to open, by modem."""
    settings = {
        "--link-dir": links,
        "--lines": options.lines,
        "--speed": options.speed,
        "--seed": options.seed,
        "--incoming": INCOMING_EVERY_S,
    }
    arguments = [str(part) for setting in settings.items() for part in setting]
    process = await children.start(
        "simulator", *_TRUNKLINE, "simulate", "demo", "--json", *arguments, talks=True
    )
    try:
        async with asyncio.timeout(START_S):
            first = await process.stdout.readline() if process.stdout else b""
    except TimeoutError:
        first = b""
    if not first:
        raise DemoFailed(children.last_words("simulator"))
    ports: dict[str, str] = json.loads(first)["ports"]
    return ports


def _gateway_toml(folder: Path, access: Mqtt, ports: dict[str, str]) -> str:
    """Write the configuration of the demo's gateway."""
    tables = [
        f'[gateway]\nname = "{GATEWAY}"\n',
        f'[mqtt]\nhost = "{access.host}"\nport = {access.port}\nversion = "{access.version}"\n',
        f'[storage]\npath = "{folder}/trunkline.db"\n',
        f'[control]\nsocket = "{folder}/control.sock"\n',
        "[discovery]\nusb = false\n",
        *(
            f'[[modem]]\nname = "{name.replace(".", "-")}"\nport = "{path}"\n'
            for name, path in ports.items()
        ),
    ]
    return "\n".join(tables)
