"""The serial port: bytes of one tty in and out of the event loop, and nothing else.

A pty, a serial HAT or a `socat` link is opened like the tty of a USB modem. Nothing here blocks:
the tty is read when the loop says that it is readable, and what the kernel does not take at once
waits in a bounded buffer until it does.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import termios
from collections.abc import Callable
from pathlib import Path

import serial

READ_SIZE = 4096  # bytes a read; the kernel's own tty buffer is as large
WRITE_LIMIT = 65536  # bytes that may wait: 5 s of a 115200 baud line, far over any command or PDU
PTY_MAJORS = range(136, 144)  # Linux devices.txt: Unix98 pty slaves


class PortError(OSError):
    """The port does not open; the text says what to do. Try again later."""


class PortClosed(Exception):  # noqa: N818 - a state of the port, not a mistake
    """The port is not open or its device went away; open again when discovery says it is back."""


class BufferFull(Exception):  # noqa: N818 - a state of the port, not a mistake
    """The modem takes no more bytes; nothing of this write was sent. Reset the modem."""


class Port:
    """One tty, raw 8N1, held exclusively from open() to close().

    `on_data` gets every chunk read (1 to 4096 bytes). `on_lost` gets the reason when the device
    goes away: once, from the loop (never from inside a call), and not after close().
    """

    def __init__(
        self,
        path: str,
        baudrate: int = 115200,
        *,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        rtscts: bool = False,
    ) -> None:
        self.path = path
        self._baudrate = baudrate
        self._rtscts = rtscts
        self._on_data = on_data
        self._on_lost = on_lost
        self._serial: serial.Serial | None = None
        self._fd = -1
        self._waiting = bytearray()
        self._lost: asyncio.Handle | None = None

    @property
    def is_open(self) -> bool:
        """True from open() until close() or the loss of the device."""
        return self._serial is not None

    @property
    def waiting(self) -> int:
        """Octets written that the kernel has not taken yet."""
        return len(self._waiting)

    def open(self) -> None:
        """Open the tty, drop bytes that were waiting in it, and start to read; PortError."""
        self.close()
        self._loop = asyncio.get_running_loop()
        self._serial = _open(self.path, self._baudrate, rtscts=self._rtscts)
        self._fd = self._serial.fileno()
        self._loop.add_reader(self._fd, self._read)

    def write(self, data: bytes) -> None:
        """Send `data` after all that was written before; PortClosed, BufferFull."""
        if self._serial is None:
            raise PortClosed(f"{self.path} is not open")
        if len(self._waiting) + len(data) > WRITE_LIMIT:
            raise BufferFull(f"{self.path} takes no more bytes; {len(self._waiting)} are waiting")
        if self._waiting:
            self._waiting += data
            return
        try:
            taken = self._send(data)
        except OSError as error:
            self._lose(error)
            raise PortClosed(f"{self.path} went away: {error.strerror}") from error
        if taken < len(data):
            self._waiting += data[taken:]
            self._loop.add_writer(self._fd, self._drain)

    def close(self) -> None:
        """Release the tty; what was waiting to be sent is dropped. Safe to call twice."""
        if self._lost is not None:
            self._lost.cancel()
            self._lost = None
        self._release()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._on_data(data)
        else:
            self._lose(OSError(errno.EIO, "hung up"))

    def _send(self, data: bytes | bytearray) -> int:
        """Give the kernel what it takes now; the number of bytes taken."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def _drain(self) -> None:
        try:
            del self._waiting[: self._send(self._waiting)]
        except OSError as error:
            self._lose(error)
            return
        if not self._waiting:
            self._loop.remove_writer(self._fd)

    def _lose(self, error: OSError) -> None:
        self._release()
        reason = f"{self.path} went away: {error.strerror}"
        self._lost = self._loop.call_soon(self._on_lost, reason)

    def _release(self) -> None:
        if self._serial is None:
            return
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._waiting.clear()
        with contextlib.suppress(termios.error):  # unsent bytes would make close() wait for them
            termios.tcflush(self._fd, termios.TCOFLUSH)
        self._serial.close()
        self._serial = None


def _open(path: str, baudrate: int, *, rtscts: bool) -> serial.Serial:
    """Open by pyserial, which takes the flock and flushes the input; PortError."""
    try:
        port = serial.Serial(path, baudrate, timeout=0, rtscts=rtscts, exclusive=True)
    except (OSError, ValueError, termios.error) as error:
        raise _explain(path, error) from error
    if os.major(os.fstat(port.fileno()).st_rdev) not in PTY_MAJORS:
        _refuse_others(port.fileno())
    return port


def _refuse_others(fd: int) -> None:
    """Ask the kernel to refuse further opens, of programs too that know no flock (TIOCEXCL).

    Never for a pty: there the mark outlives us for as long as the other end is open, so that after
    a crash nobody but root could open it again. A tty without the ioctl has the flock alone.
    """
    with contextlib.suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCEXCL)


def _explain(path: str, error: Exception) -> PortError:
    """Say what is wrong with `path` and what to do about it."""
    code = error.errno if isinstance(error, OSError) else None
    match code:
        case errno.EBUSY | errno.EAGAIN:
            return PortError(f"{path} is in use by {_holder(path)}: stop that program first")
        case errno.EACCES | errno.EPERM:
            return PortError(f"no right to open {path}: add the user of trunkline to group dialout")
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return PortError(f"{path} is not there: plug the modem in, or see `trunkline detect`")
        case _:
            return PortError(f"{path} does not open as a serial port: {error}")


def _holder(path: str) -> str:
    """Name the process that holds the flock on `path` (proc_locks(5)), as far as we may know."""
    try:
        stat = Path(path).stat()
        device = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        pid = next(lock[4] for lock in locks if lock[1] == "FLOCK" and lock[5] == device)
        return f"{Path('/proc', pid, 'comm').read_text().strip()} (process {pid})"
    except (OSError, StopIteration, IndexError):
        return f"another program (`fuser {path}` names it)"
