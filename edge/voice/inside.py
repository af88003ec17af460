"""Calls inside the office: phone to phone, no line and no money."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from edge.sip.phone import Answered, DigitPressed, Ended, HeldByPeer, PhoneEvent
from edge.sip.stack import Phone, SipStack
from edge.voice.conversation import Conversation
from edge.voice.hunt import Caller, Hunt
from edge.voice.office import Stage

log = logging.getLogger(__name__)

CALLER, CALLEE = "caller", "callee"


class InsideCalls:
    """All of them; each lives as long as its two phones."""

    def __init__(self, phones: SipStack, conversation: Callable[[], Conversation]) -> None:
        self._phones = phones
        self._conversation = conversation

    def connect(self, leg: Phone, stages: Sequence[Stage]) -> None:
        """Ring phones for a phone that calls."""
        _InsideCall(leg, self._phones, stages, self._conversation())


class _InsideCall:
    def __init__(
        self, leg: Phone, phones: SipStack, stages: Sequence[Stage], talk: Conversation
    ) -> None:
        self._legs = {CALLER: leg}
        self._talk = talk
        self._hunt = Hunt(
            phones,
            stages,
            Caller(leg.peer.name, leg.caller_name),
            ringing=leg.ring,
            play=lambda _: leg.reject(480),
            answered=self._answered,
            failed=leg.reject,
        )
        leg.on_event = partial(self._on_event, CALLER)
        self._hunt.start()

    def _answered(self, leg: Phone) -> None:
        self._legs[CALLEE] = leg
        leg.on_event = partial(self._on_event, CALLEE)
        self._legs[CALLER].answer()

    def _on_event(self, who: str, event: PhoneEvent) -> None:
        other = self._legs.get(CALLEE if who is CALLER else CALLER)
        match event:
            case Answered():
                self._connect()
            case Ended():
                self._end(other)
            case HeldByPeer(on=on):
                self._talk.mute(who, on=on)
            case DigitPressed(digit=digit) if other:
                other.sound.send_digits(digit)
            case _:
                pass

    def _connect(self) -> None:
        for name, leg in self._legs.items():
            self._talk.add(name, leg.sound)
        self._talk.hears(CALLER, CALLEE)
        self._talk.hears(CALLEE, CALLER)

    def _end(self, other: Phone | None) -> None:
        self._hunt.cancel()
        self._talk.close()
        if other:
            other.hang_up()
        self._legs.clear()
