"""baresip as the phone of somebody in the office: a program that nobody here wrote.

Its source is a tone, what it hears is written to a WAV; it is told what to do over ctrl_tcp.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.brokers import free_port
from tests.edge.sip.peers import HOST, connect

BARESIP = shutil.which("baresip")
PATIENCE_S = 15.0
TYPED_S = 3.0  # until what was typed shows
_MODULES = (
    ("module_tmp", "account"),
    ("module_app", "menu"),
    ("module_app", "ctrl_tcp"),
    ("module", "g711"),
    ("module", "ausine"),
    ("module", "aubridge"),
    ("module", "sndfile"),
)


class Softphone:
    """A running baresip, registered as an extension."""

    def __init__(self, folder: Path, name: str, server: int) -> None:
        self.name = name
        self.folder = folder
        self.server = server
        self.events: list[dict[str, Any]] = []
        self.printed: list[str] = []
        self._news = asyncio.Event()
        self._registered = asyncio.Event()
        self._connected = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    async def order(self, command: str, params: str = "") -> None:
        """Type a command of baresip's menu."""
        assert self._writer
        text = json.dumps({"command": command, "params": params, "token": "t"}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    async def dial(self, number: str) -> None:
        """Have it send an INVITE; what its menu did not take is typed again."""
        known = len(self.of("CALL_LOCAL_SDP"))
        for _ in range(3):
            await self.order("dial", f"sip:{number}@{HOST}:{self.server}")
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPED_S):
                    while len(self.of("CALL_LOCAL_SDP")) == known:
                        self._news.clear()
                        await self._news.wait()
                    return
        raise AssertionError(f"{self.name} does not dial: {self.printed}")

    async def hang_up(self) -> None:
        await self.order("hangup")

    async def accept(self) -> None:
        await self.order("accept")

    async def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for an event: CALL_INCOMING, CALL_RINGING, CALL_ESTABLISHED, CALL_CLOSED..."""
        return (await self._wait(lambda: self.of(kind)[count - 1 :]))[0]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("type") == kind]

    async def _wait(self, found: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (hits := found()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} never heard of it: {self.events}") from None
        return hits

    async def listen_for(self, seconds: float) -> None:
        """Let the call go on until so much more of it is in the WAV of what was heard."""
        wanted = self._octets() + int(seconds * 8000 * 2)
        async with asyncio.timeout(PATIENCE_S):
            while self._octets() < wanted:  # noqa: ASYNC110 - a file tells nobody that it grows
                await asyncio.sleep(0.05)

    def _octets(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("dump-*-dec.wav"))

    def heard(self) -> NDArray[np.float32]:
        """What it heard in its last call, 8000 samples a second, -1 to 1."""
        [*_, path] = sorted(self.folder.glob("dump-*-dec.wav"))
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == 8000
        return np.asarray(samples[:, 0], np.float32)

    async def close(self) -> None:
        if self._writer:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def ready(self) -> None:
        """Wait until it is registered and takes orders."""
        await self._registered.wait()
        await self._connected.wait()

    async def read(self, child: asyncio.subprocess.Process) -> None:
        """Read what it prints, for ever."""
        assert child.stdout
        async for line in child.stdout:
            self.printed.append(line.decode(errors="replace"))
            if b"binding" in line:
                self._registered.set()

    async def listen(self, port: int) -> None:
        """Take in events for ever."""
        reader, self._writer = await connect(port)
        self._connected.set()
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                message = json.loads(await reader.readexactly(size))
                await reader.readexactly(1)
                if message.get("event"):
                    self.events.append(message)
                    self._news.set()


@asynccontextmanager
async def softphone(
    folder: Path,
    name: str,
    password: str,
    server: int,
    *,
    tone_hz: int = 440,
    auto_answer: bool = False,
) -> AsyncIterator[Softphone]:
    """Run one until the block ends; it has registered when the block begins."""
    home = folder / f"baresip-{name}"
    home.mkdir()
    control = free_port()
    mode = ";answermode=auto" if auto_answer else ""
    account = f"<sip:{name}@{HOST}:{server}>;auth_pass={password};regint=60{mode}\n"
    (home / "accounts").write_text(account)
    (home / "contacts").write_text("")
    (home / "config").write_text(_config(home, control, tone_hz))
    phone = Softphone(home, name, server)
    child = await asyncio.create_subprocess_exec(
        str(BARESIP),
        "-f",
        str(home),
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    work = [asyncio.create_task(phone.listen(control)), asyncio.create_task(phone.read(child))]
    try:
        async with asyncio.timeout(PATIENCE_S):
            await phone.ready()
        yield phone
    finally:
        for task in work:
            task.cancel()
        await phone.close()
        child.kill()
        await child.communicate()


def _config(home: Path, control: int, tone_hz: int) -> str:
    modules = "".join(f"{kind} {name}.so\n" for kind, name in _MODULES)
    return (
        f"sip_listen {HOST}:0\n"
        f"audio_source ausine,{tone_hz}\naudio_player aubridge,nobody\n"
        "audio_alert aubridge,nobody\n"
        "ausrc_srate 48000\nauplay_srate 8000\nausrc_channels 2\nauplay_channels 1\n"
        "audio_channels 1\njitter_buffer_delay 1-2\n"
        f"module_path /usr/lib/baresip/modules\n{modules}"
        f"ctrl_tcp_listen {HOST}:{control}\nsnd_path {home}\n"
    )
