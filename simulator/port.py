"""One pty: the simulator holds the master, the program under test opens the slave."""

from __future__ import annotations

import os
import termios
import tty
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 4096
_MAX_UNSENT = 4 * 1024 * 1024  # octets kept for a slow reader; more is dropped
_STUCK_S = 2.0  # real seconds after which a reader is taken for absent, and the kept dropped


class Port:
    """A raw pty that never blocks; `link` is kept pointing at the current slave."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        link: Path | None,
        on_data: Callable[[bytes], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._on_data = on_data
        self._master = -1
        self._slave = -1
        self._tty = ""
        self._unsent = bytearray()
        self._moved_at = 0.0
        self.dropped = 0

    @property
    def path(self) -> str:
        """What to open: the link if there is one, else the slave tty."""
        return str(self._link) if self._link else self._tty

    @property
    def is_open(self) -> bool:
        """Whether the device is there."""
        return self._master >= 0

    @property
    def congested(self) -> bool:
        """Whether the reader is behind."""
        return bool(self._unsent)

    def open(self) -> None:
        """Make a new pty; the slave stays open here so that the master never sees EIO."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._tty = os.ttyname(self._slave)
        self._loop.add_reader(self._master, self.read_now)
        if self._link:
            _point(self._link, self._tty)

    def close(self) -> None:
        """Unplug: the reader of the slave sees the end, the link goes."""
        if not self.is_open:
            return
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self._unsent.clear()
        if self._link:
            self._link.unlink(missing_ok=True)

    def flush(self) -> None:
        """Drop what was sent and not read."""
        if self._unsent:
            self._loop.remove_writer(self._master)
            self._unsent.clear()
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def write(self, data: bytes) -> None:
        """Send, or keep until the reader makes room; nothing when unplugged."""
        if not self.is_open:
            return
        if self._unsent and self._loop.time() - self._moved_at > _STUCK_S:
            self.dropped += len(self._unsent)
            self._unsent.clear()
        if self._unsent:
            self._keep(data)
            return
        sent = self._send(data)
        if sent < len(data):
            self._keep(data[sent:])
            self._moved_at = self._loop.time()
            self._loop.add_writer(self._master, self._writable)

    def _keep(self, data: bytes) -> None:
        if len(self._unsent) + len(data) > _MAX_UNSENT:
            self.dropped += len(data)
        else:
            self._unsent += data

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def _writable(self) -> None:
        self._moved_at = self._loop.time()
        del self._unsent[: self._send(self._unsent)]
        if not self._unsent:
            self._loop.remove_writer(self._master)

    def read_now(self) -> None:
        """Hand on what has come already, when the loop had no turn for it yet."""
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return
        self._on_data(data)


def _point(link: Path, target: str) -> None:
    """Point the link at the target in one step."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
