"""Plays a transcript: what a modem said once, and what the driver must make of it.

A transcript is a text file, one mark a line:

    # where it comes from              @ the profile that the driver speaks
    ! an order to the driver: dial NUMBER, answer, hang up, ussd TEXT, send PDU, ask AT...
    > what the driver writes           ~ seconds in which nobody says anything
    < what the modem says              = what the driver makes of it, in order

`<` stands for CR LF, the text, CR LF; with an escape (\\r \\n \\x00) in it, for exactly that. A
prompt is `< \\r\\n>\\x20`, a lone CR of ours is `> \\r`.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from drivers.facts import (
    CallChanged,
    Fact,
    MessageReceived,
    RegistrationSeen,
    SignalSeen,
    UssdHeard,
)
from drivers.messaging import SendFailed
from modem.at.command import Answer, Command
from modem.at.framing import Message
from modem.sms.pdu import EncodedPdu
from modem.urc import parse_urc
from tests.drivers.wire import SILENCE, Bench, Plug, settle

TAIL = "+CGEV: ME DETACH"
_TAIL_SHOWN = "urc Notice(name=+CGEV, fields=ME DETACH)"
_LINE = re.compile(r"([@!>~<=]) (.*)")
_ESCAPE = re.compile(r"\\(r|n|x[0-9a-f]{2})")
_PLAIN_QUESTION = re.compile(r"AT([+^*$%][A-Z0-9]+)")
_BARE = ("ATI", "AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+CIMI", "AT+CLAC", "AT+CCID")


class Cut(StrEnum):
    """How the octets of a modem reach the driver."""

    WHOLE = "whole"
    BYTES = "byte by byte"
    TAIL = "with a tail"


@dataclass(slots=True)
class Step:
    """A move of ours, if any, then what the modem says in one go, then all that comes of it."""

    mark: str = ""
    text: str = ""
    data: bytes = b""
    expected: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Transcript:
    """A file, read."""

    profile: str
    steps: list[Step]


def read(path: Path) -> Transcript:
    """Read a file; ValueError names a line that is none."""
    profile = "generic"
    steps = [Step()]
    for line in path.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise ValueError(f"{path.name}: {line!r} has no mark")
        mark, text = found.groups()
        match mark:
            case "@":
                profile = text
            case "<":
                if steps[-1].expected:
                    steps.append(Step())
                steps[-1].data += _octets(text)
            case "=":
                steps[-1].expected.append(text)
            case _:
                steps.append(Step(mark, _unescaped(text)))
    return Transcript(profile, steps)


def _unescaped(text: str) -> str:
    def octet(found: re.Match[str]) -> str:
        code = found[1]
        return {"r": "\r", "n": "\n"}.get(code) or chr(int(code[1:], 16))

    return _ESCAPE.sub(octet, text)


def _octets(text: str) -> bytes:
    whole = _unescaped(text) if _ESCAPE.search(text) else f"\r\n{text}\r\n"
    return whole.encode("latin-1")


class Player:
    """One run of a transcript through a driver."""

    def __init__(self, transcript: Transcript, cut: Cut, plug: Plug) -> None:
        self._transcript = transcript
        self._cut = cut
        self._bench: Bench = plug(transcript.profile)
        self._bench.wire.replies.clear()
        self._bench.wire.default = SILENCE
        self._modem = self._bench.modem
        self._read = 0
        self._events: list[str] = []
        self._modem.session._on_unsolicited = self._hear
        self._modem._emit = self._modem.calls._emit = self._tell
        self._modem.messages._emit = self._modem.ussd._emit = self._tell
        self._tasks: list[asyncio.Task[None]] = []
        self._orders: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
            "dial": self._dial,
            "answer": self._answer,
            "hang": self._hang_up,
            "ussd": self._modem.ussd.send,
            "send": self._send,
            "ask": self._ask,
        }

    async def play(self) -> None:
        """Go through the transcript; AssertionError where the driver did otherwise."""
        for step in self._transcript.steps:
            await self._move(step)
            self._say(step.data)
            await settle()
            assert self._take_events(step) == step.expected, step
        assert self._bench.wire.sent[self._read :] == []
        for task in self._tasks:
            task.cancel()

    async def _move(self, step: Step) -> None:
        match step.mark:
            case "!":
                order, _, text = step.text.partition(" ")
                self._spawn(self._orders[order](text))
            case "~":
                await asyncio.sleep(float(step.text))
            case _:
                if not step.mark:
                    return
                if self._read == len(self._bench.wire.sent):
                    self._spawn(self._ask(step.text))
                await settle()
                assert self._bench.wire.sent[self._read :][:1] == [step.text.removesuffix("\r")]
                self._read += 1

    def _say(self, data: bytes) -> None:
        match self._cut:
            case Cut.WHOLE:
                self._bench.wire.put(data)
            case Cut.BYTES:
                for octet in data:
                    self._bench.wire.put(bytes([octet]))
            case Cut.TAIL:
                self._bench.wire.put(data + f"\r\n{TAIL}\r\n".encode() if data else b"")

    def _take_events(self, step: Step) -> list[str]:
        events, self._events = self._events, []
        if self._cut is Cut.TAIL and step.data:
            events.remove(_TAIL_SHOWN)
        return events

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    # --- what the driver is told to do

    async def _dial(self, number: str) -> None:
        self._modem.calls.place(number)

    async def _answer(self, _text: str) -> None:
        await self._modem.calls.answer(self._modem.calls.live[-1].key)

    async def _hang_up(self, _text: str) -> None:
        await self._modem.calls.hang_up(self._modem.calls.live[-1].key)

    async def _send(self, pdu: str) -> None:
        try:
            reference = await self._modem.messages.send(EncodedPdu(pdu, len(pdu) // 2 - 1))
        except SendFailed as error:
            self._events.append(f"not sent: {error}")
        else:
            self._events.append(f"sent {reference}")

    async def _ask(self, text: str) -> None:
        question = _PLAIN_QUESTION.match(text)
        prefixes = (f"{question[1]}:",) if question else ()
        command = Command(
            text,
            prefixes=prefixes,
            bare=text.startswith(_BARE),
            call=text.startswith(("ATD", "ATA")),
            final_optional=text == "AT+CPIN?",
        )
        answer = await self._modem.session.ask(command)
        self._events.extend(_answer(answer))

    # --- what comes of it

    def _hear(self, line: Message) -> None:
        said = line.text if line.final else show(parse_urc(line.text, line.pdu))
        self._events.append(f"urc {said}")
        self._modem._hear(line)

    def _tell(self, fact: Fact) -> None:
        self._events.extend(_fact(fact))


def _answer(answer: Answer) -> Iterator[str]:
    for line in answer.lines:
        yield f"line {line}"
    yield f"answer {answer.final.text if answer.final else 'none'}"


def _fact(fact: Fact) -> Iterator[str]:
    match fact:
        case CallChanged():
            cause = f" {fact.cause}" if fact.cause else ""
            raw = f" ({fact.raw_cause})" if fact.raw_cause else ""
            yield f"call {fact.call.key} {fact.call.state}{cause}{raw}"
        case UssdHeard():
            yield f"ussd {fact.state}: {fact.text if fact.text is not None else fact.reason!r}"
        case MessageReceived():
            text = getattr(fact.message, "text", None)
            yield f"message {text!r}" if text is not None else f"message {show(fact.message)}"
        case RegistrationSeen() | SignalSeen():
            return  # the URC says it already
        case _:
            yield f"fact {show(fact)}"


def show(thing: Any) -> str:
    """Write a dataclass with what differs from its defaults."""
    parts = [
        f"{each.name}={_value(getattr(thing, each.name))}"
        for each in fields(thing)
        if getattr(thing, each.name) != each.default
    ]
    return f"{type(thing).__name__}({', '.join(parts)})"


def _value(value: Any) -> str:
    match value:
        case StrEnum():
            return str(value)
        case Enum():
            return value.name.lower()
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value).replace("\n", "\\n")
