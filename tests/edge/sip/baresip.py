"""baresip of Debian as a phone: registers, plays a tone, records what it hears, is told by TCP."""

import asyncio
import json
import math
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from modem.pcm import RATE
from tests.edge.sip.peers import HOST, PATIENCE_S, connect, free_udp_port

MODULES = Path("/usr/lib/baresip/modules")
_CONFIG = """\
poll_method epoll
sip_listen {host}:{port}
audio_source aufile,{folder}/tone.wav
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
audio_level no
ausrc_srate {rate}
auplay_srate {rate}
rtp_ports {rtp}-{rtp_to}
jitter_buffer_delay 1-3
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
snd_path {folder}/heard
"""


def tone(hertz: float, seconds: float, start: int = 0) -> bytes:
    """A sine of -12 dBFS, s16le."""
    count = round(seconds * RATE)
    turns = (2 * math.pi * hertz * (start + n) / RATE for n in range(count))
    return struct.pack(f"<{count}h", *(round(8192 * math.sin(turn)) for turn in turns))


def purity(pcm: bytes, hertz: float) -> float:
    """How much of a sound is one tone, from 0 to 1 (Goertzel's sum, by hand)."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    turns = [2 * math.pi * hertz * n / RATE for n in range(len(samples))]
    real = sum(s * math.cos(t) for s, t in zip(samples, turns, strict=True))
    imaginary = sum(s * math.sin(t) for s, t in zip(samples, turns, strict=True))
    energy = sum(s * s for s in samples) * len(samples) / 2
    return (real**2 + imaginary**2) / energy if energy else 0.0


@dataclass
class Baresip:
    """A running phone."""

    folder: Path
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    events: list[dict[str, object]] = field(default_factory=list)

    async def tell(self, command: str, params: str = "") -> None:
        text = json.dumps({"command": command, "params": params, "token": "t"})
        self.writer.write(f"{len(text)}:{text},".encode())
        await self.writer.drain()

    async def event(self, kind: str) -> dict[str, object]:
        """The next event of a type; others are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                size = int((await self.reader.readuntil(b":"))[:-1])
                message = json.loads((await self.reader.readexactly(size + 1))[:-1])
                self.events.append(message)
                if message.get("type") == kind:
                    return message  # type: ignore[no-any-return]

    def heard(self) -> bytes:
        """What came out of its speaker, once it has hung up."""
        (path,) = (self.folder / "heard").glob("*-dec.wav")
        with wave.open(str(path)) as file:
            pcm: bytes = file.readframes(file.getnframes())
        return pcm


@asynccontextmanager
async def baresip(folder: Path, server_port: int, options: str) -> AsyncIterator[Baresip]:
    """Run a phone with one account, user 201."""
    control, port, rtp = free_udp_port(), free_udp_port(), 30_000 + free_udp_port() % 2000 * 2
    (folder / "heard").mkdir()
    (folder / "config").write_text(
        _CONFIG.format(
            host=HOST, port=port, folder=folder, rate=RATE, rtp=rtp, rtp_to=rtp + 20,
            modules=MODULES, control=control,
        )
    )  # fmt: skip
    account = f"<sip:201@{HOST}:{server_port}>;auth_pass=secret;{options}\n"
    (folder / "accounts").write_text(account)
    (folder / "contacts").write_text("")
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone(440, 20))
    with (folder / "log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            "baresip",
            "-f",
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        reader, writer = await connect(control)
        try:
            yield Baresip(folder, reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()
