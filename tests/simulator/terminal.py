"""A plain terminal on a pty: writes command lines, waits for what comes back."""

from __future__ import annotations

import asyncio
import os

TIMEOUT_S = 5.0


class Terminal:
    """Opens the slave as any program would; every wait ends after TIMEOUT_S."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._arrived = asyncio.Event()
        self.unread = ""
        self.unplugged = False
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.unplugged = True
            asyncio.get_running_loop().remove_reader(self._fd)
        self.unread += data.decode("latin-1")
        self._arrived.set()

    def write(self, text: str) -> None:
        os.write(self._fd, text.encode("latin-1"))

    async def until(self, wanted: str) -> str:
        """Return what came up to and with the wanted text, and take it off."""
        async with asyncio.timeout(TIMEOUT_S):
            while wanted not in self.unread:
                assert not self.unplugged, f"unplugged before {wanted!r}: {self.unread!r}"
                self._arrived.clear()
                await self._arrived.wait()
        end = self.unread.index(wanted) + len(wanted)
        got, self.unread = self.unread[:end], self.unread[end:]
        return got

    async def until_unplugged(self) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not self.unplugged:
                self._arrived.clear()
                await self._arrived.wait()

    async def ask(self, line: str, final: str = "OK") -> list[str]:
        """Send a line and return the lines before its final result."""
        self.write(f"{line}\r")
        got = await self.until(f"\r\n{final}\r\n")
        return [each for each in got.replace("\r", "\n").split("\n") if each][:-1]
