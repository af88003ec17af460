"""The socket of a link as paho sees it: the packets that calls are made of pass paho by.

paho reads octet by octet and writes each packet with a call of its own. Here one read takes all
that is there, and what a turn of the loop writes goes out in one piece at its end.
"""

import asyncio
import logging
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mqtt.packets import Splitter

log = logging.getLogger(__name__)

READ_SIZE = 65_536
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Stands in for a connected socket that does not block.

    `take` is given each packet and where its body begins; what it does not take is paho's to read.
    A packet of more than `limit` octets ends the link.
    """

    def __init__(
        self,
        sock: socket.socket,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        take: Callable[[bytes, int], bool],
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._loop = loop
        self._take = take
        self._splitter = Splitter(limit)
        self._packets: deque[tuple[bytes, int]] = deque()
        self._unread = b""  # of the packet that paho reads
        self._unsent = bytearray()
        self._push_due = False
        self._blocked = False

    def write(self, packet: bytes) -> None:
        """Send a packet at the end of this turn of the loop."""
        self._unsent += packet
        if not self._push_due:
            self._push_due = True
            self._loop.call_soon(self._push)

    # --- what paho and aiomqtt ask of a socket

    def recv(self, size: int) -> bytes:
        """Give octets of paho's packets; raises OSError, BadPacket, ssl.SSLWantReadError."""
        if not self._unread:
            self._read()
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def send(self, data: bytes | bytearray) -> int:
        """Take all of a packet of paho's, and send what the kernel takes of it."""
        self._unsent += data
        self._push()
        return len(data)

    def pending(self) -> int:
        """How much was received that epoll does not tell of: packets, or octets within TLS."""
        return len(self._packets) or (
            self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        )

    def fileno(self) -> int:
        """The descriptor, -1 when it is closed."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close the socket; what it did not take is dropped."""
        self._wait_to_write(wanted=False)
        self._unsent.clear()
        self._sock.close()

    # --- inside

    def _read(self) -> None:
        """Go on to the next packet that is paho's; raises BlockingIOError when there is none."""
        if not self._packets:
            data = self._sock.recv(READ_SIZE)
            if not data:
                return  # the end: paho reads nothing, too
            self._packets.extend(self._splitter.feed(data))
        while self._packets:
            packet, body = self._packets.popleft()
            if not self._take(packet, body):
                self._unread = packet
                return
        raise BlockingIOError

    def _push(self) -> None:
        self._push_due = False
        try:
            sent = self._sock.send(self._unsent) if self._unsent else 0
        except _NOT_NOW:
            sent = 0
        except OSError as error:
            log.debug("%s", error)
            sent = len(self._unsent)
            with suppress(OSError):  # then the reader learns of it
                self._sock.shutdown(socket.SHUT_RDWR)
        del self._unsent[:sent]
        self._wait_to_write(wanted=bool(self._unsent))

    def _wait_to_write(self, *, wanted: bool) -> None:
        if wanted is self._blocked:
            return
        self._blocked = wanted
        if wanted:
            self._loop.add_writer(self._sock.fileno(), self._push)
        else:
            self._loop.remove_writer(self._sock.fileno())
