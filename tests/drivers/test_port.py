"""The port on real ptys: what a modem's tty does, with the test at the other end."""

import asyncio
import fcntl
import os
import shutil
import socket
import tty
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from drivers.port import WRITE_LIMIT, BufferFull, Port, PortClosed, PortError

PATIENCE_S = 5
TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h: is the tty marked exclusive?


class Pty:
    """A pty whose other end is the test: `peer` is the modem's side, `path` ours."""

    def __init__(self) -> None:
        self.peer, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.peer, False)
        self.path = os.ttyname(slave)
        os.close(slave)

    def unplug(self) -> None:
        if self.peer >= 0:
            os.close(self.peer)
            self.peer = -1


class Line:
    """A port and what it told: bytes so far, reasons of loss."""

    def __init__(self, path: str) -> None:
        self.data = bytearray()
        self.lost: list[str] = []
        self._news = asyncio.Event()
        self.port = Port(path, on_data=self._on_data, on_lost=self._on_lost)

    def _on_data(self, data: bytes) -> None:
        self.data += data
        self._news.set()

    def _on_lost(self, reason: str) -> None:
        self.lost.append(reason)
        self._news.set()

    async def wait_news(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._news.wait()
        self._news.clear()

    async def wait_data(self, end: bytes) -> bytes:
        while not self.data.endswith(end):
            await self.wait_news()
        return bytes(self.data)


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.unplug()


@pytest.fixture
async def line(pty: Pty) -> AsyncIterator[Line]:
    made = Line(pty.path)
    made.port.open()
    yield made
    made.port.close()


async def read_peer(fd: int, size: int) -> bytes:
    """Take `size` bytes out of the modem's side, as they come."""
    loop, got, done = asyncio.get_running_loop(), bytearray(), asyncio.Event()

    def read() -> None:
        got.extend(os.read(fd, 65536))
        if len(got) >= size:
            done.set()

    loop.add_reader(fd, read)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await done.wait()
    finally:
        loop.remove_reader(fd)
    return bytes(got)


async def test_bytes_pass_both_ways_untouched(pty: Pty, line: Line) -> None:
    every_byte = bytes(range(256))
    line.port.write(every_byte)
    assert await read_peer(pty.peer, 256) == every_byte
    os.write(pty.peer, every_byte)
    assert await line.wait_data(b"\xff") == every_byte


async def test_stale_bytes_are_dropped_at_open(pty: Pty) -> None:
    os.write(pty.peer, b"\r\n+CREG: 1\r\nRI")
    line = Line(pty.path)
    line.port.open()
    os.write(pty.peer, b"\r\nOK\r\n")
    assert await line.wait_data(b"OK\r\n") == b"\r\nOK\r\n"
    line.port.close()


async def test_a_modem_that_does_not_read_blocks_nothing_and_loses_nothing(
    pty: Pty, line: Line
) -> None:
    sent = b"".join(b"%06d\r" % number for number in range(5000))
    for start in range(0, len(sent), 700):
        line.port.write(sent[start : start + 700])
    os.write(pty.peer, b"still heard")
    assert await line.wait_data(b"heard") == b"still heard"
    assert await read_peer(pty.peer, len(sent)) == sent
    line.port.write(b"after")
    assert await read_peer(pty.peer, 5) == b"after"


async def test_a_full_buffer_refuses_whole_writes(pty: Pty, line: Line) -> None:
    line.port.write(b"x" * WRITE_LIMIT)  # the pty takes some of it
    with pytest.raises(BufferFull, match="takes no more bytes"):
        line.port.write(b"y" * WRITE_LIMIT)
    line.port.write(b"z")
    assert await read_peer(pty.peer, WRITE_LIMIT + 1) == b"x" * WRITE_LIMIT + b"z"


async def test_unplug_is_told_once_with_its_reason(pty: Pty, line: Line) -> None:
    pty.unplug()
    await line.wait_news()
    assert line.lost == [line.lost[0]]
    assert line.lost[0].startswith(f"{pty.path} went away")
    assert not line.port.is_open
    with pytest.raises(PortClosed, match="is not open"):
        line.port.write(b"AT\r")


async def test_unplug_that_a_write_meets_is_told_from_the_loop(pty: Pty, line: Line) -> None:
    pty.unplug()
    with pytest.raises(PortClosed, match="went away"):
        line.port.write(b"AT\r")
    assert line.lost == []
    await line.wait_news()
    assert len(line.lost) == 1


async def test_unplug_while_bytes_wait_is_told_once(pty: Pty, line: Line) -> None:
    line.port.write(b"x" * 60000)
    pty.unplug()
    await line.wait_news()
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # more turns of the loop
    assert len(line.lost) == 1


async def test_close_silences_a_loss_that_was_on_its_way(pty: Pty, line: Line) -> None:
    pty.unplug()
    with pytest.raises(PortClosed):
        line.port.write(b"AT\r")
    line.port.close()
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    assert line.lost == []


async def test_on_data_may_close_the_port(pty: Pty) -> None:
    seen: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def on_data(data: bytes) -> None:
        port.close()
        seen.set_result(data)

    port = Port(pty.path, on_data=on_data, on_lost=print)
    port.open()
    os.write(pty.peer, b"RING")
    async with asyncio.timeout(PATIENCE_S):
        assert await seen == b"RING"
    assert not port.is_open


async def test_a_second_open_is_refused_and_names_the_holder(pty: Pty, line: Line) -> None:
    rival = Line(pty.path)
    with pytest.raises(PortError, match=rf"in use by .*(process {os.getpid()}|another program)"):
        rival.port.open()
    os.write(pty.peer, b"\r\nOK\r\n")
    assert await line.wait_data(b"OK\r\n") == b"\r\nOK\r\n"
    line.port.close()
    rival.port.open()
    assert rival.port.is_open
    rival.port.close()


async def test_a_pty_is_not_marked_exclusive_for_ever(pty: Pty, line: Line) -> None:
    """The mark would outlive a crash, and only root could open the pty again."""
    marked = bytearray(4)
    slave = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(slave, TIOCGEXCL, marked)
    os.close(slave)
    assert line.port.is_open
    assert marked == bytes(4)


async def test_a_port_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(PortError, match="is not there: plug the modem in"):
        Line(str(tmp_path / "ttyUSB9")).port.open()


async def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "ttyUSB9"
    file.write_text("AT")
    with pytest.raises(PortError, match="does not open as a serial port"):
        Line(str(file)).port.open()


async def test_no_right_says_which_group(pty: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("serial.serialposix.os.open", refuse)  # root may open everything
    with pytest.raises(PortError, match="group dialout"):
        Line(pty.path).port.open()


async def test_an_open_port_opens_anew(pty: Pty, line: Line) -> None:
    line.port.open()
    os.write(pty.peer, b"OK")
    assert await line.wait_data(b"OK") == b"OK"


async def test_rtscts_and_odd_speeds_are_taken(pty: Pty) -> None:
    port = Port(pty.path, 460800, on_data=print, on_lost=print, rtscts=True)
    port.open()
    port.close()


async def test_a_speed_that_no_tty_has_is_a_port_error(pty: Pty) -> None:
    port = Port(pty.path, -1, on_data=print, on_lost=print)
    with pytest.raises(PortError, match="baud"):
        port.open()


@pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")
async def test_a_tcp_modem_behind_socat_is_a_port_like_any_other(tmp_path: Path) -> None:
    link = tmp_path / "modem"
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"TCP:127.0.0.1:{server.getsockname()[1]}"
        socat = await asyncio.create_subprocess_exec(
            "socat", "-t0", f"PTY,link={link},rawer", target
        )
        modem, _ = await asyncio.to_thread(server.accept)  # socat connects after the link is up
        line = Line(str(link))
        line.port.open()
        with modem:
            line.port.write(b"AT\r")
            assert await asyncio.to_thread(modem.recv, 100) == b"AT\r"
            modem.sendall(b"\r\nOK\r\n")
            assert await line.wait_data(b"OK\r\n") == b"\r\nOK\r\n"
        await line.wait_news()
        assert len(line.lost) == 1
        await socat.wait()
