"""Commands and their answers: one handler behind every door.

The answer to an id is on disk before it is given, together with all that the command changed, and
is given again to the same id for ANSWER_DAYS: a command never acts twice.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge import clock
from edge.call_book import CallBook
from edge.fleet import Fleet
from edge.journal import Journal
from edge.lines import Line as FleetLine
from edge.outbox import Message
from edge.outcome import Outcome, refuse
from edge.store import Op, Store, StoreError
from mqtt import topics
from mqtt.messages import AnyCommand, Hangup, Line, LineStatus, Reply, Snapshot, Sync, Why
from mqtt.parsing import Refusal, parse_command
from mqtt.session import Inbound
from mqtt.vocabulary import LineAction, Reason, Result

log = logging.getLogger(__name__)

ANSWER_DAYS = 1
FORGET_EVERY_S = 3600.0
MAX_RUNNING = 1000  # commands that are read and not answered yet


Handler = Callable[[Any], Outcome]


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where on the broker an answer goes."""

    topic: str
    correlation: bytes | None = None


class Commands:
    """Reads commands, runs them once, answers them; `desks` says who handles which.

    What is `urgent`, a call for help, waits for no clock and no disk.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        fleet: Fleet,
        book: CallBook,
        status_of: Callable[[FleetLine], LineStatus],
        urgent: Callable[[AnyCommand], bool],
        desks: Mapping[type[AnyCommand], Handler],
    ) -> None:
        self._store = store
        self._journal = journal
        self._fleet = fleet
        self._book = book
        self._status_of = status_of
        self._is_urgent = urgent
        self._running: dict[str, asyncio.Future[Reply]] = {}
        self._answered: dict[int, int] = {}  # hash of an id -> the number of its answer on disk
        self._last_number = 0
        self._handlers: dict[type[AnyCommand], Handler] = {**desks, Sync: self._sync}

    async def load(self) -> None:
        """Learn which ids were answered already."""
        rows = await self._store.read("SELECT id, number FROM answer")
        self._answered = {hash(command_id): number for command_id, number in rows}
        self._last_number = max(self._answered.values(), default=0)

    async def from_broker(self, inbound: Inbound) -> None:
        """Run a command of the broker and publish its answer."""
        command = parse_command(inbound.verb, inbound.payload)
        back = self._return_address(inbound, command)
        if isinstance(command, Refusal):
            self._journal.write(_message(self._refusal(command).encode(), back))
        elif len(self._running) >= MAX_RUNNING and not self._is_urgent(command):
            busy = refuse(Reason.QUEUE_FULL, "Too many commands at once; send it again.", 1)
            self._journal.tell_now(_message(self._reply(command, busy).encode(), back))
        else:
            await self._once(command, back)

    async def from_socket(self, verb: str, payload: bytes) -> Reply:
        """Run a command of this machine and give its answer."""
        command = parse_command(verb, payload)
        if isinstance(command, Refusal):
            return self._refusal(command)
        return await self._once(command, None)

    async def order(self, command: AnyCommand) -> Reply:
        """Run a command of the gateway's own: a phone that dials, a callee who wants peace."""
        return await self._once(command, None)

    def serve(self, handlers: Mapping[type[AnyCommand], Handler]) -> None:
        """Have these handlers too."""
        self._handlers.update(handlers)

    async def forget_for_ever(self) -> None:
        """Drop answers that are too old to be asked for."""
        while True:
            oldest = clock.now().timestamp() - ANSWER_DAYS * 86_400
            rows = await self._store.read("SELECT id FROM answer WHERE at < ?", oldest)
            gone = Op("DELETE FROM answer WHERE at < ?", (oldest,))
            await self._store.write(gone, keep=True)
            for (command_id,) in rows:
                self._answered.pop(hash(command_id), None)
            await asyncio.sleep(FORGET_EVERY_S)

    # --- once

    async def _once(self, command: AnyCommand, back: ReturnAddress | None) -> Reply:
        """Run a command, or give the answer that its id got before."""
        known = await self._known(command.id)
        if known is not None:
            if back:
                self._journal.write(_message(known.encode(), back))
            return known
        future = self._running[command.id] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._run(command, back)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # nobody else may be waiting for it
            raise
        else:
            future.set_result(reply)
            return reply
        finally:
            del self._running[command.id]

    async def _known(self, command_id: str) -> Reply | None:
        if running := self._running.get(command_id):
            return await asyncio.shield(running)
        number = self._answered.get(hash(command_id))
        if number is None:
            return None
        rows = await self._store.read(
            "SELECT reply FROM answer WHERE number = ? AND id = ?", number, command_id
        )
        if running := self._running.get(command_id):  # it came twice at once
            return await asyncio.shield(running)
        return Reply.decode(rows[0][0]) if rows else None

    async def _run(self, command: AnyCommand, back: ReturnAddress | None) -> Reply:
        if self._store.failure:
            return self._without_disk(command, back)
        outcome = self._outcome(command, by_owner=back is None)
        reply = self._reply(command, outcome)
        body = reply.encode()
        answer = (_message(body, back),) if back else ()
        row = self._row(command, body)
        try:
            await self._journal.write(
                *answer, *outcome.messages, facts=(row, *outcome.facts), keep=False
            )
        except StoreError:
            if outcome.undo:
                outcome.undo()
            return self._without_disk(command, back)
        if outcome.act:
            outcome.act()
        return reply

    def _row(self, command: AnyCommand, reply: bytes) -> Op:
        """The record of an answer, so that the same id gets it again."""
        self._last_number = number = self._last_number + 1
        self._answered[hash(command.id)] = number
        values = (number, command.id, clock.now().timestamp(), reply)
        return Op("INSERT INTO answer VALUES (?, ?, ?, ?)", values)

    def _without_disk(self, command: AnyCommand, back: ReturnAddress | None) -> Reply:
        """Answer while nothing can be recorded.

        A call may be ended, the state may be asked, and help may be called: what is to be written
        of that call is, when the disk takes it.
        """
        urgent = self._is_urgent(command)
        if urgent or isinstance(command, Hangup | Sync | Why):
            outcome = self._outcome(command, by_owner=back is None)
        else:
            outcome = refuse(Reason.STORAGE_FAILED, _DISK, 30)
        reply = self._reply(command, outcome)
        body = reply.encode()
        if urgent:
            facts = (self._row(command, body), *outcome.facts)
            self._journal.write(*outcome.messages, facts=facts, keep=True)
        if outcome.act:
            outcome.act()
        if back:
            self._journal.tell_now(_message(body, back))
        return reply

    def _outcome(self, command: AnyCommand, *, by_owner: bool) -> Outcome:
        if isinstance(command, Line):
            return self._line(command, by_owner=by_owner)
        late = _too_late(command)
        if late and not self._is_urgent(command):
            return late
        return self._handlers[type(command)](command)

    # --- verbs of its own

    def _line(self, command: Line, *, by_owner: bool) -> Outcome:
        line = self._fleet.lines.get(command.line)
        if line is None:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {command.line}.")
        if command.action is LineAction.SWITCH_SIM and command.slot is None:
            return refuse(Reason.BAD_REQUEST, "Say which slot: add slot, counted from 1.")
        restarts = command.action in {LineAction.RESET, LineAction.SWITCH_SIM}
        if restarts and self._fleet.at_work(line):
            return refuse(Reason.LINE_BUSY, "The line is at work; end that first.", 30)
        if command.action is LineAction.ENABLE and line.taken_out and not by_owner:
            sentence = "Its carrier has barred the SIM: `trunkline line` on the gateway enables it."
            return refuse(Reason.LINE_NOT_READY, sentence)
        act = self._fleet.plan(line, command.action, command.slot, by_owner=by_owner)
        if act is None:
            return refuse(Reason.LINE_NOT_READY, "The line has no modem that can do it.")
        return Outcome(Result.DONE, act=act)

    def _sync(self, _command: Sync) -> Outcome:
        return Outcome(Result.DONE, data=self.snapshot())

    def snapshot(self) -> Snapshot:
        """All lines and live calls, as of the last event."""
        return Snapshot(
            boot_id=self._journal.boot_id,
            seq=self._journal.seq,
            lines=[self._status_of(line) for line in self._fleet.lines.values()],
            calls=[call.live() for call in self._book.live.values()],
        )

    # --- answers

    def _return_address(self, inbound: Inbound, command: AnyCommand | Refusal) -> ReturnAddress:
        """The MQTT 5 response topic, else the one that the command names, else `reply`."""
        named = None if isinstance(command, Refusal) else command.reply_to
        for topic in (inbound.response_topic, named):
            if topic and self._journal.topics.accepts_reply(topic):
                return ReturnAddress(topic, inbound.correlation)
        return ReturnAddress(self._journal.topics.of(topics.REPLY), inbound.correlation)

    def _reply(self, command: AnyCommand, outcome: Outcome) -> Reply:
        return Reply(
            gateway=self._journal.gateway,
            ts=clock.now(),
            id=command.id,
            verb=command.verb,
            result=outcome.result,
            reason=outcome.reason,
            message=outcome.message,
            retry_after_s=outcome.retry_after_s,
            wait_s=outcome.wait_s,
            call_id=outcome.call_id,
            sms_id=outcome.sms_id,
            session_id=outcome.session_id,
            topup_id=outcome.topup_id,
            data=outcome.data,
        )

    def _refusal(self, refusal: Refusal) -> Reply:
        return Reply(
            gateway=self._journal.gateway,
            ts=clock.now(),
            id=refusal.id,
            verb=refusal.verb,
            result=Result.REFUSED,
            reason=refusal.reason,
            message=refusal.message,
        )


def _message(reply: bytes, back: ReturnAddress) -> Message:
    return Message(back.topic, reply, back.correlation)


def _too_late(command: AnyCommand) -> Outcome | None:
    """Why a command may not be run any more, or not yet."""
    now = clock.now()
    if command.expires_at is None:
        return None
    if not clock.is_set(now):
        sentence = "The gateway's clock is not set yet; try again soon."
        return refuse(Reason.CLOCK_NOT_SET, sentence, 30)
    if command.expires_at <= now:
        return refuse(Reason.EXPIRED, "The command came after its expires_at; send a new one.")
    return None


_DISK = "The gateway's disk is full or broken, so nothing can be recorded; free some space."
