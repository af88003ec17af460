"""Calls from the dial to the end: followed, answered, hung up, written into the book."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from config.models import GatewayConfig
from config.profiles import Quirk
from drivers.call_control import CallRefused
from drivers.facts import CallChanged, DigitHeard
from edge import clock
from edge.call_book import CallBook
from edge.call_queue import CallQueue
from edge.calls import Call, new_call_id
from edge.lines import COOL_S, Line
from edge.outcome import Outcome, refuse
from edge.placement import Placement
from modem.calls import CallState as ModemState
from modem.calls import Direction as ModemDirection
from modem.causes import Cause as ModemCause
from mqtt.messages import Answer, CallSound, Dtmf, Hangup, Recorded
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

CUT_AGAIN_S = 5.0  # until a call that should be over is hung up once more
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


class Lines(Protocol):
    """What the desk asks of the lines."""

    lines: dict[str, Line]

    def changed(self, line: Line) -> None:
        """A line must be shown anew."""

    def switch_to(self, line: Line) -> None:
        """Have the modem in which the line's SIM rests use that SIM."""


Close = Callable[[Recorded | None, CallSound | None], None]


class Follower(Protocol):
    """Who carries the sound of calls; each is called on the loop and must be quick."""

    def began(self, call: Call, line: Line) -> None:
        """A call is about to be dialled, or comes in."""

    def entered(self, call: Call, line: Line) -> None:
        """It is in another state."""

    def pressed(self, call: Call, digit: str) -> None:
        """The far end pressed a key."""

    def cut_near(self, call: Call) -> None:
        """It will be cut soon."""

    def over(self, call: Call, cause: Cause, close: Close) -> None:
        """It ended; `close` writes its last word: at once, or when its recording is whole."""


class CallDesk:
    """Follows calls, those that come in too, and ends them."""

    def __init__(
        self,
        config: GatewayConfig,
        book: CallBook,
        placement: Placement,
        lines: Lines,
        queue: CallQueue,
        ended: Callable[[Line, float, Cause], None],
    ) -> None:
        self._max_call_s = config.calls.max_call_s
        self._book = book
        self._placement = placement
        self._lines = lines
        self._queue = queue
        self._on_ended = ended
        self._timers: dict[str, list[asyncio.TimerHandle]] = {}
        self.follower: Follower | None = None

    async def recover(self) -> None:
        """Close what an earlier boot left open."""
        for call in await self._book.left_open():
            if call.answered_at and call.max_duration_s:  # it was cut then, whoever was here
                most = call.answered_at + timedelta(seconds=call.max_duration_s)
                call.ended_at = min(clock.now(), most)
            raw = "the gateway stopped while it lived"
            self.finish(call, Cause.LOST, raw, HangupBy.UNKNOWN)

    # --- commands

    def hangup(self, command: Hangup) -> Outcome:
        """End a call in whichever state it is."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        return Outcome(Result.ACCEPTED, call_id=call.call_id, act=lambda: self.hang_up(call))

    def answer(self, command: Answer) -> Outcome:
        """Take an incoming call."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        waits = call.state in {CallState.ALERTING, CallState.WAITING}
        if call.direction is not Direction.INCOMING or not waits:
            return refuse(Reason.WRONG_STATE, f"The call is {call.state}; there is none to answer.")
        return Outcome(Result.ACCEPTED, call_id=call.call_id, act=lambda: self.take(call))

    def dtmf(self, command: Dtmf) -> Outcome:
        """Send digits into an answered call."""
        call = self._book.live.get(command.call_id)
        if call is None:
            return _unknown(command.call_id)
        if call.state is not CallState.ANSWERED:
            return refuse(Reason.WRONG_STATE, f"The call is {call.state}; digits need it answered.")
        return Outcome(
            Result.ACCEPTED, call_id=call.call_id, act=lambda: self.press(call, command.digits)
        )

    def dial(self, call: Call, line: Line) -> None:
        """Dial a call whose intent is on disk."""
        if line.modem is None:
            self.finish(call, Cause.LOST, "the modem went away", HangupBy.NETWORK, line)
            return
        if self.follower:
            self.follower.began(call, line)
        key = line.modem.calls.place(call.number)
        line.calls[key] = call
        self._time_out(call, call.ring_timeout_s, Cause.NO_ANSWER)

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
            self._tell(call, state, line, fact.evidence)
        elif fact.call.number and not call.number:
            call.number = fact.call.number

    def on_digit(self, line: Line, fact: DigitHeard) -> None:
        """The far end pressed a key."""
        if call := line.live_call:
            self.hear_digit(call, fact.digit)

    def hear_digit(self, call: Call, digit: str) -> None:
        """The far end of a call pressed a key: its modem said so, or it was heard."""
        self._book.tell_digit(call, digit)
        if self.follower:
            self.follower.pressed(call, digit)

    async def end_all(self) -> None:
        """Hang up every call before the gateway stops, and wait a moment for their ends."""
        for call in tuple(self._book.live.values()):
            self.hang_up(call)
        try:
            async with asyncio.timeout(END_S):
                await self._book.none_live()
        except TimeoutError:
            log.warning("%d calls did not end in time", len(self._book.live))

    # --- inside

    def _incoming(self, line: Line, fact: CallChanged) -> Call | None:
        """A call from outside begins: one that is over at once was one too."""
        if fact.call.direction is not ModemDirection.INCOMING:
            return None
        waiting = fact.call.state is ModemState.WAITING
        state = CallState.WAITING if waiting else CallState.ALERTING
        call = Call(
            call_id=new_call_id(),
            direction=Direction.INCOMING,
            number=(fact.call.number or "")[:32],
            state=state,
            since=clock.now(),
            line=line.line,
            sim=line.iccid,
            max_duration_s=self._max_call_s,
        )
        line.calls[fact.call.key] = call
        self._tell(call, state, line)
        if self.follower:
            self.follower.began(call, line)
        return call

    def _tell(self, call: Call, state: CallState, line: Line, evidence: str | None = None) -> None:
        if state is CallState.ANSWERED and call.answered_at is None:
            call.answer_evidence = AnswerEvidence(evidence) if evidence else _evidence(call, line)
            self._stop_timers(call)
            if call.max_duration_s:
                self._time_out(call, call.max_duration_s, None)
            if call.warn_at_s is not None:
                self._later(call, call.warn_at_s, self._warn)
        self._book.tell(call, state)
        if self.follower:
            self.follower.entered(call, line)
        self._lines.changed(line)

    def _ended(self, line: Line, call: Call, fact: CallChanged) -> None:
        line.calls.pop(fact.call.key, None)
        cause = Cause(fact.cause or ModemCause.NETWORK_ERROR)
        if _is_ours(call, cause):
            cause = call.forced_cause or cause
        by = _hangup_by(call, cause, by_us=fact.by_us)
        loop = asyncio.get_running_loop()
        line.cool_until = loop.time() + COOL_S
        line.yields = line.yields and bool(line.calls)
        loop.call_later(COOL_S, self._lines.changed, line)
        self.finish(call, cause, fact.raw_cause, by, line)
        if call.direction is Direction.OUTGOING:
            self._on_ended(line, call.talk_s, cause)
        self._lines.changed(line)

    def finish(
        self, call: Call, cause: Cause, raw: str | None, by: HangupBy, line: Line | None = None
    ) -> None:
        """Close a call, for good."""
        self._stop_timers(call)
        used = partial(self._placement.settle, call, cause, raw, line)
        close = partial(self._book.finish, call, cause, raw, by, used)
        if self.follower is None:
            close()
            return
        call.closing, call.ended_at = True, call.ended_at or clock.now()
        self.follower.over(call, cause, close)

    def hang_up(self, call: Call) -> None:
        """End a call in whichever state it is; its modem reports the end."""
        if call.is_over:
            return
        if call.state is CallState.QUEUED:
            self._queue.remove(call.call_id)
            self.finish(call, Cause.CANCELLED, None, HangupBy.LOCAL)
        elif (line := self.line_of(call)) and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.hang_up(key)))
        else:  # between choice and dial: `_dial` sees that it is over
            self.finish(call, Cause.CANCELLED, None, HangupBy.LOCAL, line)

    def take(self, call: Call) -> None:
        """Answer an incoming call."""
        line = self.line_of(call)
        if line and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.answer(key)))

    def press(self, call: Call, digits: str) -> None:
        """Send digits into a call."""
        line = self.line_of(call)
        if line and line.modem and (key := line.key_of(call.call_id)):
            line.modem.spawn(_ignore_refusal(line.modem.calls.dtmf(key, digits)))

    def line_of(self, call: Call) -> Line | None:
        """The line that a call is on."""
        return self._lines.lines.get(call.line or "")

    def _time_out(self, call: Call, seconds: float, cause: Cause | None) -> None:
        def overdue(call: Call) -> None:
            call.forced_cause = cause
            self.hang_up(call)
            self._later(call, CUT_AGAIN_S, overdue)  # a modem may refuse; the end stops it

        self._later(call, seconds, overdue)

    def _later(self, call: Call, seconds: float, act: Callable[[Call], None]) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, act, call)
        self._timers.setdefault(call.call_id, []).append(timer)

    def _stop_timers(self, call: Call) -> None:
        for timer in self._timers.pop(call.call_id, ()):
            timer.cancel()

    def _warn(self, call: Call) -> None:
        """Tell that the call will be cut soon; a warning tone follows from it."""
        if call.max_duration_s and call.answered_at and not call.is_over:
            left_s = call.max_duration_s - (clock.now() - call.answered_at).total_seconds()
            self._book.tell_end_near(call, max(0.0, left_s))
            if self.follower:
                self.follower.cut_near(call)


async def _ignore_refusal(work: Any) -> None:
    """The modem says no because the call is over already: its end is told anyway."""
    try:
        await work
    except CallRefused as error:
        log.info("%s", error)


def _is_ours(call: Call, cause: Cause) -> bool:
    """Whether we know better than the modem why the call ended."""
    return cause is Cause.CANCELLED or (
        cause is Cause.NORMAL and call.forced_cause is Cause.ABANDONED
    )


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
