"""USSD through the gateway: one session a line, its words told as events.

What the gateway itself asks a carrier goes the same way, as a private session: its words are told
to whoever opened it and to nobody else, and no other session begins on the line meanwhile.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from drivers.facts import UssdHeard
from drivers.ussd import UssdRefused
from edge.journal import Journal
from edge.lines import Line
from edge.outcome import Outcome, refuse
from modem.ussd import UssdState as ModemState
from mqtt.messages import Ussd, UssdEvent
from mqtt.topics import USSD
from mqtt.vocabulary import Reason, Result, UssdState

log = logging.getLogger(__name__)

_STATES = {
    ModemState.MENU: UssdState.MENU,
    ModemState.ENDED: UssdState.REPLY,
    ModemState.FAILED: UssdState.FAILED,
}
_TEXT_MAX = 1024
_GONE = "the modem went away"

Hear = Callable[[UssdHeard], None]


@dataclass(frozen=True, slots=True)
class _Session:
    session_id: str
    cmd_id: str | None


def _as_it_is(text: str) -> str:
    return text


def _unheard(line: Line, text: str) -> None:
    """Nobody waits for what the network says by itself."""


class UssdDesk:
    """Sessions by line."""

    def __init__(self, journal: Journal, lines: Callable[[], dict[str, Line]]) -> None:
        self._journal = journal
        self._lines = lines
        self._hide: Callable[[str], str] = _as_it_is
        self._unasked: Callable[[Line, str], None] = _unheard
        self._sessions: dict[str, _Session] = {}
        self._private: dict[str, Hear] = {}

    def listen(self, hide: Callable[[str], str], unasked: Callable[[Line, str], None]) -> None:
        """Mask texts by `hide`; tell what the network says by itself to `unasked`."""
        self._hide, self._unasked = hide, unasked

    def handle(self, command: Ussd) -> Outcome:
        """Start a session, answer its menu, or end it."""
        line = self._lines().get(command.line)
        if line is None:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {command.line}.")
        session = self._sessions.get(line.line)
        if command.session_id and (session is None or session.session_id != command.session_id):
            return refuse(Reason.UNKNOWN_SESSION, "This session is over; start a new one.")
        if command.cancel:
            return self._cancel(line, session)
        if session and not command.session_id:
            return refuse(Reason.LINE_BUSY, "A session is open; answer it by its session_id.", 30)
        return self._obstacle(line) or self._send(line, session, command)

    def _obstacle(self, line: Line) -> Outcome | None:
        """Why nothing can be sent on the line now."""
        if line.line in self._private:
            return refuse(Reason.LINE_BUSY, "The gateway asks the carrier itself; try again.", 30)
        if not line.is_up:
            why = line.state[1] or "it is an analogue one"
            return refuse(Reason.LINE_NOT_READY, f"The line is not ready: {why}.", 10)
        return None

    def is_idle(self, line: Line) -> bool:
        """Whether no session is open on the line."""
        return line.line not in self._private and line.line not in self._sessions

    def open_private(self, line: Line, hear: Hear) -> bool:
        """Give all that the network says on a line to `hear`; False while a session is open."""
        if line.line in self._private or line.line in self._sessions:
            return False
        self._private[line.line] = hear
        return True

    def close_private(self, line: Line) -> None:
        """Let everybody have the line's sessions again."""
        self._private.pop(line.line, None)

    def on_heard(self, line: Line, fact: UssdHeard) -> None:
        """The network said something, asked or not."""
        if hear := self._private.get(line.line):
            hear(fact)
            return
        session = self._sessions.get(line.line)
        self._tell(line, session or _new(None), _STATES[fact.state], fact.text, fact.reason)
        if fact.state is not ModemState.MENU:
            self._sessions.pop(line.line, None)
        if session is None and fact.text:
            self._unasked(line, self._hide(fact.text))

    def tell_unasked(self, line: Line, text: str) -> None:
        """Tell what the network said by itself in the middle of a private session."""
        self._tell(line, _new(None), UssdState.REPLY, text, None)
        self._unasked(line, self._hide(text))

    def on_gone(self, line: Line) -> None:
        """The modem went away with the session."""
        if hear := self._private.get(line.line):
            hear(UssdHeard(ModemState.FAILED, None, _GONE))
        if session := self._sessions.pop(line.line, None):
            self._tell(line, session, UssdState.FAILED, None, _GONE)

    def _send(self, line: Line, session: _Session | None, command: Ussd) -> Outcome:
        session = session or _new(command.id)
        self._sessions[line.line] = session
        text = command.text or ""

        def act() -> None:
            if line.modem:
                line.modem.spawn(self._work(line, session, text))
            else:
                self.on_gone(line)

        return Outcome(
            Result.ACCEPTED,
            session_id=session.session_id,
            act=act,
            undo=lambda: self._forget(line),
        )

    def _cancel(self, line: Line, session: _Session | None) -> Outcome:
        if session is None or line.modem is None:
            return refuse(Reason.UNKNOWN_SESSION, "No session is open on this line.")
        modem = line.modem

        def act() -> None:
            self._sessions.pop(line.line, None)
            self._tell(line, session, UssdState.ENDED, None, "ended by command")
            modem.spawn(modem.ussd.cancel())

        return Outcome(Result.ACCEPTED, session_id=session.session_id, act=act)

    async def _work(self, line: Line, session: _Session, text: str) -> None:
        modem = line.modem
        if modem is None:
            return
        try:
            await modem.ussd.send(text)
        except UssdRefused as error:
            self._sessions.pop(line.line, None)
            self._tell(line, session, UssdState.FAILED, None, str(error))

    def _forget(self, line: Line) -> None:
        self._sessions.pop(line.line, None)

    def _tell(
        self, line: Line, session: _Session, state: UssdState, text: str | None, reason: str | None
    ) -> None:
        event = self._journal.event(
            UssdEvent,
            session_id=session.session_id,
            line=line.line,
            state=state,
            text=self._hide(text)[:_TEXT_MAX] if text else None,
            reason=reason,
            cmd_id=session.cmd_id,
        )
        self._journal.write(self._journal.message(self._journal.topics.of(USSD), event))


def _new(cmd_id: str | None) -> _Session:
    return _Session(f"u-{uuid4().hex}", cmd_id)
