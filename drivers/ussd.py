"""USSD on one modem: one session at a time, each brought to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from config.profiles import ModemProfile, Quirk, UssdStyle
from drivers.facts import Fact, UssdHeard
from modem.at.command import Answer, Command
from modem.at.final import Final
from modem.errors import ParseError
from modem.urc import Urc
from modem.ussd import (
    CANCEL,
    UssdCoding,
    UssdEvent,
    UssdReply,
    UssdSession,
    UssdState,
    request,
)

_CODINGS = {
    UssdStyle.PLAIN: UssdCoding.PLAIN,
    UssdStyle.UCS2: UssdCoding.UCS2,
    UssdStyle.PACKED: UssdCoding.PACKED,
}
_UNANSWERED = frozenset({UssdState.ASKED, UssdState.WAITING})
_TOLD = frozenset({UssdState.MENU, UssdState.ENDED, UssdState.FAILED})


class UssdRefused(Exception):  # noqa: N818 - an answer, not a mistake
    """The request did not leave, and will not; the text says why."""


class UssdDesk:
    """The USSD session of one modem; what the network says goes to `emit`."""

    def __init__(
        self,
        ask: Callable[[Command], Awaitable[Answer]],
        profile: ModemProfile,
        emit: Callable[[Fact], None],
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._ask = ask
        self._profile = profile
        self._emit = emit
        self._spawn = spawn
        self._session: UssdSession | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a session is open."""
        return self._session is not None

    async def start(self) -> None:
        """Have the modem tell what the network says by itself (27.007 7.15)."""
        await self._ask(Command("AT+CUSD=1"))

    async def send(self, text: str, *, secret: bool = False) -> None:
        """Start a session, or answer the menu of the open one; raises UssdRefused.

        The text of a `secret` one is in no log.
        """
        if Quirk.NO_USSD in self._profile.quirks:
            raise UssdRefused("this modem sends USSD requests but never hands over the reply")
        session = self._session
        if session is None:
            session = self._session = UssdSession()
        elif session.state is not UssdState.MENU:
            raise UssdRefused("a request is under way; wait for its reply")
        else:
            session.feed(UssdEvent.SENT)
        coding = _CODINGS[self._profile.ussd_style]
        try:
            command = Command(request(text, coding), secret=secret)
        except ParseError as error:
            self._close()
            raise UssdRefused("this text cannot be sent by USSD") from error
        answer = await self._send(command, coding)
        event = UssdEvent.ACCEPTED if answer.ok else UssdEvent.REFUSED
        reason = answer.reason
        before = session.state
        if session.feed(event, reason) is not before:
            self._after(session, session.state)

    async def _send(self, command: Command, coding: UssdCoding) -> Answer:
        """Send a request; hex of UCS-2 is understood only under that character set (27.007 5.5)."""
        if coding is not UssdCoding.UCS2:
            return await self._ask(command)
        await self._ask(Command('AT+CSCS="UCS2"'))
        answer = await self._ask(command)
        await self._ask(Command('AT+CSCS="GSM"'))
        return answer

    async def cancel(self) -> None:
        """End the session; an error is no failure when there is none (oFono does the same)."""
        self._close()
        await self._ask(Command(CANCEL))

    def hear_error(self, final: Final) -> bool:
        """Take an error that comes after the OK of a request; False when none is awaited."""
        session = self._session
        if final.ok or session is None or session.state not in _UNANSWERED:
            return False
        self._after(session, session.feed(UssdEvent.REFUSED, final.text))
        return True

    def hear(self, urc: Urc) -> bool:
        """Take an event; False when it is not about USSD."""
        if not isinstance(urc, UssdReply):
            return False
        if self._session is None:  # a text that the network sends by itself
            session = UssdSession()
            session.reply(urc)
            if session.text:
                self._emit(UssdHeard(UssdState.ENDED, session.text))
        else:
            self._after(self._session, self._session.reply(urc))
        return True

    def _after(self, session: UssdSession, state: UssdState) -> None:
        """Tell what came of an event, and wait for the next as long as the state allows."""
        if self._session is not session:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if state in _TOLD:
            self._emit(UssdHeard(state, session.text, session.reason))
        if session.wait_s is None:
            self._session = None
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(session.wait_s, self._time_out, session)

    def _time_out(self, session: UssdSession) -> None:
        self._spawn(self._give_up())  # before anybody hears: the next request must come behind it
        self._after(session, session.feed(UssdEvent.TIMED_OUT, "the network did not answer"))

    async def _give_up(self) -> None:
        await self._ask(Command(CANCEL))

    def _close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._session, self._timer = None, None
