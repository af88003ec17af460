"""What becomes of a call's sound, by what the call is for: one script a call.

A script hears how its call goes and tells the talk what to do; it keeps no frames and no state of
the call. Whatever it started ends with `over`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.calls import Call
from edge.sip.stack import Phone
from edge.voice.hunt import Caller, Hunt
from edge.voice.office import Stage
from edge.voice.talk import Talk
from mqtt.messages import Announcement, Broadcast
from mqtt.vocabulary import Cause, Side, VoiceKind

KEY_WAIT_S = 5.0  # after a broadcast's text, for a key
AGENT_KEY, STOP_KEY = "1", "9"


class Script:
    """A call of which nobody wants anything; the base of the others."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk

    def began(self) -> None:
        """The call is dialled, or comes in."""

    def alerting(self) -> None:
        """The far end rings."""

    def answered(self) -> None:
        """Both sides can be heard."""

    def key(self, digit: str) -> None:
        """The far end pressed a key."""

    def over(self) -> None:
        """The call is over."""


class Desk(Protocol):
    """What scripts need of the house."""

    agent_wait_s: float
    identity: str | None

    def hunt(
        self,
        stages: Sequence[Stage],
        caller: Caller,
        *,
        answered: Callable[[Phone], None],
        failed: Callable[[int], None],
        ringing: Callable[[], None],
        play: Callable[[str], None],
    ) -> Hunt:
        """Make a hunt."""

    def stages(self, name: str, ring_s: float) -> list[Stage]:
        """Which phones ring for an extension or a group."""

    def deny(self, call: Call) -> None:
        """Never call this number again."""


class AgentThere(Script):
    """The agent is on the phone already: he hears how it goes, from the first ring."""

    def __init__(self, talk: Talk, leg: Phone) -> None:
        super().__init__(talk)
        self._leg = leg

    def alerting(self) -> None:
        """A phone that dialled is told; the network's ringback, or ours, is what it hears."""
        if self._leg.incoming:
            self._leg.ring(early_media=True)
        self.talk.comfort()

    def answered(self) -> None:
        """A phone that dialled is answered."""
        if self._leg.incoming:
            self._leg.answer()
            self.talk.tell(VoiceKind.AGENT_ANSWERED)
        self.talk.bridged()


class Hunting(Script):
    """A call for which phones are rung, now or later."""

    def __init__(self, talk: Talk, desk: Desk) -> None:
        super().__init__(talk)
        self.desk = desk
        self._hunt: Hunt | None = None

    def ring(self, stages: Sequence[Stage], *, auto_answer: bool) -> None:
        """Ring them; the one who answers gets the call."""
        call = self.talk.call
        self.stop_ringing()
        self._hunt = self.desk.hunt(
            stages,
            Caller(call.number, auto_answer=auto_answer, to=self.talk.dialled),
            ringing=lambda: self.talk.tell(VoiceKind.AGENT_RINGING),
            play=self.play_instead,
            answered=self.taken,
            failed=self.nobody,
        )
        self._hunt.start()

    def taken(self, leg: Phone) -> None:
        """Somebody answered."""
        self._connect(leg)
        self.talk.bridged()

    def _connect(self, leg: Phone) -> None:
        self._hunt = None
        self.talk.connect(leg)
        self.talk.tell(VoiceKind.AGENT_ANSWERED)

    def nobody(self, code: int) -> None:
        """Nobody did."""
        self._hunt = None
        self.talk.tell(VoiceKind.AGENT_FAILED, reason=f"nobody answered (SIP {code})")

    def play_instead(self, announcement: str) -> None:
        """An announcement takes the call."""
        self._hunt = None
        self.talk.play(Announcement(announcement=announcement), Side.LINE, 1, self.talk.hang_up)

    def stop_ringing(self) -> None:
        """Ring nobody any more."""
        if self._hunt:
            self._hunt.cancel()
            self._hunt = None

    def over(self) -> None:
        """Ring nobody for a call that is over."""
        self.stop_ringing()


class Reception(Hunting):
    """A call that came in: the phones of its line ring."""

    def __init__(self, talk: Talk, desk: Desk, stages: Sequence[Stage]) -> None:
        super().__init__(talk, desk)
        self._stages = stages
        self._then: str | None = None

    def began(self) -> None:
        """Ring the first of them."""
        self.ring(self._stages, auto_answer=False)

    def taken(self, leg: Phone) -> None:
        """Answer the line for the phone."""
        self._connect(leg)
        self.talk.take()

    def play_instead(self, announcement: str) -> None:
        """Answer the line for an announcement."""
        self._hunt = None
        self._then = announcement
        self.talk.take()

    def answered(self) -> None:
        """The modem has answered."""
        if self._then:
            super().play_instead(self._then)
        elif self.talk.has_agent:
            self.talk.bridged()
        else:  # the dialer answered: the phones need not
            self.stop_ringing()


class CalleeFirst(Hunting):
    """The callee is called, and an agent must be there as soon as he answers."""

    def __init__(self, talk: Talk, desk: Desk, to: str) -> None:
        super().__init__(talk, desk)
        self._to = to
        self._timer: asyncio.TimerHandle | None = None

    def answered(self) -> None:
        """Call the agent, whose phone answers by itself."""
        wait_s = self.desk.agent_wait_s
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._too_late)
        self.ring(self.desk.stages(self._to, wait_s), auto_answer=True)

    def taken(self, leg: Phone) -> None:
        """In time."""
        self._stop_timer()
        super().taken(leg)

    def nobody(self, code: int) -> None:
        """No phone of the agent can be had: that is known before the time is over."""
        super().nobody(code)
        self._too_late()

    def _too_late(self) -> None:
        """Say who called, and let the callee go: the call is abandoned."""
        self._stop_timer()
        self.stop_ringing()
        self.talk.call.forced_cause = Cause.ABANDONED
        if self.desk.identity:
            said = Announcement(text=self.desk.identity)
            self.talk.play(said, Side.LINE, 1, self.talk.hang_up)
        else:
            self.talk.hang_up()

    def key(self, digit: str) -> None:
        """Who is told how to be left alone may do it."""
        if digit == STOP_KEY and self.talk.call.forced_cause is Cause.ABANDONED:
            self.desk.deny(self.talk.call)
            self.talk.tell(VoiceKind.DENIED, key=digit)

    def over(self) -> None:
        """Nothing is left to wait for."""
        self._stop_timer()
        super().over()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class Handover(Hunting):
    """Other phones ring for a call; until one is answered, all stays as it was."""

    def __init__(
        self, talk: Talk, desk: Desk, before: Script, go_back: Callable[[Script], None]
    ) -> None:
        super().__init__(talk, desk)
        self._before = before
        self._go_back = go_back

    def start(self, stages: Sequence[Stage], *, auto_answer: bool) -> None:
        """Ring them instead of those that ring now."""
        if isinstance(self._before, Hunting):
            self._before.stop_ringing()
        self.ring(stages, auto_answer=auto_answer)

    def taken(self, leg: Phone) -> None:
        """The one who answered takes the call over; a call that rings is answered for him."""
        self._connect(leg)
        if self.talk.call.answered_at:
            self.talk.bridged()
        else:
            self.talk.take()

    def answered(self) -> None:
        """The modem has answered."""
        if self.talk.has_agent:
            self.talk.bridged()
        else:
            self._before.answered()

    def nobody(self, code: int) -> None:
        """All stays as it was."""
        super().nobody(code)
        self._go_back(self._before)

    def key(self, digit: str) -> None:
        """As it was."""
        self._before.key(digit)

    def over(self) -> None:
        """Both scripts are over."""
        super().over()
        self._before.over()


class Broadcasting(Hunting):
    """The callee hears an announcement; a key connects an agent, another ends it for ever."""

    def __init__(self, talk: Talk, desk: Desk, broadcast: Broadcast) -> None:
        super().__init__(talk, desk)
        self._broadcast = broadcast
        self._timer: asyncio.TimerHandle | None = None
        self._done = False

    def answered(self) -> None:
        """Say it."""
        self.talk.play(self._broadcast, Side.LINE, self._broadcast.repeat, self._said)

    def key(self, digit: str) -> None:
        """Do what the callee wants."""
        if self._done or digit not in {AGENT_KEY, STOP_KEY}:
            return
        self.talk.tell(VoiceKind.KEY_PRESSED, key=digit)
        agent = self._broadcast.agent
        if digit == STOP_KEY:
            self._finish()
            self.desk.deny(self.talk.call)
            self.talk.tell(VoiceKind.DENIED, key=digit)
            self.talk.hang_up()
        elif agent:
            self._finish()
            self.talk.comfort()
            self.ring(self.desk.stages(agent, 20.0), auto_answer=False)

    def nobody(self, code: int) -> None:
        """No agent can be had."""
        super().nobody(code)
        self.talk.hang_up()

    def over(self) -> None:
        """Nothing is left to wait for."""
        self._finish()
        super().over()

    def _said(self) -> None:
        """Wait a little for a key."""
        if not self._done:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(KEY_WAIT_S, self.talk.hang_up)

    def _finish(self) -> None:
        self._done = True
        self.talk.stop_playing()
        if self._timer:
            self._timer.cancel()
            self._timer = None
