"""Real peers on loopback: our server, sipp with scenarios, a phone of bare datagrams."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from config.sip import Extension, Pbx, Sip
from edge.sip.phone import Ended, PhoneEvent, PhoneLeg
from edge.sip.server import SipServer

HOST = "127.0.0.1"
SCENARIOS = Path(__file__).parent / "scenarios"
PATIENCE_S = 10
START_S = 15


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a program that was just started and may not have opened the port yet."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                return await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)


class Rows:
    """What happened, in order; the test waits for what is to come."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._came = asyncio.Event()

    def add(self, row: Any) -> None:
        self.rows.append(row)
        self._came.set()

    async def until(self, found: Callable[[Any], bool], count: int = 1) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while len(hits := [row for row in self.rows if found(row)]) < count:
                self._came.clear()
                await self._came.wait()
        return hits[count - 1]

    async def event(self, kind: type[Any], count: int = 1) -> Any:
        return await self.until(lambda row: isinstance(row, kind), count)


@dataclass
class Desk:
    """A server, and whoever calls it."""

    port: int
    server: SipServer = field(init=False)
    calls: Rows = field(default_factory=Rows)
    changes: Rows = field(default_factory=Rows)

    async def incoming(self, count: int = 1) -> tuple[PhoneLeg, Rows]:
        """The leg of a call that came in, with its events."""
        return await self.calls.until(lambda _: True, count)  # type: ignore[no-any-return]

    async def dropped(self, count: int) -> None:
        """Wait until the fence has kept so many datagrams out."""
        async with asyncio.timeout(PATIENCE_S):
            while self.server._fence.dropped.total() < count:  # noqa: ASYNC110 - the fence tells nobody
                await asyncio.sleep(0)

    def take(self, leg: PhoneLeg) -> None:
        events = Rows()
        leg.on_event = events.add
        self.calls.add((leg, events))

    def call(self, target: str, **more: Any) -> list[tuple[PhoneLeg, Rows]]:
        known: dict[PhoneLeg, Rows] = {}

        def on_event(leg: PhoneLeg, event: PhoneEvent) -> None:
            known[leg].add(event)

        for leg in self.server.call(target, on_event=on_event, **{"caller": "+43155501"} | more):
            known[leg] = Rows()
        return list(known.items())


@asynccontextmanager
async def desk(
    extensions: Sequence[Extension] = (),
    pbxs: Sequence[Pbx] = (),
    restored: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> AsyncIterator[Desk]:
    port = free_udp_port()
    sip = Sip(address=IPv4Address(HOST), port=port, **{"rtp_from": 20_000, "rtp_to": 29_998} | more)
    here = Desk(port)
    server = SipServer(sip, extensions, pbxs, here.take, lambda: here.changes.add(port))
    here.server = server
    server.restore(restored)
    await server.start()
    try:
        yield here
    finally:
        await server.stop()


def peer(port: int = 5060, **more: Any) -> Pbx:
    """A PBX that is trusted by its address, which is loopback."""
    return Pbx(name="asterisk", mode="peer", host=HOST, port=port, **more)  # type: ignore[arg-type]


PASSWORD = "secret"


def extension(name: str = "201", password: str = PASSWORD, **more: Any) -> Extension:
    return Extension(name=name, password=password, **more)  # type: ignore[arg-type]


@dataclass
class Ran:
    """How sipp ended."""

    code: int
    said: str


async def sipp(
    scenario: str, folder: Path, *arguments: str, to: int, port: int = 0, code: int = 0
) -> Ran:
    """Run a scenario once against our server's port; `code` is the answer it waits for."""
    port = port or free_udp_port()
    trace = folder / f"{scenario}.{port}.log"
    text = (SCENARIOS / f"{scenario}.xml").read_text()
    script = folder / f"{scenario}.{port}.xml"
    script.write_text(text.replace("CODE", str(code)))
    child = await asyncio.create_subprocess_exec(
        "sipp", f"{HOST}:{to}", "-sf", str(script),
        "-i", HOST, "-p", str(port), "-mp", str(free_udp_port()), "-nostdin",
        "-timeout", "20s", "-timeout_error", "-trace_err", "-error_file", str(trace),
        "-trace_msg", "-message_file", str(folder / f"{scenario}.{port}.msg"),
        *("-m", "1") * ("-m" not in arguments), *arguments,
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(25):
            _, said = await child.communicate()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    more = trace.read_text() if trace.exists() else ""
    return Ran(child.returncode or 0, said.decode() + more)


def ended(rows: Rows) -> list[Ended]:
    return [row for row in rows.rows if isinstance(row, Ended)]
