"""RTP packets (RFC 3550 5.1), and the order in which they are handed on. Pure.

A packet that comes in its turn is handed on at once. One that comes early waits for the packet
before it, but no longer than until the next two have come: neighbours that changed places are put
right, a lost packet costs no delay afterwards.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

MAX_OCTETS = 1500  # of an Ethernet frame; 20 ms of G.711 are 172
_HEADER = struct.Struct("!BBHII")
_VERSION = 0x80
_PLAIN = 0x80  # first octet without padding, extension and CSRC
_MAX_GAP = 50  # packets, a second: a longer gap is a stream that began anew
_MAX_WAITING = 2  # packets that wait for one before them
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32


class Packet(NamedTuple):
    """What a packet carries; a tuple, for thousands of them are made a second."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int  # SSRC
    payload: bytes

    def pack(self) -> bytes:
        """The packet as it goes over the wire."""
        second = self.marker << 7 | self.payload_type
        head = _HEADER.pack(_VERSION, second, self.sequence, self.timestamp, self.source)
        return head + self.payload


def parse(data: bytes) -> Packet | None:
    """Read a packet; None for what is no RTP of version 2."""
    if not _HEADER.size <= len(data) <= MAX_OCTETS:
        return None
    first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
    if first == _PLAIN:
        payload = data[_HEADER.size :]
    elif first & 0xC0 == _VERSION:
        body = _body(data, first)
        if body is None:
            return None
        payload = body
    else:
        return None
    return Packet(second & 0x7F, second >= 0x80, sequence, timestamp, source, payload)  # noqa: PLR2004


def _body(data: bytes, first: int) -> bytes | None:
    """The payload behind CSRC and extension, before padding; None where they do not fit."""
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > len(data):
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if start > end or (first & 0x20 and data[-1] == 0):
        return None
    return data[start:end]


@dataclass(slots=True)
class Passed:
    """What became of packets in the order buffer."""

    late: int = 0  # came after those behind them had been handed on
    lost: int = 0  # never waited for any longer
    reordered: int = 0  # put right


class Order:
    """Hands packets of one source on in their order; `None` in the result is one lost packet."""

    def __init__(self, passed: Passed) -> None:
        self._passed = passed
        self._source: int | None = None
        self._next = 0
        self._waiting: dict[int, Packet] = {}

    def add(self, packet: Packet) -> list[Packet | None]:
        """Take a packet; give those whose turn it is now."""
        ahead = (packet.sequence - self._next) % SEQUENCES
        if packet.source != self._source or _MAX_GAP < ahead < SEQUENCES - _MAX_GAP:
            return self._begin(packet)
        if ahead == 0:
            if not self._waiting:
                self._next = (self._next + 1) % SEQUENCES
                return [packet]
            self._passed.reordered += 1
        elif ahead >= SEQUENCES - _MAX_GAP or packet.sequence in self._waiting:
            self._passed.late += 1
            return []
        self._waiting[packet.sequence] = packet
        return self._ready()

    def _begin(self, packet: Packet) -> list[Packet | None]:
        self._source, self._next = packet.source, (packet.sequence + 1) % SEQUENCES
        self._waiting.clear()
        return [packet]

    def _ready(self) -> list[Packet | None]:
        ready: list[Packet | None] = []
        while self._waiting:
            packet = self._waiting.pop(self._next, None)
            if packet is None:
                if len(self._waiting) < _MAX_WAITING:
                    break
                self._passed.lost += 1
            ready.append(packet)
            self._next = (self._next + 1) % SEQUENCES
        return ready
