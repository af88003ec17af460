"""A world with one FXO modem, and a terminal that parts sound from codes on its tty."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from simulator import Scenario, Simulator
from simulator.fxo.chips import Format
from tests.simulator.terminal import TIMEOUT_S, Terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simulator.fxo.device import Device

STAYS, HANGS_UP, BUSY, UNASSIGNED, RINGS = "12345"
LONG = "0300000001"
CALLEES: list[dict[str, Any]] = [
    {
        "number": STAYS,
        "answer_after_s": 0.4,
        "then": "stay",
        "says": [{"do": "tone", "hz": 1004}],
    },
    {"number": "+49300000001", "answer_after_s": 0.4, "then": "stay"},
    {"number": HANGS_UP, "answer_after_s": 0.4, "talk_s": 0.2},
    {"number": BUSY, "does": "busy"},
    {"number": UNASSIGNED, "does": "unassigned"},
    {"number": RINGS, "does": "no_answer"},
]
OUTSIDE = "+491701234567"
NUMBER = "+4930555000"
UNSIGNED = Format(signed=False)
_WHOLE = re.compile(r"(?:[^\x10]|\x10.)*", re.DOTALL)
_PIECES = re.compile(rb"\x10(.)|[^\x10]+", re.DOTALL)


class VoiceTerminal(Terminal):
    """Keeps the sound of the modem, and its codes in order."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.codes = ""

    def send(self, octets: bytes) -> None:
        """Send what a tty takes at once."""
        self.write(octets.decode("latin-1"))

    async def send_all(self, octets: bytes) -> None:
        """Send more than a tty takes at once."""
        while octets:
            with contextlib.suppress(BlockingIOError):
                octets = octets[os.write(self._fd, octets) :]
            await asyncio.sleep(0)

    async def arrived(self) -> bytes:
        """Return what has come, with no code cut in two."""
        async with asyncio.timeout(TIMEOUT_S):
            while self.unread in ("", "\x10"):
                self._arrived.clear()
                await self._arrived.wait()
        whole = _WHOLE.match(self.unread)
        assert whole
        self.unread = self.unread[whole.end() :]
        return whole[0].encode("latin-1")

    async def sound(self, seconds: float) -> list[bytes]:
        """Return some seconds of what is heard, as frames; codes go to `codes`."""
        octets = b""
        while len(octets) < seconds * 8000:
            octets += self._parted(await self.arrived())
        return [UNSIGNED.frame(octets[at : at + 160]) for at in range(0, len(octets) - 159, 160)]

    async def code(self, wanted: str) -> None:
        """Wait until a code has come in the stream."""
        async with asyncio.timeout(TIMEOUT_S):
            while wanted not in self.codes:
                await self.sound(0.02)

    async def end(self, how: bytes) -> str:
        """End the stream and wait for OK; return all that came until then."""
        self.send(how)
        rest = await self.until("\r\nOK\r\n")
        self._parted(rest.encode("latin-1"))
        return rest

    def _parted(self, raw: bytes) -> bytes:
        octets = b""
        for piece in _PIECES.finditer(raw):
            if piece[1] is None:
                octets += piece[0]
            elif piece[1] in (b"\x10", b"\x1a"):
                octets += b"\x10" * (1 if piece[1] == b"\x10" else 2)
            else:
                self.codes += piece[1].decode("latin-1")
        return octets


@asynccontextmanager
async def line(
    family: str = "conexant",
    *,
    speed: float = 1,
    exchange: dict[str, Any] | None = None,
    chip: dict[str, Any] | None = None,
) -> AsyncIterator[tuple[Simulator, Device, VoiceTerminal]]:
    """Start one FXO modem on a German line, its echo off."""
    modem = {
        "name": "m0",
        "family": family,
        "latency_ms": 0,
        "sims": [{"number": NUMBER}],
        "exchange": {"country": "DE"} | (exchange or {}),
        "chip": chip or {},
    }
    network = {"setup_s": 0.1, "ring_timeout_s": 30}
    whole = {"speed": speed, "network": network, "callees": CALLEES, "modems": [modem]}
    simulator = Simulator(Scenario.model_validate(whole))
    await simulator.start()
    tty = VoiceTerminal(simulator.ports["m0"])
    device = simulator.modems["m0"].fxo
    assert device
    try:
        await tty.ask("ATE0")
        yield simulator, device, tty
    finally:
        tty.close()
        await simulator.stop()


async def in_voice(tty: VoiceTerminal, *, usr: bool = False) -> None:
    """Choose voice mode as a program does; silence is not told."""
    form, silence = ("128,8000", "128,0") if usr else ("1,8000,0,0", "0,0")
    for command in ("AT+FCLASS=8", f"AT+VSM={form}", f"AT+VSD={silence}", "AT+VRN=0"):
        await tty.ask(command)
