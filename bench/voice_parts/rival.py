"""baresip of Debian as a bridge: its b2bua module calls on for each call that comes in.

Both legs of a call are joined by a pair of aubridge devices inside the one process.
"""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bed.parts import Usage, usage_of
from bench.voice_parts.sip import HOST

BARESIP = shutil.which("baresip")
IN = "bridge"  # the user that is called
_UP = b"baresip is ready"
_PATIENCE_S = 10.0
_MODULES = (
    ("module_tmp", "account"),
    ("module", "g711"),
    ("module", "aubridge"),
    ("module_app", "menu"),
    ("module_app", "b2bua"),
)


class Rival:
    """A running baresip."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def usage(self) -> Usage:
        """What it has used until now."""
        return usage_of(self._pid)


@asynccontextmanager
async def baresip(folder: Path, port: int, rtp_from: int) -> AsyncIterator[Rival]:
    """Run one that serves SIP on a port until the block ends."""
    _furnish(folder, port, rtp_from)
    child = await asyncio.create_subprocess_exec(
        str(BARESIP), "-f", folder, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, limit=1 << 20
    )
    reading = asyncio.create_task(_read(child, ready := asyncio.Event()))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await ready.wait()
        yield Rival(child.pid)
    finally:
        if child.returncode is None:
            os.kill(child.pid, signal.SIGTERM)
        await child.wait()
        await reading


async def _read(child: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
    """A full pipe would stop it."""
    if child.stdout:
        async for line in child.stdout:
            if _UP in line:
                ready.set()


def _furnish(folder: Path, port: int, rtp_from: int) -> None:
    folder.mkdir()
    (folder / "config").write_text(_config(port, rtp_from))
    (folder / "contacts").write_text("")
    (folder / "accounts").write_text(
        f"<sip:{IN}@{HOST}:{port}>;regint=0;b2bua=inbound;audio_codecs=pcma\n"
        f"<sip:out@{HOST}:{port}>;regint=0;b2bua=outbound;audio_codecs=pcma\n"
    )


def _config(port: int, rtp_from: int) -> str:
    modules = "".join(f"{kind} {name}.so\n" for kind, name in _MODULES)
    return (
        f"poll_method epoll\nsip_listen {HOST}:{port}\ncall_max_calls 200\n"
        "audio_source aubridge,a\naudio_player aubridge,b\naudio_alert aubridge,c\n"
        "audio_level no\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\n"
        "auplay_channels 1\naudio_channels 1\naudio_buffer 20-60\njitter_buffer_delay 1-3\n"
        f"rtp_ports {rtp_from}-{rtp_from + 1000}\nrtcp_mux no\nrtp_timeout 60\n"
        f"module_path /usr/lib/baresip/modules\n{modules}"
    )
