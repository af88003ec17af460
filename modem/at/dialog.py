"""The AT dialogue of one port: one command at a time, answers by prefix, the rest unsolicited.

States, and what moves them:

    IDLE     nothing is asked            a command is sent                     -> ASKING
    ASKING   a command waits             its final result                      -> IDLE
                                         its time is over                      -> DRAINING
    DRAINING late lines are dropped      QUIET_S of silence: AT is sent        -> PROBING
    PROBING  AT waits for its OK         OK                                    -> SETTLING
                                         no OK: again, PROBES times in all     -> DRAINING
                                         still none: `Deaf` is reported        -> DRAINING
    SETTLING a late OK may still come    QUIET_S of silence                    -> IDLE

So a final result that comes after its command was given up never confirms another command.
Time is an argument everywhere: seconds of any monotonic clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush
from itertools import count

from modem.at.command import Answer, Command, Priority
from modem.at.final import Final, FinalKind
from modem.at.framing import Assembler, Framer, Message
from modem.urc import is_urc

QUIET_S = 0.3  # silence after which a modem has said all it had to say; V.250 gives no figure
DRAIN_S = 3.0  # a modem that never falls silent is asked all the same
PROBE_TIMEOUT_S = 2.0
PROBES = 3
ABORT_GUARD_S = 0.125  # V.250 5.6.1: what comes so soon behind a command line breaks nothing off
ABORT_S = 3.0  # a modem that breaks nothing off (iaxmodem) takes the next line all the same
MAX_WAITING = 256  # commands that wait for their turn
MAX_MESSAGES = 1024  # of one answer: a full SIM lists 255 SMS, a CLAC some hundred lines
ESCAPE = b"\x1b"
SUBMIT = b"\x1a"

_PROBE = Command("AT", timeout_s=PROBE_TIMEOUT_S)
_PROMPT = re.compile(rb">\s*")


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that must go to the modem now."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Deaf:
    """The modem does not even answer AT; the owner resets it."""


Event = Write | Answer | Message | Deaf  # a message by itself answers nothing: unsolicited


class DialogFull(RuntimeError):  # noqa: N818 - says what is the case, as queue.Full does
    """Too many commands wait: the caller drops its command and tries later."""


class _State(Enum):
    IDLE = auto()
    ASKING = auto()
    DRAINING = auto()
    PROBING = auto()
    SETTLING = auto()


class Dialog:
    """Pure state of one AT port. The shell passes bytes and time in and does what events say."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._assembler = Assembler()
        self._waiting: list[tuple[Priority, int, Command]] = []
        self._order = count()
        self._state = _State.IDLE
        self._current: Command | None = None
        self._got: list[Message] = []
        self._body_due = False
        self._asked_at = 0.0
        self._abort_at: float | None = None
        self._deadline: float | None = None
        self._flush_at: float | None = None
        self._drain_until = 0.0
        self._probes = 0
        self.setting_up_call = False

    @property
    def busy(self) -> bool:
        """Whether a command is under way or waits."""
        return self._state is not _State.IDLE or bool(self._waiting)

    def send(self, command: Command, now: float) -> bytes:
        """Queue a command; give the bytes to write now (none when it must wait).

        Raises DialogFull. A hang-up passes everything that waits, and breaks off a dial that
        blocks the port: any octet does (V.250 5.6.1).
        """
        if len(self._waiting) >= MAX_WAITING:
            raise DialogFull
        heappush(self._waiting, (command.priority, next(self._order), command))
        if command.priority is Priority.HANGUP and self._current and self._current.call:
            self._abort_at = self._asked_at + ABORT_GUARD_S
            return self._abort(now) if now >= self._abort_at else b""
        return self._next(now)

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what was read; give events in order."""
        events: list[Event] = []
        for line in self._framer.feed(data):
            if self._current and line.text.strip() == ">":  # a URC ended the prompt's line
                events.append(self._answer_prompt(now))
                continue
            for message in self._assembler.feed(line):
                events.extend(self._message(message, now))
        if self._current and _PROMPT.fullmatch(self._framer.rest):
            self._framer.forget()
            events.append(self._answer_prompt(now))
        if self._state is _State.IDLE:
            events.extend(self._resume(now))
        elif self._state in {_State.DRAINING, _State.SETTLING}:
            self._deadline = min(now + QUIET_S, self._drain_until)
        final_optional = self._current is not None and self._current.final_optional
        if final_optional or self._assembler.holds_back:
            self._flush_at = now + QUIET_S
        return events

    def timer(self) -> float | None:
        """When `handle_timer` wants to be called, if ever."""
        times = [at for at in (self._deadline, self._flush_at, self._abort_at) if at is not None]
        return min(times, default=None)

    def handle_timer(self, now: float) -> list[Event]:
        """Act on what is due at `now`; early and repeated calls do no harm."""
        events: list[Event] = []
        if self._abort_at is not None and now >= self._abort_at:
            events.append(Write(self._abort(now)))
        if self._flush_at is not None and now >= self._flush_at:
            self._flush_at = None
            events.extend(self._flush(now))
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            events.extend(self._overdue(now))
        return events

    def resume_probes(self, now: float) -> bytes:
        """Call set-up is over: let probes go again; give the bytes to write."""
        self.setting_up_call = False
        return self._next(now)

    def _next(self, now: float) -> bytes:
        if self._state is not _State.IDLE or not self._waiting:
            return b""
        if self._waiting[0][0] is Priority.PROBE and self.setting_up_call:
            return b""
        _, _, command = heappop(self._waiting)
        return self._ask(command, _State.ASKING, now)

    def _ask(self, command: Command, state: _State, now: float) -> bytes:
        self._state = state
        self._current = command
        self._got = []
        self._body_due = command.body is not None
        self._asked_at = now
        self._deadline = now + command.limit_s
        return command.text.encode("latin-1") + b"\r"

    def _abort(self, now: float) -> bytes:
        """Break off the dial; whether or not it says so, it has ABORT_S left."""
        self._abort_at = None
        self._deadline = now + ABORT_S
        return b"\r"

    def _resume(self, now: float) -> Iterator[Event]:
        for message in self._assembler.flush_info():
            yield from self._message(message, now)
        if data := self._next(now):
            yield Write(data)

    def _message(self, message: Message, now: float) -> Iterator[Event]:
        if message.final:
            yield from self._final(message, message.final, now)
        elif self._answers(message):
            if len(self._got) < MAX_MESSAGES:
                self._got.append(message)
        elif not self._is_echo(message.text):
            yield message

    def _answers(self, message: Message) -> bool:
        command = self._current
        if command is None or self._state is not _State.ASKING:
            return False
        if command.prefixes and message.text.startswith(command.prefixes):
            return True
        return command.bare and not is_urc(message.text) and not self._is_echo(message.text)

    def _is_echo(self, text: str) -> bool:
        """Whether a line is what we wrote ourselves, or what is left of it."""
        command = self._current
        if command is None:
            return text[:2].upper() == "AT"
        sent = command.text.strip()
        return text == sent or (command.body is not None and text.rstrip("\x1a") in command.body)

    def _final(self, message: Message, final: Final, now: float) -> Iterator[Event]:
        command = self._current
        if final.ends_call and not (command and command.call):
            yield message
        elif self._state is _State.ASKING and command:
            yield self._close(command, final)
            if data := self._next(now):
                yield Write(data)
        elif self._state is _State.IDLE and final.kind is FinalKind.CME:
            # USSD: the network's refusal, long after the OK
            yield message
        elif self._state is _State.PROBING and final.kind is FinalKind.OK:
            self._probes = 0
            self._fall_silent(_State.SETTLING, now)

    def _close(self, command: Command, final: Final | None) -> Answer:
        answer = Answer(command, final, tuple(self._got))
        self._current, self._got, self._abort_at = None, [], None
        self._deadline = None
        self._state = _State.IDLE
        return answer

    def _fall_silent(self, state: _State, now: float) -> None:
        """Wait in `state` until the modem has been quiet for QUIET_S."""
        self._state, self._current = state, None
        self._deadline = now + QUIET_S
        self._drain_until = now + DRAIN_S

    def _answer_prompt(self, now: float) -> Write:
        """Give the body where it is awaited; leave the prompt where not (27.005 3.5.1)."""
        command = self._current
        if command is None or command.body is None or not self._body_due:
            return Write(ESCAPE)
        self._body_due = False
        self._deadline = now + command.limit_s
        return Write(command.body.encode("latin-1") + SUBMIT)

    def _flush(self, now: float) -> Iterator[Event]:
        """Nothing came for a while: what is held back is all there is."""
        for message in self._assembler.flush():
            yield from self._message(message, now)
        command = self._current
        if command and command.final_optional and self._got and self._state is _State.ASKING:
            yield self._close(command, Final(FinalKind.OK, "OK"))
            yield from self._resume(now)

    def _overdue(self, now: float) -> Iterator[Event]:
        command = self._current
        if self._state is _State.ASKING and command:
            stuck_in_prompt = command.body is not None
            yield self._close(command, None)
            if stuck_in_prompt:
                yield Write(ESCAPE)
            self._fall_silent(_State.DRAINING, now)
        elif self._state is _State.DRAINING:
            yield Write(self._ask(_PROBE, _State.PROBING, now))
        elif self._state is _State.PROBING:
            self._probes += 1
            if self._probes >= PROBES:
                self._probes = 0
                yield Deaf()
            self._fall_silent(_State.DRAINING, now)
        elif self._state is _State.SETTLING:
            self._state = _State.IDLE
            yield from self._resume(now)
