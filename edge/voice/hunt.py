"""A hunt for somebody who answers: stages of phones ring one after the other until one is taken."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.sip.phone import Answered, Ended, PhoneEvent, Ringing
from edge.sip.stack import Phone, SipStack
from edge.voice.office import Stage

ELSEWHERE = 26  # Q.850: non-selected user clearing, for phones that were too late


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as phones show it, and whom he dialled, for a PBX."""

    number: str
    name: str = ""
    auto_answer: bool = False
    to: str = ""


class Hunt:
    """One hunt. `answered` gets the leg that won; `failed` is called once when nobody did.

    `ringing` is called with the first phone that rings. After `cancel` neither is called.
    """

    def __init__(
        self,
        phones: SipStack,
        stages: Sequence[Stage],
        caller: Caller,
        *,
        ringing: Callable[[], None],
        play: Callable[[str], None],
        answered: Callable[[Phone], None],
        failed: Callable[[int], None],
    ) -> None:
        self._phones = phones
        self._stages = list(stages)
        self._caller = caller
        self._ringing = ringing
        self._play = play
        self._answered = answered
        self._failed = failed
        self._legs: list[Phone] = []
        self._timer: asyncio.TimerHandle | None = None
        self._told_ringing = False
        self._last_code = 480  # RFC 3261 21.4.18: nobody was there at all

    def start(self) -> None:
        """Ring the first stage."""
        self._next()

    def cancel(self) -> None:
        """Stop ringing."""
        self._stages.clear()
        self._let_go()

    def _next(self) -> None:
        self._let_go()
        while self._stages:
            stage = self._stages.pop(0)
            if stage.play is not None:
                self._stages.clear()
                self._play(stage.play)
                return
            if self._ring(stage):
                return
        self._failed(self._last_code)

    def _ring(self, stage: Stage) -> bool:
        for phone in stage.phones:
            self._legs += self._phones.call(
                phone,
                caller=self._caller.number,
                on_event=self._on_event,
                to=self._caller.to,
                caller_name=self._caller.name,
                auto_answer=self._caller.auto_answer,
            )
        if self._legs:
            self._timer = asyncio.get_running_loop().call_later(stage.ring_s, self._next)
        return bool(self._legs)

    def _on_event(self, leg: Phone, event: PhoneEvent) -> None:
        if leg not in self._legs:
            return
        match event:
            case Ringing():
                self._tell_ringing()
            case Answered():
                self._legs.remove(leg)
                self.cancel()
                self._answered(leg)
            case Ended():
                self._legs.remove(leg)
                self._last_code = event.code
                if not self._legs:
                    self._next()
            case _:
                pass

    def _tell_ringing(self) -> None:
        if not self._told_ringing:
            self._told_ringing = True
            self._ringing()

    def _let_go(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        legs, self._legs = self._legs, []
        for leg in legs:
            leg.hang_up(q850=ELSEWHERE)
