"""What the dialer may ask of the sound of a call: bridge transfer hold play record monitor."""

from collections.abc import Callable, Mapping
from typing import Any

from edge.calls import Call
from edge.outcome import Outcome, refuse
from edge.voice.office import Office
from edge.voice.talk import Talk
from edge.voice.talks import Talks
from mqtt.messages import (
    Announcement,
    AnyCommand,
    Bridge,
    Dial,
    Hold,
    Monitor,
    Play,
    Record,
    Transfer,
)
from mqtt.vocabulary import (
    BridgeOrder,
    CallState,
    Direction,
    MonitorMode,
    Purpose,
    Reason,
    RecordAction,
    Result,
)

_RINGING = frozenset({CallState.ALERTING, CallState.WAITING})


class Verbs:
    """Handlers; `has_announcement` says whether there is one, `registered` whether a phone is."""

    def __init__(
        self,
        talks: Talks,
        office: Office,
        registered: Callable[[str], bool],
        calls_of: Callable[[str], int],
        has_announcement: Callable[[str], bool],
        identity: str | None,
    ) -> None:
        self._talks = talks
        self._office = office
        self._registered = registered
        self._calls_of = calls_of
        self._has = has_announcement
        self._identity = identity

    @property
    def handlers(self) -> Mapping[type[AnyCommand], Callable[[Any], Outcome]]:
        """Which method handles which command."""
        return {
            Bridge: self.bridge,
            Transfer: self.transfer,
            Hold: self.hold,
            Play: self.play,
            Record: self.record,
            Monitor: self.monitor,
        }

    def refusal(self, command: Dial) -> Outcome | None:
        """Why what a `dial` asks of voices cannot be."""
        if command.bridge:
            return self._no_identity(command) or self._no_agent(command.bridge.to)
        if command.broadcast:
            missing = self._no_announcement(command.broadcast)
            agent = command.broadcast.agent
            return missing or (self._no_agent(agent) if agent else None)
        return None

    def bridge(self, command: Bridge) -> Outcome:
        """Ring phones for a call that rings or is answered."""
        return self._hand_over(command, auto_answer=command.auto_answer)

    def transfer(self, command: Transfer) -> Outcome:
        """Ring other phones for a call that is answered."""
        return self._hand_over(command, auto_answer=False)

    def hold(self, command: Hold) -> Outcome:
        """Hold, or go on."""
        talk = self._answered(command.call_id)
        if isinstance(talk, Outcome):
            return talk
        music = Announcement(announcement=command.music) if command.music else None
        if music and (missing := self._no_announcement(music)):
            return missing
        return _done(talk.call, lambda: talk.hold(on=command.on, music=music))

    def play(self, command: Play) -> Outcome:
        """Play, or stop playing."""
        talk = self._answered(command.call_id)
        if isinstance(talk, Outcome):
            return talk
        if command.stop:
            return _done(talk.call, talk.stop_playing)
        what = Announcement(
            announcement=command.announcement, text=command.text, language=command.language
        )
        if missing := self._no_announcement(what):
            return missing
        return _done(talk.call, lambda: talk.play(what, command.side, command.repeat))

    def record(self, command: Record) -> Outcome:
        """Start, stop, pause, resume."""
        talk = self._answered(command.call_id)
        if isinstance(talk, Outcome):
            return talk
        starts = command.action is RecordAction.START
        if starts == talk.records:
            state = "is recorded already" if starts else "is not recorded"
            return refuse(Reason.WRONG_STATE, f"The call {state}.")
        return _done(talk.call, lambda: talk.record(command.action))

    def monitor(self, command: Monitor) -> Outcome:
        """Let a supervisor in, change what he may do, let him out."""
        talk = self._answered(command.call_id)
        if isinstance(talk, Outcome):
            return talk
        if command.mode is MonitorMode.OFF:
            return _done(talk.call, talk.dismiss_supervisor)
        if talk.supervisor == command.to:
            return _done(talk.call, lambda: talk.supervise(command.mode))
        if command.to not in self._office.extensions or not self._registered(command.to):
            return self._no_agent(command.to) or _no_supervisor(command.to)
        return _done(talk.call, lambda: self._talks.call_supervisor(talk, command.to, command.mode))

    def _hand_over(self, command: Bridge | Transfer, *, auto_answer: bool) -> Outcome:
        talk = self._talks.of(command.call_id)
        if talk is None:
            return _unknown(command.call_id)
        rings = talk.call.direction is Direction.INCOMING and talk.call.state in _RINGING
        if not rings and talk.call.state is not CallState.ANSWERED:
            return refuse(Reason.WRONG_STATE, f"The call is {talk.call.state}.")
        if missing := self._no_agent(command.to):
            return missing
        stages = self._office.stages(command.to, command.ring_s)
        return _done(
            talk.call, lambda: self._talks.hand_over(talk, stages, auto_answer=auto_answer)
        )

    def _answered(self, call_id: str) -> Talk | Outcome:
        talk = self._talks.of(call_id)
        if talk is None:
            return _unknown(call_id)
        if talk.call.state is not CallState.ANSWERED:
            return refuse(Reason.WRONG_STATE, f"The call is {talk.call.state}; wait for answered.")
        return talk

    def _no_agent(self, name: str) -> Outcome | None:
        if not self._office.has(name):
            sentence = f"There is no extension or group {name} in gateway.toml."
            return refuse(Reason.UNKNOWN_EXTENSION, sentence)
        phones = {phone for stage in self._office.stages(name, 1) for phone in stage.phones}
        there = [phone for phone in phones if self._registered(phone)]
        if not there:
            return refuse(Reason.AGENT_NOT_THERE, f"No phone of {name} is registered.", 30)
        if all(self._office.is_full(phone, self._calls_of(phone)) for phone in there):
            return refuse(Reason.AGENT_BUSY, f"{name} has as many calls as it may have.", 10)
        return None

    def _no_identity(self, command: Dial) -> Outcome | None:
        """A campaign's callee whom no agent can take must hear who called."""
        callee_first = command.bridge and command.bridge.order is BridgeOrder.CALLEE_FIRST
        if callee_first and command.purpose is not Purpose.MANUAL and not self._identity:
            sentence = "Set voice.identity: callees whom no agent can take must hear who called."
            return refuse(Reason.PURPOSE_FORBIDDEN, sentence)
        return None

    def _no_announcement(self, what: Announcement) -> Outcome | None:
        if what.announcement is None or self._has(what.announcement):
            return None
        sentence = f"There is no announcement {what.announcement}; `trunkline announce list`."
        return refuse(Reason.UNKNOWN_ANNOUNCEMENT, sentence)


def _done(call: Call, act: Callable[[], None]) -> Outcome:
    return Outcome(Result.ACCEPTED, call_id=call.call_id, act=act)


def _unknown(call_id: str) -> Outcome:
    return refuse(Reason.UNKNOWN_CALL, f"There is no live call {call_id} with sound.")


def _no_supervisor(name: str) -> Outcome:
    return refuse(Reason.UNKNOWN_EXTENSION, f"{name} is a group; a supervisor is an extension.")
