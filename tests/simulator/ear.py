"""A program on a modem's audio port: plays what it is given, keeps what it hears."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from simulator import Simulator
from tests.simulator.terminal import Terminal
from tests.simulator.worlds import world

FRAME = 320
REAL_TIME: dict[str, Any] = {
    "speed": 1,
    "network": {"setup_s": 0, "ring_timeout_s": 10},
}


class Ear:
    """Reads whatever comes; `says` is asked for a frame each time that one was heard."""

    def __init__(self, path: str, frame_octets: int = FRAME) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._octets = frame_octets
        self._arrived = asyncio.Event()
        self._rest = b""
        self.frames: list[bytes] = []
        self.bursts: list[int] = []
        self.says: Any = None
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def _readable(self) -> None:
        data = self._rest + os.read(self._fd, 65536)
        whole = len(data) // self._octets * self._octets
        came = [data[at : at + self._octets] for at in range(0, whole, self._octets)]
        self._rest = data[whole:]
        self.frames += came
        self.bursts.append(len(came))
        if self.says:
            self.write(b"".join(self.says.frame() for _ in came))
        self._arrived.set()

    async def hears(self, count: int) -> list[bytes]:
        """Wait for so many frames from now on, and return them."""
        start = len(self.frames)
        async with asyncio.timeout(count * 0.02 + 5):
            while len(self.frames) < start + count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.frames[start : start + count]


@asynccontextmanager
async def sounding(
    *modems: dict[str, Any], frame_octets: int = FRAME, **keys: Any
) -> AsyncIterator[tuple[Simulator, list[Terminal], list[Ear]]]:
    """Start modems with audio ports in real time, each with a terminal and an ear."""
    parts = [{"family": "quectel", "audio": True} | modem for modem in modems]
    async with world(*parts, **(REAL_TIME | keys)) as (simulator, terminals):
        ears = [Ear(path, frame_octets) for path in simulator.audio_ports.values()]
        try:
            yield simulator, terminals, ears
        finally:
            for ear in ears:
                ear.close()
