"""All calls on lines that have sound: follows them, gives each its script, lets phones in.

A phone may be there before its call: the one that dialled, and the agent who is called first. It is
kept until the call begins.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from config.voice import Keep
from edge.call_desk import Close
from edge.calls import Call
from edge.lines import Line
from edge.sip.causes import q850_of, sip_of
from edge.sip.phone import Ended, PhoneEvent
from edge.sip.stack import Phone
from edge.voice.hunt import Caller, Hunt
from edge.voice.line_sound import LineSound
from edge.voice.office import Stage
from edge.voice.scripts import (
    AgentThere,
    Broadcasting,
    CalleeFirst,
    Desk,
    Handover,
    Reception,
    Script,
)
from edge.voice.talk import House, Talk
from mqtt.vocabulary import (
    BridgeOrder,
    CallState,
    Cause,
    Direction,
    HangupBy,
    MonitorMode,
    RecordAction,
    VoiceKind,
)

SUPERVISOR_RING_S = 20.0


class Ends(Protocol):
    """Who ends calls."""

    def finish(self, call: Call, cause: Cause, raw: str | None, by: HangupBy) -> None:
        """Close a call that is on no line."""

    def hang_up(self, call: Call) -> None:
        """End a call in whichever state it is."""


class Talks:
    """Follows calls for edge.call_desk, rings agents for edge.dial_desk.

    `takes` says who takes the calls that come in over a line, `live` gives a call that is not over.
    """

    def __init__(
        self,
        house: House,
        desk: Desk,
        takes: Callable[[str], list[Stage]],
        calls: Ends,
        live: Callable[[str], Call | None],
        keep: Keep,
    ) -> None:
        self._house = house
        self._desk = desk
        self._takes = takes
        self._calls = calls
        self.live = live
        self._keep = keep
        self._talks: dict[str, Talk] = {}
        self._scripts: dict[str, Script] = {}
        self._lines: dict[str, LineSound] = {}
        self._early: dict[str, Phone] = {}  # phones whose call is still to begin
        self._hunts: dict[str, list[Hunt]] = {}  # that are over with their call

    def of(self, call_id: str) -> Talk | None:
        """The talk of a live call."""
        return self._talks.get(call_id)

    def on_line(self, line: str) -> Talk | None:
        """The talk of the answered call on a line."""
        talks = (talk for talk in self._talks.values() if talk.call.line == line)
        return next((talk for talk in talks if talk.call.state is CallState.ANSWERED), None)

    def hang_up(self, call: Call) -> None:
        """End a call."""
        self._calls.hang_up(call)

    # --- phones

    def expect(self, call_id: str, leg: Phone) -> None:
        """The phone that dialled a call, or answered for it before it is dialled."""
        if call := self.live(call_id):
            call.agent = leg.peer.name
        if talk := self._talks.get(call_id):
            self._let_in(talk, leg)
            return
        self._early[call_id] = leg
        leg.on_event = partial(self._early_event, call_id)

    def ring_first(self, call: Call, go: Callable[[], None]) -> None:
        """Ring the agent of a call; `go` when he is there, the end of the call when he is not."""
        if call.bridge is None or call.is_over:
            return

        def there(leg: Phone) -> None:
            self.expect(call.call_id, leg)
            self._house.tell(call, VoiceKind.AGENT_ANSWERED, agent=leg.peer.name)
            go()

        def nobody(code: int) -> None:
            reason = f"nobody answered (SIP {code})"
            self._house.tell(call, VoiceKind.AGENT_FAILED, reason=reason)
            self._calls.finish(call, Cause.NO_AGENT, reason, HangupBy.LOCAL)

        hunt = self._desk.hunt(
            self._desk.stages(call.bridge.to, call.bridge.ring_s),
            Caller(call.number, auto_answer=True),
            ringing=lambda: self._house.tell(call, VoiceKind.AGENT_RINGING),
            play=lambda _: nobody(480),
            answered=there,
            failed=nobody,
        )
        self._start(call, hunt)

    def hand_over(self, talk: Talk, stages: Sequence[Stage], *, auto_answer: bool) -> None:
        """Ring other phones for a call."""
        call_id = talk.call.call_id
        before = self._scripts[call_id]
        script = Handover(talk, self._desk, before, partial(self._scripts.__setitem__, call_id))
        self._scripts[call_id] = script
        script.start(stages, auto_answer=auto_answer)

    def call_supervisor(self, talk: Talk, to: str, mode: MonitorMode) -> None:
        """Have a supervisor's phone answer by itself and let it in."""

        def nobody(code: int) -> None:
            talk.tell(VoiceKind.MONITOR_ENDED, agent=to, reason=f"no answer (SIP {code})")

        hunt = self._desk.hunt(
            [Stage((to,), SUPERVISOR_RING_S)],
            Caller(talk.call.number, auto_answer=True),
            ringing=lambda: None,
            play=lambda _: None,
            answered=partial(talk.admit_supervisor, mode),
            failed=nobody,
        )
        self._start(talk.call, hunt)

    def _start(self, call: Call, hunt: Hunt) -> None:
        self._hunts.setdefault(call.call_id, []).append(hunt)
        hunt.start()

    # --- calls

    def began(self, call: Call, line: Line) -> None:
        """A call is about to be dialled, or comes in."""
        talk = self._talks[call.call_id] = Talk(call, line, self._house)
        self._scripts[call.call_id] = self._script(talk, line)
        if call.direction is Direction.OUTGOING:
            self._open_line(talk, line)
        if leg := self._early.pop(call.call_id, None):
            self._let_in(talk, leg)
        self._scripts[call.call_id].began()

    def entered(self, call: Call, line: Line) -> None:
        """It is in another state."""
        talk, script = self._talks.get(call.call_id), self._scripts.get(call.call_id)
        if talk is None or script is None:
            return
        match call.state:
            case CallState.ALERTING if call.direction is Direction.OUTGOING:
                script.alerting()
            case CallState.ANSWERED if talk.was_answered:  # it was held
                self._hear_line(talk, line)
            case CallState.ANSWERED:
                talk.was_answered = True
                self._answered(talk, line)
                script.answered()
            case CallState.HELD:  # for another call on the same modem
                self._lines.pop(call.call_id, None)
                talk.close_line()
            case _:
                pass

    def pressed(self, call: Call, digit: str) -> None:
        """The far end pressed a key."""
        if talk := self._talks.get(call.call_id):
            talk.pass_digit(digit)
            self._scripts[call.call_id].key(digit)

    def cut_near(self, call: Call) -> None:
        """It will be cut soon."""
        if talk := self._talks.get(call.call_id):
            talk.warn()

    def over(self, call: Call, cause: Cause, close: Close) -> None:
        """It ended."""
        for hunt in self._hunts.pop(call.call_id, ()):
            hunt.cancel()
        if leg := self._early.pop(call.call_id, None):
            leg.on_event = _ignore
            _refuse(cause, leg)
        self._lines.pop(call.call_id, None)
        script = self._scripts.pop(call.call_id, None)
        talk = self._talks.pop(call.call_id, None)
        if script is None or talk is None:
            close(None, None)
            return
        script.over()
        talk.end(partial(_refuse, cause), close)

    # --- inside

    def _script(self, talk: Talk, line: Line) -> Script:
        call = talk.call
        if call.direction is Direction.INCOMING:
            stages = self._takes(line.line)
            return Reception(talk, self._desk, stages) if stages else Script(talk)
        if call.broadcast:
            return Broadcasting(talk, self._desk, call.broadcast)
        if call.bridge and call.bridge.order is BridgeOrder.CALLEE_FIRST:
            return CalleeFirst(talk, self._desk, call.bridge.to)
        return Script(talk)

    def _let_in(self, talk: Talk, leg: Phone) -> None:
        """Give a call the phone that was there before it, and bring the phone up to date."""
        script = self._scripts[talk.call.call_id] = AgentThere(talk, leg)
        talk.connect(leg)
        if talk.call.state is CallState.ALERTING:
            script.alerting()
        elif talk.call.state is CallState.ANSWERED:
            script.answered()

    def _open_line(self, talk: Talk, line: Line) -> None:
        audio = line.modem.audio if line.modem else None
        if audio is None or talk.call.call_id in self._lines:
            return
        self._lines[talk.call.call_id] = LineSound(audio)
        talk.open_line(self._lines[talk.call.call_id])
        if line.modem and not line.modem.tells_keys:
            talk.listen_for_keys()

    def _hear_line(self, talk: Talk, line: Line) -> None:
        """The call is answered: now at the latest its line can be heard."""
        self._open_line(talk, line)
        if sound := self._lines.get(talk.call.call_id):
            sound.answered()

    def _answered(self, talk: Talk, line: Line) -> None:
        self._hear_line(talk, line)
        wanted = talk.call.record
        if wanted or (wanted is None and self._keep is Keep.ALL):
            talk.record(RecordAction.START)

    def _early_event(self, call_id: str, event: PhoneEvent) -> None:
        """The phone left before its call began: nobody is to be called."""
        left = self._early.pop(call_id, None) if isinstance(event, Ended) else None
        if left and (call := self.live(call_id)):
            self._calls.hang_up(call)


def _refuse(cause: Cause, leg: Phone) -> None:
    if leg.incoming and not leg.up:
        leg.reject(sip_of(cause), q850=q850_of(cause))
    else:
        leg.hang_up(q850=q850_of(cause))


def _ignore(_: PhoneEvent) -> None:
    """What a phone says that has nothing to do with the call any more."""
