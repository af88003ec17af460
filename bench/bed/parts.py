"""What every benchmark is made of: broker, simulator and gateway as children, and a client."""

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.bed.brokers import Mosquitto
from config.models import Mqtt
from mqtt.client import soon
from mqtt.messages import AnyCommand
from mqtt.session import BrokerSession, Inbound, LinkState
from mqtt.topics import Topics
from simulator import Scenario

ROOT = Path(__file__).parents[2]
FLOOR = Path(__file__).with_name("floor.py")
DISK = Path("/var/tmp")  # noqa: S108 - /tmp may be memory, and commits must meet a disk
GATEWAY = "bench"
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
LIFE_S = 300  # of a command: longer than any benchmark waits

Stamp = tuple[int, str, str]  # monotonic nanoseconds, modem, line


class Child:
    """A child that takes orders; they are answered one after the other."""

    def __init__(self, child: Process) -> None:
        self._child = child
        self._lock = asyncio.Lock()

    def usage(self) -> "Usage":
        """What it has used until now."""
        return usage_of(self._child.pid)

    async def order(self, what: str, **details: object) -> Any:
        """Give an order and wait for its answer."""
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise TypeError("a child that takes orders needs pipes")
        async with self._lock:
            stdin.write(json.dumps({"do": what, **details}).encode() + b"\n")
            line = await stdout.readline()
        if not line:
            raise ChildProcessError("a child ended")
        return json.loads(line)


class World(Child):
    """The simulator child."""

    async def stamps(self) -> tuple[list[Stamp], list[Stamp]]:
        """What the modems heard and said since the last time."""
        stamps = await self.order("stamps")
        heard, said = ([(ns, modem, line) for ns, modem, line in stamps[k]] for k in stamps)
        return heard, said


class Client:
    """A dialer: publishes commands, keeps what it hears with the time of its arrival."""

    def __init__(self, port: int) -> None:
        self.topics = Topics(GATEWAY)
        self.on_message: Callable[[int, str, bytes], None] = lambda _ns, _topic, _payload: None
        self.lines: dict[str, dict[str, Any]] = {}
        self._line_changed = asyncio.Event()
        self._up = asyncio.Event()
        self._pings: dict[bytes, asyncio.Future[int]] = {}
        self._session = BrokerSession(
            Mqtt(host="127.0.0.1", port=port, client_id=f"bench-{uuid4().hex[:8]}"),
            GATEWAY,
            None,
            self._receive,
            self._link_changed,
            subscriptions=(f"{self.topics.of('line')}/+", *map(self._filter, _EVENTS), "ping"),
            session_expiry_s=0,
        )

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._session.run()

    async def connected(self) -> None:
        """Wait for the broker."""
        async with asyncio.timeout(READY_TIMEOUT_S):
            await self._up.wait()

    def send(self, command: AnyCommand) -> int:
        """Publish a command; gives the time before."""
        payload = command.encode()
        before = time.monotonic_ns()
        self._session.publish(self.topics.of("cmd", command.verb), payload)
        return before

    async def ping(self) -> int:
        """Publish with QoS 1 and wait until it comes back: nanoseconds."""
        name = uuid4().bytes
        came: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pings[name] = came
        before = time.monotonic_ns()
        self._session.publish("ping", name)
        return await came - before

    async def until_ready(self, count: int) -> int:
        """Wait until so many lines are ready; gives the time when the last of them was."""
        async with asyncio.timeout(READY_TIMEOUT_S):
            while True:
                ready_ns: list[int] = [
                    line["ns"] for line in self.lines.values() if line["state"] == "ready"
                ]
                if len(ready_ns) == count:
                    return max(ready_ns)
                self._line_changed.clear()
                await self._line_changed.wait()

    def _filter(self, kind: str) -> str:
        return self.topics.of(kind) + ("/+" if kind == "call" else "")

    def _receive(self, inbound: Inbound) -> None:
        now = time.monotonic_ns()
        if inbound.topic == "ping":
            self._pings.pop(inbound.payload).set_result(now)
        elif inbound.topic.startswith(self.topics.of("line")):
            self._take_line(now, inbound)
        else:
            self.on_message(now, inbound.topic, inbound.payload)

    def _take_line(self, now: int, inbound: Inbound) -> None:
        if inbound.payload:
            self.lines[inbound.topic] = {**json.loads(inbound.payload), "ns": now}
        else:
            self.lines.pop(inbound.topic, None)
        self._line_changed.set()

    def _link_changed(self, state: LinkState, _why: str) -> None:
        if state is LinkState.UP:
            self._up.set()


_EVENTS = ("call", "cdr", "sms", "reply")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used of the machine."""

    cpu_s: float
    rss_mb: float


class Gateway:
    """The gateway child."""

    def __init__(self, child: Process, started_ns: int) -> None:
        self._child = child
        self.started_ns = started_ns

    def usage(self) -> Usage:
        """What it has used until now."""
        return usage_of(self._child.pid)


def usage_of(pid: int) -> Usage:
    """CPU of all threads of a process and the memory it holds, by proc_pid_schedstat and status."""
    tasks = Path("/proc", str(pid), "task").glob("*/schedstat")
    nanoseconds = sum(int(task.read_text().split()[0]) for task in tasks)
    status = Path("/proc", str(pid), "status").read_text()
    [rss] = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return Usage(nanoseconds / 1e9, int(rss.split()[1]) / 1024)


@dataclass(frozen=True, slots=True)
class Bed:
    """Broker, simulator and client, without a gateway yet."""

    folder: Path
    broker: Mosquitto
    world: World
    ports: dict[str, str]
    client: Client

    @asynccontextmanager
    async def gateway(self, more: str = "") -> AsyncIterator[Gateway]:
        """Run the gateway on all modems, with `more` in its configuration."""
        path = self.folder / "gateway.toml"
        path.write_text(_config(self) + more)
        with (self.folder / "gateway.log").open("ab") as log:
            started_ns = time.monotonic_ns()
            command = (Path(sys.executable).with_name("trunkline"), "--config", path, "run")
            child = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        try:
            yield Gateway(child, started_ns)
            if child.returncode is not None:
                raise ChildProcessError((self.folder / "gateway.log").read_text()[-2000:])
        finally:
            await _stop(child)

    @asynccontextmanager
    async def floor(self) -> AsyncIterator[Gateway]:
        """Run the least that a gateway can be on all modems, in place of one."""
        started_ns = time.monotonic_ns()
        command = (sys.executable, FLOOR, str(self.broker.port), self.folder)
        child = await asyncio.create_subprocess_exec(*command, stdin=PIPE)
        if child.stdin:
            child.stdin.write(json.dumps(self.ports).encode())
            child.stdin.close()
        try:
            yield Gateway(child, started_ns)
        finally:
            await _stop(child)


@asynccontextmanager
async def bed(scenario: Scenario) -> AsyncIterator[Bed]:
    """Start a broker, the simulated world and a connected client; all of it ends with the block."""
    with tempfile.TemporaryDirectory(dir=DISK, prefix="trunkline-bench-") as name:
        folder = Path(name)
        with Mosquitto(folder) as broker:
            async with _world(scenario, folder) as world:
                client = Client(broker.port)
                task = asyncio.create_task(client.run(), name="client")
                try:
                    await client.connected()
                    yield Bed(folder, broker, world, await world.order("ports"), client)
                finally:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _world(scenario: Scenario, folder: Path) -> AsyncIterator[World]:
    path = folder / "scenario.json"
    path.write_text(scenario.model_dump_json())
    async with _obedient(Path(__file__).with_name("world.py"), path, folder / "ports") as child:
        yield World(child)


@asynccontextmanager
async def obedient(name: str, *arguments: object) -> AsyncIterator[Child]:
    """Run bench/NAME.py as a child that takes orders."""
    async with _obedient(ROOT / "bench" / f"{name}.py", *arguments) as child:
        yield Child(child)


@asynccontextmanager
async def _obedient(path: Path, *arguments: object) -> AsyncIterator[Process]:
    """It ends with its stdin."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, path, *map(str, arguments), stdin=PIPE, stdout=PIPE, limit=1 << 28
    )
    try:
        yield child
    finally:
        if child.stdin:
            child.stdin.close()
        await _stop(child, terminate=False)


@asynccontextmanager
async def script(name: str, *arguments: object) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Run bench/bed/NAME.py as a child; gives what reads its next line of JSON."""
    path = Path(__file__).with_name(f"{name}.py")
    child = await asyncio.create_subprocess_exec(
        sys.executable, path, *map(str, arguments), stdout=PIPE, stderr=DEVNULL
    )

    async def line() -> Any:
        data = await child.stdout.readline() if child.stdout else b""
        if not data:
            raise ChildProcessError(f"{path.name} ended too early")
        return json.loads(data)

    try:
        yield line
    finally:
        await _stop(child)


async def _stop(child: Process, *, terminate: bool = True) -> None:
    if child.returncode is None and terminate:
        child.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def _config(bed: Bed) -> str:
    head = (
        f'[gateway]\nname = "{GATEWAY}"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {bed.broker.port}\n'
        f'[storage]\npath = "{bed.folder}/trunkline.db"\n'
        f'[control]\nsocket = "{bed.folder}/control.sock"\n'
        "[discovery]\nusb = false\n"
    )
    return head + "".join(_modem(name, port) for name, port in bed.ports.items())


def _modem(name: str, port: str) -> str:
    sound = sound_of(port)
    audio = f'audio = "{sound}"\n' if Path(sound).exists() else ""
    return f'[[modem]]\nname = "{name}"\nport = "{port}"\n{audio}'


def sound_of(port: str) -> str:
    """The tty for the sound of a simulated modem, where it has one."""
    return f"{port}.audio"


def expiry() -> Any:
    """An `expires_at` that no benchmark reaches."""
    return soon(LIFE_S)
