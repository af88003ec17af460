"""Everything that the demo's dialer talks to: broker, simulated modems and gateway as children."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.models import Mqtt
from edge.control_client import ControlClient
from edge.demo import broker
from edge.demo.cast import Cast, choose_cast
from edge.demo.children import Children
from edge.demo.options import BrokerKind, DemoFailed, Options

GATEWAY = "demo"
START_S = 30  # a slow machine's time to start the children
LINE_CALLED_S = 240.0  # simulated seconds from call to call that comes in on a line,
INCOMING_S = 30.0  # and at least from one to the next on any
SOCKET = "control.sock"
TRUNKLINE = (sys.executable, "-P", "-m", "edge.cli")


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo world: how to reach its broker and its owner's door, who plays and runs."""

    access: Mqtt
    broker: BrokerKind
    control: ControlClient
    cast: Cast
    children: Children
    world: Process

    async def end_world(self) -> dict[str, Any]:
        """Unplug the modems and give the carriers' own books, as edge.demo.world prints them."""
        await self.children.stop("simulator")
        last = await self.world.stdout.readline() if self.world.stdout else b""
        if not last:
            raise DemoFailed("The simulator did not end as it should: start the demo again.")
        books: dict[str, Any] = json.loads(last)
        return books


@asynccontextmanager
async def set_stage(options: Options, folder: Path) -> AsyncIterator[Stage]:
    """Start all in `folder`; raises DemoFailed."""
    kind, port = broker.choose(options.broker), broker.free_port()
    cast = choose_cast(options)
    access = Mqtt(host="127.0.0.1", port=port, version=broker.VERSIONS[kind])
    children = Children(folder)
    try:
        await children.start("broker", *broker.command(kind, folder, port))
        world, ports = await _start_modems(children, options, folder / "modems")
        await broker.listening(port)
        config = folder / "gateway.toml"
        config.write_text(gateway_toml(GATEWAY, folder, access, ports) + cast.tables())
        await children.start("gateway", *TRUNKLINE, "--config", str(config), "run")
        yield Stage(access, kind, ControlClient(folder / SOCKET), cast, children, world)
    finally:
        await children.stop_all()


async def _start_modems(
    children: Children, options: Options, links: Path
) -> tuple[Process, dict[str, str]]:
    """Start the simulator and give it, with what to open by modem."""
    settings = {
        "--link-dir": links,
        "--lines": options.lines,
        "--speed": options.speed,
        "--seed": options.seed,
        "--incoming": max(INCOMING_S, LINE_CALLED_S / options.lines),
    }
    arguments = [str(part) for setting in settings.items() for part in setting]
    process = await children.start(
        "simulator", *TRUNKLINE, "simulate", "demo", "--json", *arguments, talks=True
    )
    try:
        async with asyncio.timeout(START_S):
            first = await process.stdout.readline() if process.stdout else b""
    except TimeoutError:
        first = b""
    if not first:
        raise DemoFailed(children.last_words("simulator"))
    ports: dict[str, str] = json.loads(first)["ports"]
    return process, ports


def gateway_toml(
    name: str,
    folder: Path,
    access: Mqtt,
    ports: Mapping[str, str],
    audio_ports: Mapping[str, str] | None = None,
) -> str:
    """Write the configuration of a gateway that keeps its things in `folder`."""
    tables = [
        f'[gateway]\nname = "{name}"\n',
        f'[mqtt]\nhost = "{access.host}"\nport = {access.port}\nversion = "{access.version}"\n',
        f'[storage]\npath = "{folder}/trunkline.db"\n',
        f'[control]\nsocket = "{folder / SOCKET}"\n',
        "[discovery]\nusb = false\n",
        *(_modem(modem, port, (audio_ports or {}).get(modem)) for modem, port in ports.items()),
    ]
    return "\n".join(tables)


def _modem(name: str, port: str, audio: str | None) -> str:
    sound = f'audio = "{audio}"\n' if audio else ""
    return f'[[modem]]\nname = "{name.replace(".", "-")}"\nport = "{port}"\n{sound}'
