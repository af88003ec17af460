"""Who is behind a number that no modem has, and what he does with a call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from simulator.calls import Cause, NetworkCall, OutsideParty, Side
from simulator.clock import draw, seeded
from simulator.scenario import Behaviour, Callee
from simulator.sound.talker import Talker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from simulator.clock import Clock

DEFAULT_MIX = (
    Callee(share=60, does=Behaviour.ANSWER),
    Callee(share=15, does=Behaviour.NO_ANSWER),
    Callee(share=10, does=Behaviour.BUSY),
    Callee(share=5, does=Behaviour.REJECT),
    Callee(share=4, does=Behaviour.UNASSIGNED),
    Callee(share=4, does=Behaviour.UNREACHABLE),
    Callee(share=2, does=Behaviour.NETWORK_ERROR),
)

_REFUSALS = {
    Behaviour.BUSY: (Cause.BUSY, Side.CALLEE),
    Behaviour.UNASSIGNED: (Cause.UNASSIGNED, Side.NETWORK),
    Behaviour.NETWORK_ERROR: (Cause.NETWORK_OUT_OF_ORDER, Side.NETWORK),
    Behaviour.UNREACHABLE: (Cause.OUT_OF_ORDER, Side.NETWORK),
    Behaviour.BARRED: (Cause.BARRED, Side.NETWORK),
}


class OutsideCallee(OutsideParty):
    """Somebody outside who does with a call what his rule says."""

    def __init__(self, rule: Callee, clock: Clock, rng: Random) -> None:
        self._rule = rule
        self._clock = clock
        self._rng = rng
        self._talker = Talker(rule.says, clock, repeat=rule.repeat) if rule.says else None

    def ring(self, call: NetworkCall) -> None:
        """Refuse at once, or ring and then answer, reject or let it ring."""
        rule = self._rule
        if refusal := _REFUSALS.get(rule.does):
            cause, by = refusal
            call.release(rule.cause or cause, by)
            return
        call.alert()
        if rule.does is not Behaviour.NO_ANSWER:
            self._clock.later(draw(rule.answer_after_s, self._rng), self._pick_up, call)

    def _pick_up(self, call: NetworkCall) -> None:
        if self._rule.does is Behaviour.REJECT:
            call.release(self._rule.cause or Cause.REJECTED, Side.CALLEE)
            return
        call.answer()
        if self._talker and call.answered_s is not None and call.ended_s is None:
            self._talker.start(call, Side.CALLEE)
        if self._rule.then == "hang_up":
            talk_s = draw(self._rule.talk_s, self._rng)
            self._clock.later(talk_s, call.release, self._rule.cause or Cause.NORMAL, Side.CALLEE)

    def heard(self, call: NetworkCall, digit: str) -> None:  # noqa: ARG002 - he has one call
        """Do what the key asks for, if he waits for it."""
        if self._talker:
            self._talker.key(digit)

    def released(self, call: NetworkCall) -> None:  # noqa: ARG002 - as above
        """Put the phone down."""
        if self._talker:
            self._talker.stop()


class Directory:
    """Chooses the rule for a number: exact, then the longest prefix, then by share."""

    def __init__(self, rules: Sequence[Callee], seed: int, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._exact = {rule.number: rule for rule in rules if rule.number is not None}
        prefixed = [rule for rule in rules if rule.prefix is not None]
        self._prefixed = sorted(prefixed, key=lambda rule: -len(rule.prefix or ""))
        self._mix = [rule for rule in rules if rule.share is not None] or list(DEFAULT_MIX)
        self._attempts: Counter[str] = Counter()

    def callee(self, number: str) -> OutsideCallee:
        """Return who answers; the same seed, number and attempt always give the same."""
        self._attempts[number] += 1
        rng = seeded(self._seed, number, self._attempts[number])
        return OutsideCallee(self._rule(number, rng), self._clock, rng)

    def _rule(self, number: str, rng: Random) -> Callee:
        if rule := self._exact.get(number):
            return rule
        for rule in self._prefixed:
            if number.startswith(rule.prefix or ""):
                return rule
        return rng.choices(self._mix, [rule.share or 0.0 for rule in self._mix])[0]
