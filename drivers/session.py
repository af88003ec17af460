"""One open AT port: the shell around the dialogue. Bytes and time go in, answers come out."""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterable

from drivers.port import BufferFull, Port, PortClosed
from modem.at.command import Answer, Command
from modem.at.dialog import Deaf, Dialog, DialogFull, Event, Write
from modem.at.framing import Message

log = logging.getLogger(__name__)

_DIGITS = re.compile(r"\d{5,}")


class SessionLost(Exception):  # noqa: N818 - a state of the port, not a mistake
    """The port went away before the answer; the caller starts over when the modem is back."""


async def until_lost(work: Coroutine[None, None, None]) -> None:
    """Let a task of a modem end quietly when the modem goes away."""
    try:
        await work
    except SessionLost as error:
        log.debug("%s", error)


def mask(text: str) -> str:
    """Hide phone numbers, PDUs and identities in a line for the log: the last two digits stay."""
    return _DIGITS.sub(lambda run: "*" * (len(run[0]) - 2) + run[0][-2:], text)


def _all_of_it(data: bytes) -> Iterable[bytes]:
    return (data,)


class Session:
    """Commands and answers on one port, from open() to close() or the loss of the device.

    `on_unsolicited` gets each line that answers nothing, in order, from the loop. `on_lost` gets
    the reason when the device goes away, `on_deaf` is called when it answers no AT any more.
    """

    def __init__(
        self,
        path: str,
        baudrate: int,
        *,
        on_unsolicited: Callable[[Message], None],
        on_lost: Callable[[str], None],
        on_deaf: Callable[[], None],
        rtscts: bool = False,
    ) -> None:
        self.path = path
        self._dialog = Dialog()
        self._port = Port(path, baudrate, on_data=self._receive, on_lost=self._lose, rtscts=rtscts)
        self._on_unsolicited = on_unsolicited
        self._on_lost = on_lost
        self._on_deaf = on_deaf
        self._taker: Callable[[bytes], Iterable[bytes]] = _all_of_it
        self._answers: dict[Command, asyncio.Future[Answer]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0  # its `when`: uvloop gives it none if it is due at once

    def open(self) -> None:
        """Open the port; raises PortError."""
        self._loop = asyncio.get_running_loop()
        self._dialog = Dialog()
        self._port.open()

    def close(self, reason: str = "closed") -> None:
        """Close the port; whoever waits for an answer gets SessionLost."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._port.close()
        waiting, self._answers = self._answers, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(SessionLost(reason))

    def send(self, command: Command) -> asyncio.Future[Answer]:
        """Send a command at once, or as soon as it is its turn; the future has its end.

        It fails with SessionLost when the port goes away, with DialogFull when too much waits.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self._port.is_open:
            future.set_exception(SessionLost(f"{self.path} is not open"))
            return future
        try:
            data = self._dialog.send(command, self._loop.time())
        except DialogFull as error:
            future.set_exception(error)
            return future
        self._answers[command] = future
        self._write(data)
        self._arm()
        return future

    async def ask(self, command: Command) -> Answer:
        """Send a command and wait for its end; raises SessionLost, DialogFull."""
        return await self.send(command)

    async def run(self, lines: Iterable[str]) -> None:
        """Send commands one by one; a modem may refuse any of them."""
        for text in lines:
            answer = await self.ask(Command(text))
            if not answer.ok:
                log.debug("%s: %s", self.path, answer.sentence)

    async def read(self, text: str) -> str:
        """Ask for one line that may have no prefix; "" when there is none."""
        prefix = text[2:] + ":"
        answer = await self.ask(Command(text, prefixes=(prefix,), bare=True))
        return answer.lines[0].removeprefix(prefix).strip().strip('"') if answer.lines else ""

    def set_up_call(self, *, under_way: bool) -> None:
        """Hold probes back while a call is being set up."""
        if under_way:
            self._dialog.setting_up_call = True
        elif self._port.is_open:
            self._write(self._dialog.resume_probes(self._loop.time()))
            self._arm()

    def divert(self, taker: Callable[[bytes], Iterable[bytes]]) -> None:
        """Have all that is read pass `taker`: the pieces that it gives are the dialogue's."""
        self._taker = taker

    def put(self, data: bytes) -> None:
        """Send octets that are no command, while none is under way."""
        self._write(data)

    @property
    def backlog(self) -> int:
        """Octets that the modem has yet to take."""
        return self._port.waiting

    def _receive(self, data: bytes) -> None:
        for text in self._taker(data):
            self._handle(self._dialog.receive(text, self._loop.time()))

    def _tick(self) -> None:
        self._timer = None
        self._handle(self._dialog.handle_timer(self._loop.time()))

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Message():
                    self._debug("<", event.text)
                    self._on_unsolicited(event)
                case Answer():
                    self._settle(event)
                case Write():
                    self._write(event.data)
                case Deaf():
                    self._on_deaf()
        if self._port.is_open:
            self._arm()

    def _settle(self, answer: Answer) -> None:
        final = answer.final.text if answer.final else "(no answer in time)"
        self._debug("=", "***" if answer.command.secret else f"{answer.command.text} {final}")
        future = self._answers.pop(answer.command, None)
        if future and not future.done():
            future.set_result(answer)

    def _write(self, data: bytes) -> None:
        if not data:
            return
        try:
            self._port.write(data)
        except BufferFull as error:
            log.warning("%s", error)
            self._on_deaf()
        except PortClosed as error:
            log.debug("%s", error)  # the port reports its loss by itself

    def _arm(self) -> None:
        """Keep one timer, never later than the dialogue wants it."""
        due = self._dialog.timer()
        if due is None or (self._timer and self._timer_due <= due):
            return
        if self._timer:
            self._timer.cancel()
        self._timer, self._timer_due = self._loop.call_at(due, self._tick), due

    def _lose(self, reason: str) -> None:
        self.close(reason)
        self._on_lost(reason)

    def _debug(self, mark: str, text: str) -> None:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s %s", self.path, mark, mask(text))
