"""Calls on one analogue line. No network tells of them: a judge says what is heard.

    outgoing  SEIZED   off the hook, no dial tone yet     dial tone: dial        -> DIALED
              DIALED   tones of the callee's line         answered               -> TALKING
    incoming           rings (Bell)                       we answer              -> TALKING
    both      TALKING                                     a tone, the loop       -> over

What each verdict does in each phase stands in `drivers.fxo.phases`. A call is told to be over when
the line is on the hook again: only then may the next one begin.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from drivers.call_control import CallRefused
from drivers.facts import CallChanged, DigitHeard, Fact, PhoneLifted
from drivers.families.v253 import V253
from drivers.fxo.bell import Bell
from drivers.fxo.hook import Hook, LineFailed
from drivers.fxo.judge import DIALED, EVIDENCE, TAKEN, JudgeMaker, Verdict
from drivers.fxo.phases import MEANS, Live, Phase
from drivers.fxo.stream import StreamFailed
from modem.at.command import Answer, Command, Priority
from modem.calls import CallInfo, CallState, Direction
from modem.callstate import CallTable, TrackedCall
from modem.causes import Cause, cause_of_final
from modem.v253.stream import Code, Digit

log = logging.getLogger(__name__)

DIAL_TONE_S = 5.0  # until an exchange gives its dial tone; gateways wait 1 to 3 (MP-11x)

Spawn = Callable[[Coroutine[None, None, None]], object]
Send = Callable[[Command], "asyncio.Future[Answer]"]


class FxoCalls:
    """The calls of one modem, as drivers.call_control.CallControl has those of one with a SIM.

    `broken` hears that the modem does not leave a call any more: it must be reset.
    """

    def __init__(
        self,
        hook: Hook,
        family: V253,
        send: Send,
        emit: Callable[[Fact], None],
        spawn: Spawn,
        judge: JudgeMaker,
        broken: Callable[[], None],
    ) -> None:
        self._hook = hook
        self._family = family
        self._send = send
        self._emit = emit
        self._spawn = spawn
        self._judge = judge
        self._broken = broken
        self._table = CallTable()
        self._bell = Bell(self._rings, self._stops_ringing)
        self._live: Live | None = None
        self._turn = asyncio.Lock()
        self._lifted = False  # a parallel phone

    @property
    def live(self) -> list[TrackedCall]:
        """Calls that are not over."""
        return list(self._table)

    # --- what is asked of it

    def place(self, number: str) -> int:
        """Dial a call now; gives our key. What becomes of it comes as facts, never before."""
        call = self._table.dial(number)
        live = Live(call.key, self._judge(), Phase.SEIZED)
        if obstacle := self._obstacle():
            live.cause, live.raw = Cause.NETWORK_ERROR, obstacle
        else:
            self._live = live
        self._spawn(self._dial(live, number))
        return call.key

    async def answer(self, key: int) -> None:
        """Take a ringing call; raises CallRefused."""
        async with self._turn:
            if self._call(key).state is not CallState.INCOMING or self._live:
                raise CallRefused("there is no call to answer")
            self._bell.stop()
            self._live = live = Live(key, self._judge(), Phase.TALKING)
            try:
                await self._hook.lift()
            except (LineFailed, StreamFailed) as error:
                live.cause, live.raw = Cause.NETWORK_ERROR, str(error)
                await self._finish(live)
                raise CallRefused(str(error)) from error
            self._tell(self._table.connect(key))
            self._judge_code(TAKEN)

    async def hang_up(self, key: int) -> None:
        """End a call in whichever state it is; a ringing one is taken and put down."""
        live = self._live if self._live and self._live.key == key else None
        if live is None:
            if self._call(key).direction is Direction.OUTGOING or self._live:
                return  # it never got the line: its end is on its way
            self._bell.stop()
            live = self._live = Live(key, self._judge(), Phase.SEIZED)
        live.by_us = True
        if not live.dial_tone.done():
            live.dial_tone.set_result(None)
        if live.dialing:
            await self._send(Command("ATH", priority=Priority.HANGUP))  # it breaks the dial off
        async with self._turn:
            if (call := self._table.get(key)) and call.state is CallState.INCOMING:
                await self._reject(live)
            await self._finish(live)

    async def dtmf(self, key: int, digits: str) -> None:
        """Send digits; nothing is heard meanwhile. Raises CallRefused."""
        call = self._call(key)
        await self._send_in_call(key, [t for d in digits if (t := self._family.dtmf(d, call))])

    async def turn_round(self, *, speak: bool) -> bool:
        """Let a half duplex modem play, or listen again; False while nobody would hear it."""
        async with self._turn:
            live = self._live
            if live is None or live.phase is not Phase.TALKING or live.ends:
                return False
            try:
                await (self._hook.play() if speak else self._hook.listen())
            except StreamFailed as error:
                self._end(live, Cause.NETWORK_ERROR, str(error))
        return True

    async def clear(self) -> None:
        """Put the line on the hook and make it ready for calls; LineFailed."""
        async with self._turn:
            await self._hook.set_up()

    def lose_all(self, reason: str) -> None:
        """The modem is gone."""
        self._bell.stop()
        self._live = None
        for call in self._table.end_all():
            self._emit(CallChanged(call, Cause.LOST, reason))

    # --- what the modem tells

    def hear_frame(self, frame: bytes) -> None:
        """20 ms of the line."""
        if live := self._live:
            self._rule(live, live.judge.hear(frame, self._now()))

    def hear_event(self, event: Code | Digit) -> None:
        """What stood behind a DLE."""
        match event:
            case Digit() if self._live and self._live.phase is Phase.TALKING:
                self._emit(DigitHeard(event.digit))
            case Digit():
                pass
            case Code(code="R"):
                self._ring()
            case Code(code="P" | "p"):
                self._see_phone(lifted=event.code == "P")
            case Code(code="H" | "h") if (
                self._live is None
            ):  # off the hook it tells our own current
                self._see_phone(lifted=event.code == "H")
            case Code():
                self._judge_code(self._translated(event.code))

    def hear_line(self, text: str) -> None:
        """A line that answered nothing."""
        if text == "RING":
            self._ring()
        elif not self._bell.line(text):
            log.debug("not understood: %s", text)

    def hear_end(self) -> None:
        """The modem ended the voice stream by itself."""
        if self._live:
            self._end(self._live, Cause.NETWORK_ERROR, "the modem ended the voice stream")

    # --- inside: outgoing

    def _obstacle(self) -> str | None:
        if self._lifted:
            return "a parallel phone is off the hook"
        if len(self._table) > 1:
            return "a call came in at the same moment"
        return None

    async def _dial(self, live: Live, number: str) -> None:
        async with self._turn:
            if not live.ends and self._table.get(live.key):
                try:
                    await self._set_up(live, number)
                except (LineFailed, StreamFailed) as error:
                    self._explain(live, Cause.NETWORK_ERROR, str(error))
                except TimeoutError:
                    self._explain(live, Cause.NETWORK_ERROR, "no dial tone")
            if live.cause is not None and not live.by_us:
                await self._finish(live)

    async def _set_up(self, live: Live, number: str) -> None:
        await self._hook.lift()
        async with asyncio.timeout(DIAL_TONE_S):
            await live.dial_tone
        if live.ends:
            return
        live.phase, live.dialing = Phase.DIALED, True
        try:
            answer = await self._hook.dial(number)
        finally:
            live.dialing = False
        if not answer.ok:
            cause = cause_of_final(answer.final) if answer.final else None
            said = answer.reason
            self._explain(live, cause or Cause.NETWORK_ERROR, said)
        else:
            self._judge_code(DIALED)

    # --- inside: incoming

    def _ring(self) -> None:
        if self._live is None:
            self._bell.ring()

    def _rings(self, number: str | None) -> None:
        if self._live is None:
            self._tell(self._table.ring(number))

    def _stops_ringing(self, raw: str | None = None) -> None:
        for call in self._table:
            if call.state is CallState.INCOMING and self._live is None:
                for over in self._table.end(call.key):
                    self._emit(CallChanged(over, Cause.NO_ANSWER, raw))

    def _see_phone(self, *, lifted: bool) -> None:
        if lifted is self._lifted:
            return
        self._lifted = lifted
        self._emit(PhoneLifted(lifted))
        if lifted and self._bell.rings and self._live is None:
            self._bell.stop()
            self._stops_ringing("it was taken on a parallel phone")

    # --- inside: both

    def _translated(self, code: str) -> str:
        """A code as V.253 names it; "" for one that this modem tells without meaning."""
        voice = self._family.voice
        if code == voice.polarity:
            return "L"
        unreliable = {"d": not voice.tells_dial_tone, "l": not voice.tells_loop_cut}
        return "" if unreliable.get(code) else code

    def _judge_code(self, code: str) -> None:
        if code and (live := self._live):
            self._rule(live, live.judge.code(code, self._now()))

    def _rule(self, live: Live, verdict: Verdict | None) -> None:
        """Act on a verdict; the first that ends a call counts."""
        if verdict is None or live.ends:
            return
        match MEANS[live.phase].get(verdict):
            case CallState.DIALING:
                if not live.dial_tone.done():
                    live.dial_tone.set_result(None)
            case CallState.ALERTING:
                alerting = CallInfo(1, Direction.OUTGOING, CallState.ALERTING)
                self._tell(self._table.see(alerting))
            case CallState.ACTIVE:
                live.phase = Phase.TALKING
                self._tell(self._table.connect(live.key), EVIDENCE[verdict])
            case Cause() as cause:
                self._end(live, cause, verdict.value.replace("_", " "))
            case _:
                pass

    def _end(self, live: Live, cause: Cause, raw: str) -> None:
        """Put the line down as soon as nothing else is done with it."""
        if live.ends:
            return
        self._explain(live, cause, raw)
        if live.phase is Phase.SEIZED and not live.dial_tone.done():
            live.dial_tone.set_result(None)  # `_dial` waits for it, and puts the line down itself
        else:
            self._spawn(self._put_down(live))

    async def _put_down(self, live: Live) -> None:
        async with self._turn:
            await self._finish(live)

    async def _finish(self, live: Live) -> None:
        """Put the line on the hook, then tell that the call is over; once."""
        if self._table.get(live.key) is None:
            return
        ours = self._live is live
        try:
            if ours:
                await self._hook.put_down()
        except (LineFailed, StreamFailed) as error:
            log.warning("%s", error)
            self._broken()
        if ours:
            self._live = None
        for call in self._table.end(live.key):
            self._emit(CallChanged(call, _cause(call, live), live.raw, live.by_us))

    async def _reject(self, live: Live) -> None:
        try:
            await self._hook.lift()
        except (LineFailed, StreamFailed) as error:
            live.raw = str(error)

    async def _send_in_call(self, key: int, texts: list[str]) -> None:
        async with self._turn:
            self._call(key)
            if self._live is None or self._live.key != key or self._live.ends:
                raise CallRefused("the line is not off the hook for this call")
            try:
                await self._hook.send(texts)
            except LineFailed as error:
                raise CallRefused(str(error)) from error
            except StreamFailed as error:
                self._end(self._live, Cause.NETWORK_ERROR, str(error))
                raise CallRefused(str(error)) from error

    def _explain(self, live: Live, cause: Cause, raw: str) -> None:
        live.cause = live.cause or cause
        live.raw = live.raw or raw

    def _call(self, key: int) -> TrackedCall:
        call = self._table.get(key)
        if call is None:
            raise CallRefused("the call is over")
        return call

    def _tell(self, changed: list[TrackedCall], evidence: str | None = None) -> None:
        for call in changed:
            self._emit(CallChanged(call, evidence=evidence))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _cause(call: TrackedCall, live: Live) -> Cause:
    if call.was_active:
        return Cause.NORMAL
    if live.by_us:
        return Cause.CANCELLED if call.direction is Direction.OUTGOING else Cause.REJECTED
    return live.cause or Cause.NETWORK_ERROR
