"""A world with one FXO modem, and a terminal that parts sound from codes on its tty."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from simulator import Scenario, Simulator
from tests.simulator.terminal import TIMEOUT_S, Terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simulator.modem import Modem

ANSWERS, HANGS_UP, BUSY, UNASSIGNED, RINGS = (f"0300000{n}" for n in range(1, 6))
CALLEES = [
    {"number": "+49300000" + "1", "answer_after_s": 0.4, "then": "stay"},
    {"number": "+49300000" + "2", "answer_after_s": 0.2, "talk_s": 0.3},
    {"number": "+49300000" + "3", "does": "busy"},
    {"number": "+49300000" + "4", "does": "unassigned"},
    {"number": "+49300000" + "5", "does": "no_answer"},
]
OUTSIDE = "+491701234567"
NUMBER = "+4930555000"
_PIECES = re.compile(rb"\x10(.)|[^\x10]+", re.DOTALL)


class VoiceTerminal(Terminal):
    """Keeps the sound of the modem, and its codes in order."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.codes = ""

    def send(self, octets: bytes) -> None:
        self.write(octets.decode("latin-1"))

    async def octets(self, count: int) -> bytes:
        """Return so many octets of the stream as they are."""
        async with asyncio.timeout(TIMEOUT_S):
            while len(self.unread) < count:
                self._arrived.clear()
                await self._arrived.wait()
        got, self.unread = self.unread[:count], self.unread[count:]
        return got.encode("latin-1")

    async def sound(self, seconds: float) -> bytes:
        """Return the samples of some seconds, unshielded; codes go to `codes`."""
        sound = b""
        while len(sound) < seconds * 8000:
            raw = await self.octets(1)
            if raw == b"\x10":
                raw += await self.octets(1)
            sound += self._parted(raw)
        return sound

    async def code(self, wanted: str) -> None:
        """Wait until a code has come, in the stream or between commands."""
        async with asyncio.timeout(TIMEOUT_S):
            while wanted not in self.codes:
                await self.sound(0.02)

    async def end(self, how: bytes) -> None:
        """End the stream and wait for OK."""
        self.send(how)
        self._parted((await self.until("\r\nOK\r\n")).encode("latin-1"))

    def _parted(self, raw: bytes) -> bytes:
        sound = b""
        for piece in _PIECES.finditer(raw):
            if piece[1] is None:
                sound += piece[0]
            elif piece[1] in (b"\x10", b"\x1a"):
                sound += b"\x10" * (1 if piece[1] == b"\x10" else 2)
            else:
                self.codes += piece[1].decode("latin-1")
        return sound


@asynccontextmanager
async def line(
    family: str = "conexant",
    *,
    speed: float = 1,
    exchange: dict[str, Any] | None = None,
    chip: dict[str, Any] | None = None,
    **modem: Any,
) -> AsyncIterator[tuple[Simulator, Modem, VoiceTerminal]]:
    """Start one FXO modem and talk to it: echo off, voice mode, no silence reports."""
    keys = {"name": "m0", "family": family, "latency_ms": 0, "sims": [{"number": NUMBER}]} | modem
    keys |= {"exchange": {"country": "DE"} | (exchange or {}), "chip": chip or {}}
    network = {"setup_s": 0.1, "ring_timeout_s": 30}
    whole = {"speed": speed, "network": network, "callees": CALLEES, "modems": [keys]}
    simulator = Simulator(Scenario.model_validate(whole))
    await simulator.start()
    tty = VoiceTerminal(simulator.ports["m0"])
    try:
        await tty.ask("ATE0")
        yield simulator, simulator.modems["m0"], tty
    finally:
        tty.close()
        await simulator.stop()


async def in_voice(tty: VoiceTerminal, *, usr: bool = False) -> None:
    """Choose voice mode as a program does."""
    form, silence = ("128,8000", "128,0") if usr else ("1,8000,0,0", "0,0")
    for command in ("AT+FCLASS=8", f"AT+VSM={form}", f"AT+VSD={silence}"):
        await tty.ask(command)
