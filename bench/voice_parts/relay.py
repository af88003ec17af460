"""The ends without a gateway, as a child: `relay.py`, its lines as JSON on stdin.

Each frame is handed on in the turn of the loop in which it came: modem to RTP, RTP to modem. No
buffer, no clock, no mixing, no SIP: the least that carries a call, and the delay of both ends.
"""

import asyncio
import os
import socket
import struct
import tty
from typing import Any

import uvloop
from aiortp.codecs.g711 import PcmaCodec

from bench.bed.orders import obey
from bench.voice_parts.sip import HOST
from simulator.sound.frames import FRAME_OCTETS, FRAME_SAMPLES

_HEAD = struct.Struct("!BBHII")
_MAX = 4096
_G711 = PcmaCodec()
_PATIENCE_S = 10.0


class Line:
    """One modem and one phone."""

    def __init__(self, command: str, sound: str) -> None:
        loop = asyncio.get_running_loop()
        self._said = b""
        self._news = asyncio.Event()
        self._at, self._pcm = (_open(path) for path in (command, sound))
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((HOST, 0))
        self._sock.settimeout(0)
        self.port: int = self._sock.getsockname()[1]
        self._to = (HOST, 0)
        self._sent = 0
        self._rest = b""
        loop.add_reader(self._at, self._answered)
        loop.add_reader(self._pcm, self._heard)
        loop.add_reader(self._sock, self._received)

    async def call(self, number: str, phone: int) -> None:
        """Dial, and carry sound between the callee and a port."""
        self._to = (HOST, phone)
        await self._ask(b"AT+QPCMV=1,0\r", b"OK")
        await self._ask(b"ATD" + number.encode() + b";\r", b"OK")
        while b"CONNECTED" not in self._said:
            await self._ask(b"AT+CLCC\r", b"OK")
            if b"+CLCC: 1,0,0" in self._said:
                return
            await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Hang up and let go."""
        await self._ask(b"ATH\r", b"OK")
        await self._ask(b"AT+QPCMV=0\r", b"OK")
        loop = asyncio.get_running_loop()
        for place in (self._at, self._pcm, self._sock):
            loop.remove_reader(place)
        os.close(self._at)
        os.close(self._pcm)
        self._sock.close()

    async def _ask(self, command: bytes, end: bytes) -> None:
        self._said = b""
        os.write(self._at, command)
        async with asyncio.timeout(_PATIENCE_S):
            while end not in self._said:
                self._news.clear()
                await self._news.wait()

    def _answered(self) -> None:
        self._said += os.read(self._at, _MAX)
        self._news.set()

    def _heard(self) -> None:
        self._rest += os.read(self._pcm, _MAX)
        while len(self._rest) >= FRAME_OCTETS:
            frame, self._rest = self._rest[:FRAME_OCTETS], self._rest[FRAME_OCTETS:]
            head = _HEAD.pack(0x80, 8, self._sent % 65536, self._sent * FRAME_SAMPLES, 1)
            self._sent += 1
            self._sock.sendto(head + _G711.encode(frame), self._to)

    def _received(self) -> None:
        data = self._sock.recv(_MAX)
        os.write(self._pcm, _G711.decode(data[_HEAD.size :]))


def _open(path: str) -> int:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    return fd


class Relay:
    """All lines."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    async def do(self, order: dict[str, Any]) -> object:
        """Do one order and give its answer."""
        match order["do"]:
            case "call":
                line = self._lines[order["number"]] = Line(order["command"], order["sound"])
                await line.call(order["number"], order["port"])
                return line.port
            case "end":
                await asyncio.gather(*(line.end() for line in self._lines.values()))
                return {}
            case unknown:
                raise ValueError(f"no such order: {unknown}")


if __name__ == "__main__":
    uvloop.run(obey(Relay().do))
