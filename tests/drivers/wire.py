"""A modem that says what a test wants, on a wire instead of a tty, and its driver."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from config.profiles import Profiles, load_profiles
from drivers.facts import CallChanged, Fact
from drivers.modem import Modem
from drivers.port import PortClosed

PROMPT = "> "
SILENCE = "(silence)"
BASIC = {
    "AT+CGMI": "Maker\nOK",
    "AT+CGMM": "Model 1\nOK",
    "AT+CGMR": "1.0\nOK",
    "AT+CGSN": "490154203237518\nOK",
    "AT+CPIN?": "+CPIN: READY\nOK",
    "AT+CCID": "8949020000012345678\nOK",
    "AT+CIMI": "262011234567890\nOK",
}

Reply = str | list[str]
F = TypeVar("F")


@cache
def profiles() -> Profiles:
    return load_profiles()


def framed(line: str) -> bytes:
    """Frame a line as V.250 5.7.1 does; the prompt has no end."""
    return b"\r\n> " if line == PROMPT else f"\r\n{line}\r\n".encode("latin-1")


class Wire:
    """Both ends of a wire: `Port` for the session that is plugged in, a modem for the test.

    A command is answered with the lines of its reply, `default` when there is none. A list of
    replies is used up one by one, the last one stays. `sent` is all that was written, by line.
    """

    def __init__(self, replies: Mapping[str, Reply] | None = None) -> None:
        self.replies: dict[str, Reply] = {**BASIC, **(replies or {})}
        self.default = "OK"
        self.sent: list[str] = []
        self.is_open = False
        self._buffer = b""

    def plug(
        self,
        path: str,
        _baudrate: int,
        *,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        rtscts: bool,
    ) -> "Wire":
        """Take the place of Port's constructor."""
        del path, rtscts
        self._on_data, self._on_lost = on_data, on_lost
        return self

    # --- what a session does

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def write(self, data: bytes) -> None:
        if not self.is_open:
            raise PortClosed("unplugged")
        self._buffer += data
        for end in (b"\r", b"\x1a", b"\x1b"):
            while end in self._buffer:
                line, _, self._buffer = self._buffer.partition(end)
                kept = end if end != b"\r" else b""
                self._hear((line + kept).decode("latin-1"))

    # --- what a modem does

    def say(self, *lines: str) -> None:
        """Send lines, each framed, in one piece."""
        self.put(b"".join(framed(line) for line in lines))

    def put(self, data: bytes) -> None:
        """Send octets as they are."""
        if self.is_open:
            self._on_data(data)

    def unplug(self) -> None:
        self.is_open = False
        self._on_lost("unplugged")

    def count(self, command: str) -> int:
        """How often a command was sent."""
        return self.sent.count(command)

    def _hear(self, line: str) -> None:
        self.sent.append(line)
        reply = self.replies.get("PDU" if line.endswith("\x1a") else line, self.default)
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if reply != SILENCE:
            asyncio.get_running_loop().call_soon(lambda: self.say(*reply.split("\n")))


class Bench:
    """A driver on a wire, and the facts that it told."""

    def __init__(self, wire: Wire, profile: str, *, on_usb: bool) -> None:
        self.wire = wire
        self.facts: list[Fact] = []
        self.tasks: list[asyncio.Task[None]] = []
        chosen = profiles().by_name[profile]
        self.modem = Modem(
            Path("wire"), profiles(), chosen, self.facts.append, self._spawn, on_usb=on_usb
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    @property
    def calls(self) -> list[str]:
        """What was told of calls: "1 alerting", "1 released busy"."""
        return [
            f"{fact.call.key} {fact.call.state}" + (f" {fact.cause}" if fact.cause else "")
            for fact in self.facts
            if isinstance(fact, CallChanged)
        ]

    def told(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def close(self) -> None:
        self.modem.close()
        for task in self.tasks:
            task.cancel()


Plug = Callable[..., "Bench"]


@contextmanager
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Give what plugs a driver of `profile` into a scripted modem; the port is open."""
    benches: list[Bench] = []

    def plug(
        profile: str = "generic",
        replies: Mapping[str, Reply] | None = None,
        *,
        opened: bool = True,
        on_usb: bool = False,
    ) -> Bench:
        wire = Wire(replies)
        monkeypatch.setattr("drivers.session.Port", wire.plug)
        bench = Bench(wire, profile, on_usb=on_usb)
        if opened:
            bench.modem.session.open()
        benches.append(bench)
        return bench

    yield plug
    for bench in benches:
        bench.wire.close()


async def settle() -> None:
    """Let everything happen that needs no time."""
    await asyncio.sleep(0.01)
