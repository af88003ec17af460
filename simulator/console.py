"""One modem's serial side: octets to command lines, handlers' replies to octets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.at import OK, CommandError, Kind, Reply, Request, info, parse
from simulator.clock import draw
from simulator.oddities import Oddity

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.modem import Modem

_CR, _CTRL_Z, _ESC = 0x0D, 0x1A, 0x1B
_MAX_INPUT = 65_536  # octets of a line or body without its end; more is thrown away
_LATE_OK_S = 10.0
_SLOW_S = (1.0, 4.0)
_HANG_S = 60.0
_EOL = "\r\n"


class Console:
    """Executes one command line at a time; what comes meanwhile waits."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after power-up."""
        self._input = bytearray()
        self._queue: list[Request] = []
        self._lines: list[str] = []
        self._after: list[Callable[[], object]] = []
        self._busy = False
        self._advancing = False
        self._deaf = False
        self._body: Callable[[str | None], None] | None = None

    def feed(self, data: bytes) -> None:
        """Take octets from the tty."""
        if len(self._input) + len(data) > _MAX_INPUT:
            self._input.clear()
        self._input += data
        self._advance()

    @property
    def is_deaf(self) -> bool:
        """Whether it answers nothing."""
        return self._deaf

    def deafen(self, seconds: float | None) -> None:
        """Answer nothing for so long, None for ever; URCs go on."""
        self._deaf = True
        if seconds is not None:
            self._modem.timers.later(seconds, self._hear_again)

    def prompt(self, body: Callable[[str | None], None]) -> None:
        """Ask for a body that ends in Ctrl-Z; it is called with None when ESC came."""
        self._body = body
        self._modem.port.write(b"\r\n> ")

    def conclude(self, final: str, *lines: str) -> None:
        """End a command whose handler replied WAIT."""
        self._lines += lines
        if final == "OK" and self._queue:
            self._execute()
        else:
            self._finish(final)

    def _hear_again(self) -> None:
        self._deaf = False
        self._body = None

    def _advance(self) -> None:
        """Work through the input while nothing is being executed."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._body or not self._busy:
                if not self._next():
                    break
        finally:
            self._advancing = False

    def _next(self) -> bool:
        """Take the next body or line; False when there is none whole."""
        if self._body:
            return self._take_body(self._body)
        end = self._input.find(_CR)
        if end < 0:
            return False
        line = self._input[:end].decode("latin-1").strip()
        del self._input[: end + 1]
        if line:
            self._begin(line)
        return True

    def _take_body(self, body: Callable[[str | None], None]) -> bool:
        ends = [at for at in (self._input.find(_CTRL_Z), self._input.find(_ESC)) if at >= 0]
        if not ends:
            return False
        end = min(ends)
        text = self._input[:end].decode("latin-1") if self._input[end] == _CTRL_Z else None
        del self._input[: end + 1]
        self._body = None
        self._modem.hear(text or "")
        body(text)
        return True

    def _begin(self, line: str) -> None:
        modem = self._modem
        modem.hear(line)
        if self._deaf:
            return
        if modem.settings["E"] == "1":
            modem.port.write(f"{line}\r".encode("latin-1"))
        if line[:2].upper() != "AT":
            return
        if modem.dice.throw(Oddity.HANG):
            self.deafen(_HANG_S)
            return
        self._busy = True
        self._wait_then(self._parse, line)

    def _wait_then(self, step: Callable[[str], None], line: str) -> None:
        modem = self._modem
        delay_s = draw(modem.part.latency_ms, modem.rng) / 1000
        if modem.dice.throw(Oddity.SLOW_ANSWERS):
            delay_s += modem.rng.uniform(*_SLOW_S)
        if delay_s:
            modem.timers.later(delay_s, step, line)
        else:
            step(line)

    def _parse(self, line: str) -> None:
        try:
            self._queue = parse(line[2:])
        except ValueError:
            self._finish("ERROR")
            return
        self._execute()

    def _execute(self) -> None:
        """Run what is queued until a command waits or fails."""
        while self._queue:
            reply = self._reply(self._queue.pop(0))
            self._lines += reply.lines
            if reply.after:
                self._after.append(reply.after)
            if reply.final is None:
                return
            if reply.final != "OK":
                self._finish(reply.final)
                return
        self._finish("OK")

    def _reply(self, request: Request) -> Reply:
        modem = self._modem
        commands = modem.dialect.commands
        handler = commands.handlers.get(request.name)
        if handler is None:
            return Reply(final="ERROR")
        if request.kind is Kind.TEST:
            test = commands.tests.get(request.name)
            return info(f"{request.name}: {test}") if test else OK
        try:
            return handler(modem, request)
        except CommandError as error:
            return Reply(final=error.final(modem.settings["+CMEE"]))

    def _finish(self, final: str) -> None:
        """Write the answer, then do what was put off until after it."""
        lines, after = self._lines, self._after
        self._lines, self._after, self._queue = [], [], []
        modem = self._modem
        if modem.dice.throw(Oddity.ECHO_RETURNS):
            modem.settings["E"] = "1"
        if modem.dice.throw(Oddity.LATE_OK):
            if lines:
                self._write(lines, "")
            modem.timers.later(_LATE_OK_S, self._end, [], final, after)
        else:
            self._end(lines, final, after)

    def _end(self, lines: list[str], final: str, after: list[Callable[[], object]]) -> None:
        if not self._deaf:
            self._write(lines, final)
            for action in after:
                action()
        self._busy = False
        self._advance()

    def _write(self, lines: list[str], final: str) -> None:
        """Write lines and the final result ("" for none) in one piece, with its oddities."""
        modem = self._modem
        throw = modem.dice.throw
        text = f"{_EOL}{_EOL.join(lines)}{_EOL}" if lines else ""
        noise = f"{_EOL}{modem.dialect.noise}{_EOL}"
        if lines and throw(Oddity.URC_IN_LINE):
            middle = len(text) // 2
            text = text[:middle] + noise + text[middle:]
        if throw(Oddity.INTERLEAVED_URCS):
            text += noise
        if final:
            text += f"{_EOL}{final}{_EOL}"
        if throw(Oddity.DOUBLE_CR):
            text = text.replace(_EOL, "\r\r\n")
        if throw(Oddity.NULS):
            text = "\0\0" + text
        modem.port.write(text.encode("latin-1", "replace"))
