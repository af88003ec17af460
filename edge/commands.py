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
    """Reads commands, runs them once, answers them; `desks` says who handles which."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        fleet: Fleet,
        book: CallBook,
        status_of: Callable[[FleetLine], LineStatus],
        desks: Mapping[type[AnyCommand], Handler],
    ) -> None:
        self._store = store
        self._journal = journal
        self._fleet = fleet
        self._book = book
        self._status_of = status_of
        self._running: dict[str, asyncio.Future[Reply]] = {}
        self._answered: dict[int, int] = {}  # hash of an id -> the number of its answer on disk
        self._last_number = 0
        own: dict[type[AnyCommand], Handler] = {Line: self._line, Sync: self._sync}
        self._handlers = {**desks, **own}

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
            self._journal.write(self._message(self._refusal(command), back))
        elif len(self._running) >= MAX_RUNNING:
            busy = refuse(Reason.QUEUE_FULL, "Too many commands at once; send it again.", 1)
            self._journal.tell_now(self._message(self._reply(command, busy), back))
        else:
            await self._once(command, back)

    async def from_socket(self, verb: str, payload: bytes) -> Reply:
        """Run a command of this machine and give its answer."""
        command = parse_command(verb, payload)
        if isinstance(command, Refusal):
            return self._refusal(command)
        return await self._once(command, None)

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
                self._journal.write(self._message(known, back))
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
        outcome = self._outcome(command)
        reply = self._reply(command, outcome)
        answer = (self._message(reply, back),) if back else ()
        self._last_number = number = self._last_number + 1
        values = (number, command.id, clock.now().timestamp(), reply.encode())
        row = Op("INSERT INTO answer VALUES (?, ?, ?, ?)", values)
        try:
            await self._journal.write(
                *answer, *outcome.messages, facts=(row, *outcome.facts), keep=False
            )
        except StoreError:
            if outcome.undo:
                outcome.undo()
            return self._without_disk(command, back)
        self._answered[hash(command.id)] = number
        if outcome.act:
            outcome.act()
        return reply

    def _without_disk(self, command: AnyCommand, back: ReturnAddress | None) -> Reply:
        """Answer while nothing can be recorded: a call may be ended, the state may be asked."""
        harmless = isinstance(command, Hangup | Sync | Why)
        outcome = self._outcome(command) if harmless else refuse(Reason.STORAGE_FAILED, _DISK, 30)
        if outcome.act:
            outcome.act()
        reply = self._reply(command, outcome)
        if back:
            self._journal.tell_now(self._message(reply, back))
        return reply

    def _outcome(self, command: AnyCommand) -> Outcome:
        now = clock.now()
        if command.expires_at is not None and not clock.is_set(now):
            return refuse(
                Reason.CLOCK_NOT_SET, "The gateway's clock is not set yet; try again soon.", 30
            )
        if command.expires_at is not None and command.expires_at <= now:
            return refuse(Reason.EXPIRED, "The command came after its expires_at; send a new one.")
        return self._handlers[type(command)](command)

    # --- verbs of its own

    def _line(self, command: Line) -> Outcome:
        line = self._fleet.lines.get(command.line)
        if line is None:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {command.line}.")
        if command.action is LineAction.SWITCH_SIM and command.slot is None:
            return refuse(Reason.BAD_REQUEST, "Say which slot: add slot, counted from 1.")
        if line.calls and command.action in {LineAction.RESET, LineAction.SWITCH_SIM}:
            return refuse(Reason.LINE_BUSY, "A call is on the line; end it first.", 30)
        if not self._fleet.act(line, command.action, command.slot):
            return refuse(Reason.LINE_NOT_READY, "The line has no modem that can do it.")
        return Outcome(Result.DONE)

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

    def _message(self, reply: Reply, back: ReturnAddress) -> Message:
        return Message(back.topic, reply.encode(), back.correlation)

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


_DISK = "The gateway's disk is full or broken, so nothing can be recorded; free some space."
