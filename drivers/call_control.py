"""Calls on one modem: dial, answer, hang up, and what the modem reports of them.

The modem's URCs tell of call states. Where a profile says that there are none, AT+CLCC is asked
while a call is being set up; slowly, it is asked of every modem while a call lives, so that a call
whose end was never told does not live for ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace

from config.profiles import CallReports
from drivers.facts import CallChanged, DigitHeard, Fact
from drivers.families.generic import Generic
from modem.at.command import Answer, Command, Priority
from modem.at.final import Final, FinalKind
from modem.call_urcs import (
    Alerting,
    CallEnded,
    CallerId,
    CallWaiting,
    Connected,
    Dtmf,
    MissedCall,
    Originated,
    Ring,
    VoiceCall,
)
from modem.calls import CallInfo, CallState, Direction, parse_calls
from modem.callstate import CallTable, TrackedCall
from modem.causes import (
    Cause,
    cause_of_final,
    cause_of_network,
    cause_of_report,
    parse_ceer,
)
from modem.errors import ParseError
from modem.urc import Urc

log = logging.getLogger(__name__)

SETUP_POLL_S = 0.5  # as oFono asks
WATCH_POLL_S = 10.0  # a guard against an end that was never told
ECHO_S = 1.0  # a modem may tell one end three times, the last time after the next call began
LIST_AGAIN_S = 0.2  # a call that was only just dialled may be missing in one list
RING_PAUSE_S = 0.3  # +CLIP follows the first RING within this, or not before the second

_IN_SETUP = frozenset({CallState.DIALING, CallState.ALERTING})

_PROGRESS: dict[type[Originated | Alerting | Connected], CallState] = {
    Originated: CallState.DIALING,
    Alerting: CallState.ALERTING,
    Connected: CallState.ACTIVE,
}

Ask = Callable[[Command], Awaitable[Answer]]


class CallRefused(Exception):  # noqa: N818 - an answer, not a mistake
    """The modem does not do it; the text is what it said."""


@dataclass(slots=True)
class _Reason:
    """Why a call ends, as far as it was told."""

    cause: Cause | None = None
    raw: str | None = None
    by_us: bool = False


class CallControl:
    """The calls of one modem. Facts go to `emit` in order; `spawn` starts a task of the modem's."""

    def __init__(
        self,
        ask: Ask,
        family: Generic,
        emit: Callable[[Fact], None],
        spawn: Callable[[Coroutine[None, None, None]], object],
        set_up: Callable[..., None],
    ) -> None:
        self._ask = ask
        self._family = family
        self._emit = emit
        self._spawn = spawn
        self._set_up = set_up
        self._table = CallTable()
        self._reasons: dict[int, _Reason] = {}
        self._unnamed: dict[int, asyncio.TimerHandle] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = self._look_at = 0.0
        self._listing = False
        self._doubt = False
        self._setting_up = False
        self._ended_at = -ECHO_S
        self._ends = 0

    @property
    def live(self) -> list[TrackedCall]:
        """Calls that are not over."""
        return list(self._table)

    def place(self, number: str) -> int:
        """Dial a voice call now; gives our key. What becomes of it comes as facts, never before."""
        call = self._table.dial(number)
        self._reasons[call.key] = _Reason()
        asked = self._ask(Command(f"ATD{number};", call=True, priority=Priority.CALL))
        self._note_set_up()
        self._watch()
        self._spawn(self._dialed(call.key, asked))
        return call.key

    async def answer(self, key: int) -> None:
        """Take a ringing or waiting call; raises CallRefused."""
        call = self._call(key)
        waiting = call.state is CallState.WAITING
        text = "AT+CHLD=2" if waiting else "ATA"
        answer = await self._ask(Command(text, call=not waiting, priority=Priority.CALL))
        if not answer.ok:
            if answer.final:
                self.hear_final(answer.final)  # NO CARRIER: the caller left meanwhile
            raise CallRefused(answer.reason)
        self._apply(self._table.connect(key))
        if waiting:
            await self._list()  # it tells what became of the other call

    async def hang_up(self, key: int) -> None:
        """End a call. An error is no failure when the call is gone already."""
        call = self._call(key)
        self._reasons.setdefault(key, _Reason()).by_us = True
        if len(self._table) > 1 and call.index is None:
            await self._list()  # to learn which of them it is
            call = self._call(key)
        one = self._family.end_one(call) if len(self._table) > 1 else None
        for text in [one] if one else self._family.end_all():
            answer = await self._ask(Command(text, priority=Priority.HANGUP))
            if answer.ok or not self._table.get(key):
                break
        if self._table.get(key) and not await self._list(until_gone=True) and answer.ok:
            self._apply(self._table.end(key))  # no list tells, so the modem's OK must do

    async def dtmf(self, key: int, digits: str) -> None:
        """Send digits one by one; raises CallRefused with the first that does not go."""
        for digit in digits:
            text = self._family.dtmf(digit, self._call(key))
            if text is None or not (await self._ask(Command(text, priority=Priority.CALL))).ok:
                raise CallRefused(f"the modem does not send {digit}")

    async def _dialed(self, key: int, asked: Awaitable[Answer]) -> None:
        answer = await asked
        if answer.ok or not self._table.get(key):
            return
        if answer.final is None and self._reasons[key].by_us:
            return  # not even broken off: the hang-up that comes next ends it
        self._explain(key, answer.final)
        self._apply(self._table.end(key))
        if answer.final is None:
            await self._end_all()

    async def clear(self) -> None:
        """End what an earlier owner of the modem left behind."""
        listed = await self._ask_list()
        if listed and any(info.state is not CallState.RELEASED for info in listed):
            await self._end_all()

    async def _end_all(self) -> None:
        for text in self._family.end_all():
            if (await self._ask(Command(text, priority=Priority.HANGUP))).ok:
                break

    def lose_all(self, reason: str) -> None:
        """The modem is gone."""
        for call in self._table:
            self._reasons[call.key] = _Reason(Cause.LOST, reason)
        self._apply(self._table.end_all())

    def hear(self, urc: Urc) -> bool:
        """Take an event; False when it is none about calls."""
        match urc:
            case CallInfo() if urc.is_voice:
                self._apply(self._table.see(urc))
            case Originated() | Alerting() | Connected():
                self._apply(self._table.progress(urc.index, _PROGRESS[type(urc)]))
            case CallEnded():
                self._huawei_end(urc)
            case Ring() if urc.type in {None, "VOICE"}:
                self._apply(self._table.ring())
            case CallerId():
                self._apply(self._table.ring(urc.number))
            case CallWaiting():
                self._apply(self._table.wait(urc.number))
            case VoiceCall(begin=True):
                self._voice_begins()
            case VoiceCall() | MissedCall():
                self._unnamed_end()
            case Dtmf():
                self._emit(DigitHeard(urc.digit))
            case _:
                return isinstance(urc, CallInfo | Ring)
        return True

    def hear_final(self, final: Final) -> bool:
        """Take NO CARRIER, BUSY and the like that no command waited for."""
        if not final.ends_call:
            return False
        if final.ok:
            self._doubt = True  # CONNECT: a call was answered, the list tells which
            self._watch()
        else:
            self._unnamed_end(final)
        return True

    def _unnamed_end(self, final: Final | None = None) -> None:
        """One call ended, or one that is over is told again: when in doubt, a list tells."""
        echo = asyncio.get_running_loop().time() - self._ended_at < ECHO_S
        for key in self._reasons if final else ():
            if not echo or self._table.get(key) is None:  # its cause is being asked
                self._explain(key, final)
        if not echo:
            self._apply(self._table.end_only())
        if len(self._table):
            self._doubt = True
            self._watch()

    def _call(self, key: int) -> TrackedCall:
        call = self._table.get(key)
        if call is None:
            raise CallRefused("the call is over")
        return call

    def _voice_begins(self) -> None:
        for call in self._table:
            if call.state in _IN_SETUP or call.state is CallState.INCOMING:
                self._apply(self._table.connect(call.key))
                return

    def _huawei_end(self, urc: CallEnded) -> None:
        for call in self._table:
            if call.index in {urc.index, None}:
                reason = self._reasons.setdefault(call.key, _Reason())
                if urc.cause is not None:
                    reason.cause = reason.cause or cause_of_network(urc.cause)
                    reason.raw = reason.raw or f"cause {urc.cause}"
                self._apply(self._table.end(call.key))
                return

    def _explain(self, key: int, final: Final | None) -> None:
        """An explicit word about the end wins over all that comes later."""
        reason = self._reasons[key]
        if final is None:
            reason.raw = reason.raw or "no answer from the modem"
        elif final.kind is not FinalKind.NO_CARRIER:
            reason.cause = reason.cause or cause_of_final(final)
            reason.raw = reason.raw or final.text

    def _apply(self, changed: list[TrackedCall]) -> None:
        for call in changed:
            if call.is_over:
                self._over(call)
            elif call.state is CallState.INCOMING and not call.number:
                self._await_number(call)
            else:
                self._tell(call)
        if changed:
            self._note_set_up()
            self._watch()

    def _note_set_up(self) -> None:
        """Let the port know when set-ups begin and end."""
        under_way = any(call.state in _IN_SETUP for call in self._table)
        if under_way is not self._setting_up:
            self._setting_up = under_way
            self._set_up(under_way=under_way)

    def _await_number(self, call: TrackedCall) -> None:
        """RING came: wait for the +CLIP behind it before the call is told."""
        if call.key not in self._unnamed:
            loop = asyncio.get_running_loop()
            self._unnamed[call.key] = loop.call_later(RING_PAUSE_S, self._tell, call)

    def _tell(self, call: TrackedCall) -> None:
        if timer := self._unnamed.pop(call.key, None):
            timer.cancel()
        self._emit(CallChanged(call))

    def _over(self, call: TrackedCall) -> None:
        self._ended_at = asyncio.get_running_loop().time()
        self._ends += 1
        if call.key in self._unnamed:
            self._tell(replace(call, state=CallState.INCOMING))
        reason = self._reasons.setdefault(call.key, _Reason())
        needs_cause = call.direction is Direction.OUTGOING and not call.was_active
        if needs_cause and not reason.by_us and reason.cause is None:
            self._spawn(self._find_cause(call, reason))
        else:
            self._end(call, reason)

    async def _find_cause(self, call: TrackedCall, reason: _Reason) -> None:
        """Ask why a call failed, once; a BUSY that comes meanwhile wins."""
        try:
            text = _read_ceer(await self._ask(Command("AT+CEER", prefixes=("+CEER:",))))
            reason.cause = reason.cause or cause_of_report(text)
            reason.raw = reason.raw or text or None
        finally:  # the end is told even when the modem goes away while it is asked
            self._end(call, reason)

    def _end(self, call: TrackedCall, reason: _Reason) -> None:
        self._reasons.pop(call.key, None)
        cause = reason.cause
        outgoing = call.direction is Direction.OUTGOING
        told = cause not in {None, Cause.NORMAL}  # "normal" says nothing of a call that never was
        if call.was_active and cause is not Cause.LOST:
            cause = Cause.NORMAL
        elif reason.by_us and not told:
            cause = Cause.CANCELLED if outgoing else Cause.REJECTED
        elif not outgoing and not told:
            cause = Cause.NO_ANSWER
        elif cause is None:
            cause = Cause.NETWORK_ERROR
        self._emit(CallChanged(call, cause, reason.raw, reason.by_us))

    def _watch(self) -> None:
        """Have the modem's list asked when nothing is told for a while; at once when in doubt."""
        self._doubt = self._doubt and len(self._table) > 0  # of no call there is none
        patience_s = 0.0 if self._doubt else self._patience_s()
        self._look_at = asyncio.get_running_loop().time() + patience_s
        if self._timer and self._look_at < self._timer_due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and len(self._table) and not self._listing:
            self._arm()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, self._timer_due = loop.call_at(self._look_at, self._look), self._look_at

    def _patience_s(self) -> float:
        polls = self._family.profile.call_reports is CallReports.POLL
        return SETUP_POLL_S if polls and self._setting_up else WATCH_POLL_S

    def _look(self) -> None:
        self._timer = None
        if not len(self._table):
            return
        if asyncio.get_running_loop().time() < self._look_at:  # something was told meanwhile
            self._arm()
            return
        self._listing = True
        doubt, self._doubt = self._doubt, False
        self._spawn(self._check(in_doubt=doubt))

    async def _check(self, *, in_doubt: bool) -> None:
        try:
            await self._list(until_gone=in_doubt)
        finally:
            self._listing = False
        self._watch()

    async def _list(self, *, until_gone: bool = False) -> bool:
        """Hold the table against the modem's list; False when the last answer was no list."""
        listed = None
        for pause in (0.0, LIST_AGAIN_S) if until_gone else (0.0,):
            await asyncio.sleep(pause)
            listed = await self._ask_list()
            if listed is not None:
                self._apply(self._table.listed(listed))
        return listed is not None

    async def _ask_list(self) -> list[CallInfo] | None:
        """Ask for the list; again if a call ended meanwhile: it would come back to life by it."""
        while True:
            ends = self._ends
            listed = _read_list(await self._ask(Command("AT+CLCC", prefixes=("+CLCC:",))))
            if self._ends == ends:
                return listed


def _read_list(answer: Answer) -> list[CallInfo] | None:
    """The voice calls of an answer to AT+CLCC; None when it is not valid."""
    try:
        return parse_calls(answer.lines) if answer.ok else None
    except ParseError as error:
        log.warning("call list not understood: %s", error)
        return None


def _read_ceer(answer: Answer) -> str:
    try:
        return parse_ceer(answer.lines[0]) if answer.lines else ""
    except ParseError:
        return ""
