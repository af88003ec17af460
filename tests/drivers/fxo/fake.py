"""A small FXO modem on a pty, and a driver on it that is judged by the test."""

import asyncio
import fcntl
import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from config.profiles import Duplex, Escape, ModemProfile
from drivers.audio.port import Trouble
from drivers.facts import CallChanged, Fact
from drivers.fxo.judge import Verdict
from drivers.fxo.modem import FxoModem
from drivers.fxo.settings import LineSettings
from modem.v253.stream import Samples, VoiceStream

PATIENCE_S = 3.0
QUIET = b"\x80" * 160  # 20 ms
_WORD = re.compile(rb"(?<!\x10)(\x10+)([\x03\x18!^])")
F = TypeVar("F")


class FakeFxo:
    """Speaks AT and the DLE stream; `sent` are its commands, `played` what it was given to play."""

    def __init__(self, profile: ModemProfile, link: Path | None = None) -> None:
        assert profile.voice is not None
        self._dles = 3 if profile.voice.escape is Escape.TRIPLE else 1
        self._full = profile.voice.duplex is Duplex.FULL
        self.replies: dict[str, list[str]] = {}
        self.sent: list[str] = []
        self.words: list[bytes] = []
        self.mode = ""  # or the command that opened the stream
        self._played = bytearray()
        self._line = bytearray()
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = link or Path(os.ttyname(slave))
        if link:  # the kernel gives the same tty to whoever asks next: another test's modem
            link.symlink_to(os.ttyname(slave))
        self._link = link
        self._slave = slave
        asyncio.get_running_loop().add_reader(self._master, self._read)

    @property
    def played(self) -> bytes:
        """The octets of sound, without their shields."""
        events = VoiceStream().receive(bytes(self._played))
        return b"".join(event.data for event in events if isinstance(event, Samples))

    @property
    def unread(self) -> int:
        """Octets that wait to be read; a tty has room for 4096."""
        waiting = fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder)

    def unplug(self) -> None:
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._master = -1
            if self._link:
                self._link.unlink()

    def put(self, data: bytes) -> None:
        if self._master >= 0:
            os.write(self._master, data)

    def say(self, *lines: str) -> None:
        self.put(b"".join(f"\r\n{line}\r\n".encode() for line in lines))

    def tell(self, code: str) -> None:
        self.put(b"\x10" + code.encode() + (b"" if self.mode else b"\r\n"))

    def sound(self, octets: bytes = QUIET) -> None:
        assert self.mode in {"AT+VTR", "AT+VRX"}
        self.put(octets.replace(b"\x10", b"\x10\x10"))

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        if self.mode:
            self._take_sound(data)
        else:
            self._take_text(data)

    def _take_text(self, data: bytes) -> None:
        for octet in data:
            if octet != ord("\r"):
                self._line.append(octet)
                continue
            line = self._line.decode("latin-1")
            self._line.clear()
            self._obey(line)

    def _obey(self, line: str) -> None:
        if line.startswith("\x10"):
            return  # the words of a rescue: nothing was to be ended
        self.sent.append(line)
        replies = self.replies.get(line, [])
        reply = replies.pop(0) if replies else self._reply(line)
        if reply:
            self.say(reply)

    def _reply(self, line: str) -> str:
        if line in {"AT+VTR", "AT+VTX", "AT+VRX"}:
            if line == "AT+VTR" and not self._full:
                return "ERROR"
            self.mode = line
            self._played.clear()
            return "CONNECT"
        return {"ATI0": "56000\r\n\r\nOK", "AT+GMI": "CONEXANT\r\n\r\nOK"}.get(line, "OK")

    def _take_sound(self, data: bytes) -> None:
        self._played += data
        found = next((f for f in _WORD.finditer(self._played) if self._ends(len(f[1]), f[2])), None)
        if found is None:
            return
        self.words.append(found[0])
        rest = bytes(self._played[found.end() :])
        del self._played[found.start() :]
        tail = b"" if self.mode == "AT+VTX" else b"\x80" * 40 + b"\x10\x03"
        self.mode = ""
        self.put(tail + b"\r\nOK\r\n")
        self._take_text(rest)

    def _ends(self, dles: int, word: bytes) -> bool:
        enough = dles >= self._dles and (dles - self._dles) % 2 == 0
        return enough and word in {"AT+VTR": b"^", "AT+VRX": b"!", "AT+VTX": b"\x03"}[self.mode]


class FakeJudge:
    """Gives the verdicts that the test wants, one a frame; believes the codes it is told to."""

    def __init__(self) -> None:
        self.next: list[Verdict] = []
        self.by_code: dict[str, Verdict] = {}
        self.codes: list[str] = []
        self.frames = 0

    def hear(self, frame: bytes, now: float) -> Verdict | None:
        assert len(frame) == 320
        assert now > 0
        self.frames += 1
        return self.next.pop(0) if self.next else None

    def code(self, code: str, now: float) -> Verdict | None:
        assert now > 0
        self.codes.append(code)
        return self.by_code.get(code)


class Bench:
    """A driver on a fake modem, and the facts that it told."""

    def __init__(self, profile: ModemProfile, link: Path | None, **settings: Any) -> None:
        self.fake = FakeFxo(profile, link)
        self.facts: list[Fact] = []
        self.judges: list[FakeJudge] = []
        self.frames: list[bytes] = []
        self.troubles: list[Trouble] = []
        self._tasks: set[asyncio.Task[None]] = set()
        line = LineSettings(judge=self._judge, **settings)
        self.modem = FxoModem(self.fake.path, profile, line, self.facts.append, self._spawn)

    async def up(self) -> "Bench":
        await self.modem.open()
        await self.modem.attach()
        self.fake.sent.clear()
        return self

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.modem.audio.end()
        self.modem.close()
        self.fake.unplug()

    @property
    def judge(self) -> FakeJudge:
        return self.judges[-1]

    @property
    def calls(self) -> list[str]:
        """What was told of calls: "alerting", "active voice", "released busy"."""
        told = []
        for fact in self.facts:
            if isinstance(fact, CallChanged):
                words = (fact.call.state, fact.evidence, fact.cause, "us" if fact.by_us else None)
                told.append(" ".join(word for word in words if word))
        return told

    @property
    def last(self) -> CallChanged:
        return [fact for fact in self.facts if isinstance(fact, CallChanged)][-1]

    def told(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - two processes' worth of states, no one event
                await asyncio.sleep(0.001)

    async def told_of(self, *calls: str) -> None:
        """Wait until all that was told of calls is this."""
        await self.until(lambda: len(self.calls) >= len(calls))
        assert self.calls == list(calls)

    async def rule(self, verdict: Verdict) -> None:
        """Have the judge say it with the next frame."""
        await self.until(lambda: self.fake.mode in {"AT+VTR", "AT+VRX"})
        self.judge.next.append(verdict)
        self.fake.sound()

    async def dial(self, number: str = "0123") -> int:
        """Place a call, up to the end of dialling."""
        key = self.modem.calls.place(number)
        await self.rule(Verdict.DIAL_TONE)
        await self.until(lambda: self.judges and "dialed" in self.judge.codes)
        return key

    async def talk(self) -> int:
        """Place a call, up to its answer; the sound of it is taken up."""
        key = await self.dial()
        await self.rule(Verdict.ANSWERED_VOICE)
        await self.told_of("active voice")
        self.listen()
        return key

    def listen(self) -> None:
        self.modem.audio.begin(self.frames.append, self.troubles.append)

    def _judge(self) -> FakeJudge:
        self.judges.append(FakeJudge())
        return self.judges[-1]

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()
