"""Calls from wish to end: placed on a line or queued for one, followed, answered, hung up.

A call's intent is on disk before its number reaches a modem. What becomes of it goes to the book.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from config.models import GatewayConfig
from config.profiles import Quirk
from drivers.call_control import CallRefused
from drivers.facts import CallChanged, DigitHeard
from edge import clock
from edge.call_book import CallBook
from edge.calls import Call
from edge.dispatcher import CallQueue, Chosen, Refusal, choose
from edge.journal import Journal
from edge.lines import COOL_S, Line
from edge.numbers import BadNumber, normalize
from edge.outcome import Outcome, refuse
from modem.calls import CallState as ModemState
from modem.calls import Direction as ModemDirection
from modem.causes import Cause as ModemCause
from mqtt.messages import Answer, Dial, Dtmf, Hangup
from mqtt.vocabulary import (
    AnswerEvidence,
    CallState,
    Cause,
    Direction,
    HangupBy,
    Reason,
    Result,
)

log = logging.getLogger(__name__)

END_S = 3.0  # for modems to end their calls when the gateway stops

_STATES = {
    ModemState.ALERTING: CallState.ALERTING,
    ModemState.INCOMING: CallState.ALERTING,
    ModemState.WAITING: CallState.WAITING,
    ModemState.ACTIVE: CallState.ANSWERED,
    ModemState.HELD: CallState.HELD,
    ModemState.RELEASED: CallState.ENDED,
}
_BY_REMOTE = frozenset({Cause.NORMAL, Cause.BUSY, Cause.REJECTED})


class CallDesk:
    """Decides about calls. `lines` gives those there are; `changed` is told which to show."""

    def __init__(
        self,
        config: GatewayConfig,
        book: CallBook,
        journal: Journal,
        lines: Callable[[], dict[str, Line]],
        changed: Callable[[Line], None],
    ) -> None:
        self._config = config
        self._book = book
        self._journal = journal
        self._lines = lines
        self._changed = changed
        self._queue = CallQueue(config.dispatcher.queue_limit)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._expiry: asyncio.TimerHandle | None = None

    # --- commands

    def dial(self, command: Dial) -> Outcome:
        """Place a call at once, or let it wait for a line."""
        try:
            number = normalize(command.to, self._config.gateway.country)
        except BadNumber as error:
            return refuse(Reason.BAD_NUMBER, str(error))
        call = self._make(command, number)
        found = self._choose(command.line)
        if isinstance(found, Refusal):
            return refuse(found.reason, found.message)
        if isinstance(found, Chosen):
            return self._place_now(call, self._lines()[found.line])
        if self._queue.full:
            return refuse(Reason.QUEUE_FULL, "All lines are busy and the queue is full.", 5)
        return self._place_later(call, command.line)

    def hangup(self, command: Hangup) -> Outcome:
        """End a call in whichever state it is."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        return Outcome(Result.ACCEPTED, call_id=call.call_id, act=lambda: self._hang_up(call))

    def answer(self, command: Answer) -> Outcome:
        """Take an incoming call."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        waits = call.state in {CallState.ALERTING, CallState.WAITING}
        if call.direction is not Direction.INCOMING or not waits:
            return refuse(Reason.WRONG_STATE, f"The call is {call.state}; there is none to answer.")
        return Outcome(Result.ACCEPTED, call_id=call.call_id, act=lambda: self._answer(call))

    def dtmf(self, command: Dtmf) -> Outcome:
        """Send digits into an answered call."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        if call.state is not CallState.ANSWERED:
            return refuse(Reason.WRONG_STATE, f"The call is {call.state}; digits need it answered.")
        return Outcome(
            Result.ACCEPTED, call_id=call.call_id, act=lambda: self._dtmf(call, command.digits)
        )

    # --- facts

    def on_call(self, line: Line, fact: CallChanged) -> None:
        """A modem reported something of a call."""
        call = line.calls.get(fact.call.key) or self._incoming(line, fact)
        if call is None or call.is_over:
            return
        state = _STATES.get(fact.call.state)
        if state is CallState.ENDED:
            self._ended(line, call, fact)
        elif state and call.may_enter(state):
            self._tell(call, state, line)
        elif fact.call.number and not call.number:
            call.number = fact.call.number

    def on_digit(self, line: Line, fact: DigitHeard) -> None:
        """The far end pressed a key."""
        if call := line.live_call:
            self._book.tell_digit(call, fact.digit)

    async def end_all(self) -> None:
        """Hang up every call before the gateway stops, and wait a moment for their ends."""
        for call in tuple(self._book.live.values()):
            self._hang_up(call)
        try:
            async with asyncio.timeout(END_S):
                await self._book.none_live()
        except TimeoutError:
            log.warning("%d calls did not end in time", len(self._book.live))

    def serve_queue(self) -> None:
        """A line may have become free: let the calls that wait have it."""
        for call, wanted in self._queue.waiting():
            found = self._choose(wanted)
            if isinstance(found, Chosen):
                self._queue.remove(call.call_id)
                self._start_queued(call, self._lines()[found.line])
        self._arm_expiry()

    # --- inside

    def _make(self, command: Dial, number: str) -> Call:
        at = clock.now()
        return Call(
            direction=Direction.OUTGOING,
            number=number,
            state=CallState.QUEUED,
            since=at,
            cmd_id=command.id,
            purpose=command.purpose,
            tag=command.tag,
            ring_timeout_s=min(command.ring_timeout_s, self._config.calls.ring_timeout_s),
            max_duration_s=_least(command.max_duration_s, self._config.calls.max_call_s),
            expires_at=command.expires_at,
        )

    def _choose(self, wanted: str | None) -> Any:
        now = asyncio.get_running_loop().time()
        candidates = (line.candidate(now) for line in self._lines().values())
        return choose(wanted, candidates, self._config.dispatcher.policies)

    def _place_now(self, call: Call, line: Line) -> Outcome:
        self._reserve(call, line)
        message, row = self._book.enter(call, CallState.DIALING)
        return Outcome(
            Result.ACCEPTED,
            call_id=call.call_id,
            messages=(message,),
            facts=(row,),
            act=lambda: self._dial(call, line),
            undo=lambda: self._release(call, line),
        )

    def _place_later(self, call: Call, wanted: str | None) -> Outcome:
        message, row = self._book.enter(call, CallState.QUEUED)
        self._queue.add(call, wanted)

        def undo() -> None:
            self._queue.remove(call.call_id)
            self._book.forget(call)

        return Outcome(
            Result.ACCEPTED,
            call_id=call.call_id,
            messages=(message,),
            facts=(row,),
            act=self.serve_queue,
            undo=undo,
        )

    def _start_queued(self, call: Call, line: Line) -> None:
        self._reserve(call, line)
        message, row = self._book.enter(call, CallState.DIALING)
        done = self._journal.write(message, facts=(row,))
        done.add_done_callback(lambda future: self._queued_on_disk(call, line, future))

    def _queued_on_disk(self, call: Call, line: Line, done: asyncio.Future[None]) -> None:
        """Dial, unless a broken disk held the intent back until nobody wants the call any more."""
        if done.exception():  # the gateway stops; its next boot closes the call
            self._release(call, line)
        elif not call.is_over and call.expires_at and call.expires_at <= clock.now():
            line.reserved = False
            raw = "the disk took no records before the command expired"
            self._finish(call, Cause.CANCELLED, raw, HangupBy.LOCAL)
            self._changed(line)
        else:
            self._dial(call, line)

    def _reserve(self, call: Call, line: Line) -> None:
        line.reserved = True
        line.last_used = asyncio.get_running_loop().time()
        line.calls_made += 1
        call.line, call.sim = line.line, line.iccid

    def _release(self, call: Call, line: Line) -> None:
        line.reserved = False
        self._book.forget(call)

    def _dial(self, call: Call, line: Line) -> None:
        """The intent is on disk: dial, unless the call or the line went away meanwhile."""
        line.reserved = False
        if call.is_over:
            self._changed(line)
            return
        if line.modem is None:
            self._finish(call, Cause.LOST, "the modem went away", HangupBy.NETWORK)
            return
        key = line.modem.calls.place(call.number)
        line.calls[key] = call
        self._time_out(call, call.ring_timeout_s, Cause.NO_ANSWER)
        self._changed(line)

    def _incoming(self, line: Line, fact: CallChanged) -> Call | None:
        """A call from outside begins: one that is over at once was one too."""
        if fact.call.direction is not ModemDirection.INCOMING:
            return None
        waiting = fact.call.state is ModemState.WAITING
        state = CallState.WAITING if waiting else CallState.ALERTING
        call = Call(
            direction=Direction.INCOMING,
            number=(fact.call.number or "")[:32],
            state=state,
            since=clock.now(),
            line=line.line,
            sim=line.iccid,
            max_duration_s=self._config.calls.max_call_s,
        )
        line.calls[fact.call.key] = call
        self._tell(call, state, line)
        return call

    def _tell(self, call: Call, state: CallState, line: Line) -> None:
        if state is CallState.ANSWERED and call.answered_at is None:
            call.answer_evidence = _evidence(call, line)
            if call.max_duration_s:
                self._time_out(call, call.max_duration_s, None)
            else:
                self._stop_timer(call)
        self._book.tell(call, state)
        self._changed(line)

    def _ended(self, line: Line, call: Call, fact: CallChanged) -> None:
        line.calls.pop(fact.call.key, None)
        cause = Cause(fact.cause or ModemCause.NETWORK_ERROR)
        if call.forced_cause and cause is Cause.CANCELLED:
            cause = call.forced_cause
        by = _hangup_by(call, cause, by_us=fact.by_us)
        loop = asyncio.get_running_loop()
        line.cool_until = loop.time() + COOL_S
        loop.call_later(COOL_S, self.serve_queue)
        self._finish(call, cause, fact.raw_cause, by, line)
        self._changed(line)

    def _finish(
        self, call: Call, cause: Cause, raw: str | None, by: HangupBy, line: Line | None = None
    ) -> None:
        self._stop_timer(call)
        self._book.finish(call, cause, raw, by, line)

    def _hang_up(self, call: Call) -> None:
        if call.is_over:
            return
        if call.state is CallState.QUEUED:
            self._queue.remove(call.call_id)
            self._finish(call, Cause.CANCELLED, None, HangupBy.LOCAL)
        elif (line := self._line_of(call)) and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.hang_up(key)))
        else:  # between choice and dial: `_dial` sees that it is over
            self._finish(call, Cause.CANCELLED, None, HangupBy.LOCAL)

    def _answer(self, call: Call) -> None:
        line = self._line_of(call)
        if line and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.answer(key)))

    def _dtmf(self, call: Call, digits: str) -> None:
        line = self._line_of(call)
        if line and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.dtmf(key, digits)))

    def _line_of(self, call: Call) -> Line | None:
        return self._lines().get(call.line or "")

    def _time_out(self, call: Call, seconds: float, cause: Cause | None) -> None:
        self._stop_timer(call)
        loop = asyncio.get_running_loop()
        self._timers[call.call_id] = loop.call_later(seconds, self._overdue, call, cause)

    def _stop_timer(self, call: Call) -> None:
        if timer := self._timers.pop(call.call_id, None):
            timer.cancel()

    def _overdue(self, call: Call, cause: Cause | None) -> None:
        self._timers.pop(call.call_id, None)
        call.forced_cause = cause
        self._hang_up(call)

    def _arm_expiry(self) -> None:
        if self._expiry:
            self._expiry.cancel()
            self._expiry = None
        if due := self._queue.next_expiry():
            delay = max(0.0, (due - clock.now()).total_seconds())
            self._expiry = asyncio.get_running_loop().call_later(delay, self._expire)

    def _expire(self) -> None:
        for call in self._queue.overdue(clock.now()):
            self._queue.remove(call.call_id)
            raw = "no line became free before the command expired"
            self._finish(call, Cause.CANCELLED, raw, HangupBy.LOCAL)
        self._arm_expiry()


async def _ignore_refusal(work: Any) -> None:
    """The modem says no because the call is over already: its end is told anyway."""
    try:
        await work
    except CallRefused as error:
        log.info("%s", error)


def _unknown(call_id: str) -> Outcome:
    return refuse(Reason.UNKNOWN_CALL, f"There is no live call {call_id}; it may have ended.")


def _evidence(call: Call, line: Line) -> AnswerEvidence:
    lies = line.modem is not None and line.modem.family.has(Quirk.ACTIVE_AT_RINGBACK)
    outgoing = call.direction is Direction.OUTGOING
    return AnswerEvidence.UNKNOWN if lies and outgoing else AnswerEvidence.NETWORK


def _hangup_by(call: Call, cause: Cause, *, by_us: bool) -> HangupBy:
    if by_us:
        return HangupBy.LOCAL
    if cause is Cause.LOST:
        return HangupBy.UNKNOWN
    missed = cause is Cause.NO_ANSWER and call.direction is Direction.INCOMING
    return HangupBy.REMOTE if missed or cause in _BY_REMOTE else HangupBy.NETWORK


def _least(one: float | None, other: float | None) -> float | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
