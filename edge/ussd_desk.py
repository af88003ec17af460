"""USSD through the gateway: one session a line, its words told as events."""

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
from mqtt.vocabulary import LineState, Reason, Result, UssdState

log = logging.getLogger(__name__)

_STATES = {
    ModemState.MENU: UssdState.MENU,
    ModemState.ENDED: UssdState.REPLY,
    ModemState.FAILED: UssdState.FAILED,
}
_TEXT_MAX = 1024


@dataclass(frozen=True, slots=True)
class _Session:
    session_id: str
    cmd_id: str | None


class UssdDesk:
    """Sessions by line."""

    def __init__(self, journal: Journal, lines: Callable[[], dict[str, Line]]) -> None:
        self._journal = journal
        self._lines = lines
        self._sessions: dict[str, _Session] = {}

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
        if line.state[0] not in {LineState.READY, LineState.BUSY}:
            return refuse(Reason.LINE_NOT_READY, f"The line is not ready: {line.state[1]}.", 10)
        return self._send(line, session, command)

    def on_heard(self, line: Line, fact: UssdHeard) -> None:
        """The network said something, asked or not."""
        session = self._sessions.get(line.line) or _new(None)
        self._tell(line, session, _STATES[fact.state], fact.text, fact.reason)
        if fact.state is not ModemState.MENU:
            self._sessions.pop(line.line, None)

    def on_gone(self, line: Line) -> None:
        """The modem went away with the session."""
        if session := self._sessions.pop(line.line, None):
            self._tell(line, session, UssdState.FAILED, None, "the modem went away")

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
            text=text[:_TEXT_MAX] if text else None,
            reason=reason,
            cmd_id=session.cmd_id,
        )
        self._journal.write(self._journal.message(self._journal.topics.of(USSD), event))


def _new(cmd_id: str | None) -> _Session:
    return _Session(f"u-{uuid4().hex}", cmd_id)
