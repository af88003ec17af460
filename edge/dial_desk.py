"""Calls before they are dialled: refused, placed on a line at once, or let wait for one.

A call's intent is on disk before its number reaches a modem.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from math import inf
from typing import Protocol

from config.models import GatewayConfig
from edge import clock
from edge.block import Block
from edge.call_book import CallBook
from edge.call_desk import CallDesk, Lines
from edge.call_queue import EMERGENCY, CallQueue, Waiting
from edge.calls import Call, new_call_id
from edge.candidates import Wanted
from edge.dispatcher import Chosen, Refusal, Wait
from edge.journal import Journal
from edge.lines import Line
from edge.numbers import BadNumber, normalize
from edge.outcome import Outcome, refuse
from edge.placement import Placement, refuse_block, retry_after
from edge.store import Op
from edge.waiting_room import WaitingRoom
from mqtt.messages import AnyCommand, Dial, Why
from mqtt.vocabulary import BridgeOrder, CallState, Cause, Direction, HangupBy, Reason, Result

log = logging.getLogger(__name__)


MODEM_COMES_S = 10.0  # a gateway that has just started may know no line yet
AGENT_THERE = timedelta(seconds=10)  # that an agent waits for a line
NO_VOICE = "The gateway carries no voice: set voice.enabled, or add an extension, in gateway.toml."

# When these end is an estimate: a call may be over sooner, a modem be back.
_GUESSED = frozenset({Reason.LINE_BUSY, Reason.LINE_NOT_READY})


def no_voice(_command: AnyCommand) -> Outcome:
    """What a gateway without voice answers to those who ask for it."""
    return refuse(Reason.NO_VOICE, NO_VOICE)


class Agents(Protocol):
    """Who speaks with callees."""

    def refusal(self, command: Dial) -> Outcome | None:
        """Why what a command asks of voices cannot be."""

    def ring_first(self, call: Call, go: Callable[[], None]) -> None:
        """Ring the agent of a call; `go` when he is there, the end of the call when he is not."""


class DialDesk:
    """Handles `dial` and `why`; from the dial on, a call is the call desk's."""

    def __init__(
        self,
        config: GatewayConfig,
        book: CallBook,
        journal: Journal,
        placement: Placement,
        lines: Lines,
        calls: CallDesk,
        queue: CallQueue,
    ) -> None:
        self._config = config
        self._book = book
        self._journal = journal
        self._placement = placement
        self._lines = lines
        self._calls = calls
        self.agents: Agents | None = None
        self._room = WaitingRoom(
            queue, placement, self._start_queued, self._make_room, self._give_up
        )

    def dial(self, command: Dial) -> Outcome:
        """Place a call at once, or let it wait for a line."""
        try:
            number = normalize(command.to, self._config.gateway.country)
        except BadNumber as error:
            return refuse(Reason.BAD_NUMBER, str(error))
        wanted = self._placement.wanted(number, command)
        if block := self._placement.forbidden(wanted, command.consent):
            return refuse_block(block)
        if no_voice := self._no_voice(command):
            return no_voice
        return self._place(self._make(command, wanted), wanted, command)

    def is_urgent(self, command: AnyCommand) -> bool:
        """Whether a command is a person's call to an emergency service."""
        if not isinstance(command, Dial):
            return False
        try:
            number = normalize(command.to, self._config.gateway.country)
        except BadNumber:
            return False
        return self._placement.wanted(number, command).is_emergency

    def why(self, command: Why) -> Outcome:
        """Tell which line would take a call."""
        try:
            number = normalize(command.to, self._config.gateway.country)
        except BadNumber as error:
            return refuse(Reason.BAD_NUMBER, str(error))
        return self._placement.why(self._placement.wanted(number, command), command.consent)

    def serve_queue(self) -> None:
        """A line may have become free: let the calls that wait have it, soon."""
        self._room.serve_soon()

    # --- inside

    def _place(self, call: Call, wanted: Wanted, command: Dial) -> Outcome:
        self._room.serve_before(_rank(wanted, command.priority))
        match self._placement.choose(wanted):
            case Refusal() as refusal:
                again_s = MODEM_COMES_S if refusal.reason is Reason.NO_LINE else None
                return refuse(refusal.reason, refusal.message, again_s)
            case Wait() as wait if not wanted.is_emergency and (
                not command.wait or _comes_too_late(wait, call)
            ):
                return refuse(wait.block.reason, wait.block.message, retry_after(wait.until))
            case _ if command.bridge and command.bridge.order is BridgeOrder.AGENT_FIRST:
                return self._agent_first(call, wanted, command)
            case Chosen(preempts=False, switch=False) as found:
                return self._place_now(call, self._lines.lines[found.line])
            case found:
                return self._place_later(call, wanted, command.priority, found)

    def _no_voice(self, command: Dial) -> Outcome | None:
        if self.agents:
            return self.agents.refusal(command)
        if command.bridge or command.broadcast or command.record:
            return no_voice(command)
        return None

    def _agent_first(self, call: Call, wanted: Wanted, command: Dial) -> Outcome:
        """Ring the agent; the callee is called once he is there."""
        agents = self.agents
        if agents is None:
            return no_voice(command)
        message, row = self._book.enter(call, CallState.QUEUED)
        return Outcome(
            Result.ACCEPTED,
            call_id=call.call_id,
            messages=(message,),
            facts=(row,),
            act=lambda: agents.ring_first(
                call, lambda: self._agent_there(call, wanted, command.priority)
            ),
            undo=lambda: self._book.forget(call),
        )

    def _agent_there(self, call: Call, wanted: Wanted, priority: int) -> None:
        """The command was taken in time: what the agent needed is not held against it."""
        if call.is_over:
            return
        if self._room.full and not wanted.is_emergency:
            self._give_up(call, "all lines are busy and the queue is full")
            return
        if call.expires_at:
            call.expires_at = max(call.expires_at, clock.now() + AGENT_THERE)
        self._room.add(Waiting(call, wanted, _rank(wanted, priority)))
        self._room.serve()

    def _make(self, command: Dial, wanted: Wanted) -> Call:
        ring_s = min(command.ring_timeout_s, self._config.calls.ring_timeout_s)
        return Call(
            call_id=new_call_id(),
            direction=Direction.OUTGOING,
            number=wanted.to.number,
            state=CallState.QUEUED,
            since=clock.now(),
            cmd_id=command.id,
            purpose=command.purpose,
            consent=command.consent,
            tag=command.tag,
            ring_timeout_s=self._placement.ring_s(wanted, ring_s),
            max_duration_s=_least(command.max_duration_s, self._config.calls.max_call_s),
            is_emergency=wanted.is_emergency,
            expires_at=command.expires_at,
            bridge=command.bridge,
            broadcast=command.broadcast,
            record=command.record,
        )

    def _place_now(self, call: Call, line: Line) -> Outcome:
        reserved = self._reserve(call, line)
        if isinstance(reserved, Block):
            return refuse_block(reserved)
        message, row = self._book.enter(call, CallState.DIALING)
        return Outcome(
            Result.ACCEPTED,
            call_id=call.call_id,
            messages=(message,),
            facts=(row, *reserved),
            act=lambda: self._dial(call, line),
            undo=lambda: self._release(call, line),
        )

    def _place_later(
        self, call: Call, wanted: Wanted, priority: int, found: Wait | Chosen
    ) -> Outcome:
        """Let a call wait for a line, for a SIM to be switched to, or for a call to be ended."""
        if self._room.full and not wanted.is_emergency:
            return refuse(Reason.QUEUE_FULL, "All lines are busy and the queue is full.", 5)
        message, row = self._book.enter(call, CallState.QUEUED)
        self._room.add(Waiting(call, wanted, _rank(wanted, priority)))

        def undo() -> None:
            self._room.remove(call)
            self._book.forget(call)

        return Outcome(
            Result.ACCEPTED,
            call_id=call.call_id,
            wait_s=retry_after(found.until) if isinstance(found, Wait) else None,
            messages=(message,),
            facts=(row,),
            act=self._room.serve,
            undo=undo,
        )

    def _preempt(self, line: Line) -> None:
        """End what is on a line, once, for an emergency call."""
        line.yields = True
        for call in filter(None, (*line.calls.values(), line.reserved)):
            log.warning("call %s gives way to an emergency call", call.call_id)
            self._calls.hang_up(call)

    def _make_room(self, found: Chosen) -> None:
        """Free the line that a call waits for."""
        line = self._lines.lines[found.line]
        if found.preempts:
            self._preempt(line)
        else:
            self._lines.switch_to(line)

    def _start_queued(self, waiting: Waiting, found: Chosen) -> None:
        call, line = waiting.call, self._lines.lines[found.line]
        block = self._placement.forbidden(waiting.wanted, call.consent)
        reserved = block or self._reserve(call, line)
        if isinstance(reserved, Block):
            self._give_up(call, reserved.message)
            return
        message, row = self._book.enter(call, CallState.DIALING)
        done = self._journal.write(message, facts=(row, *reserved))
        done.add_done_callback(lambda future: self._queued_on_disk(call, line, future))

    def _queued_on_disk(self, call: Call, line: Line, done: asyncio.Future[None]) -> None:
        """Dial, unless a broken disk held the intent back until nobody wants the call any more."""
        if done.exception():  # the gateway stops; its next boot closes the call
            self._release(call, line)
        elif not call.is_over and call.expires_at and call.expires_at <= clock.now():
            raw = "the disk took no records before the command expired"
            self._calls.finish(call, Cause.CANCELLED, raw, HangupBy.LOCAL, line)
            line.reserved = None
            self._lines.changed(line)
        else:
            self._dial(call, line)

    def _give_up(self, call: Call, raw: str) -> None:
        """A call that waited is not placed."""
        self._calls.finish(call, Cause.CANCELLED, raw, HangupBy.LOCAL)

    def _reserve(self, call: Call, line: Line) -> tuple[Op, ...] | Block:
        kept = self._placement.reserve(call, line)
        if not isinstance(kept, Block):
            line.reserved = call
            line.last_used = asyncio.get_running_loop().time()
        return kept

    def _release(self, call: Call, line: Line) -> None:
        line.reserved = None
        self._placement.release(call, line)
        self._book.forget(call)

    def _dial(self, call: Call, line: Line) -> None:
        """The intent is on disk: dial, unless the call or the line went away meanwhile."""
        try:
            if not call.is_over:
                self._calls.dial(call, line)
        finally:
            line.reserved = None
            self._lines.changed(line)


def _rank(wanted: Wanted, priority: int) -> int:
    """Where a call waits: one for help goes before all others."""
    return EMERGENCY if wanted.is_emergency else priority


def _comes_too_late(wait: Wait, call: Call) -> bool:
    """Whether the command will surely expire before a line may take its call."""
    after_s = retry_after(wait.until)
    return after_s is not None and wait.block.reason not in _GUESSED and after_s > _left_s(call)


def _left_s(call: Call) -> float:
    """Seconds until the command expires."""
    return (call.expires_at - clock.now()).total_seconds() if call.expires_at else inf


def _least(one: float | None, other: float | None) -> float | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
