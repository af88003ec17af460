"""What the choice of a line looks at: the lines, what each would give the call, and the call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.block import Block
from edge.destination import Destination, NumberKind
from edge.limits.account import Offer
from mqtt.vocabulary import Purpose

TYPICAL_S = 180.0  # what a call is taken to need where its length is not known


class Limited(Protocol):
    """What is asked of an account; see edge.limits.account."""

    def blocks(self, now: float) -> Sequence[Block]:
        """Why no call may begin now."""

    def offer(self, to: Destination, now: float) -> Offer:
        """What a call to `to` may use."""


@dataclass(frozen=True, slots=True)
class Live:
    """The call that is on a line. `free_at` is when it will probably be over, epoch seconds."""

    purpose: Purpose | None = None  # None for an incoming call
    emergency: bool = False
    free_at: float | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """The SIM is in a resting slot: seconds to switch to it, the money that it must save."""

    seconds: float
    cost: float
    block: Block | None = None  # why its modem may not switch now


@dataclass(slots=True)
class Candidate:
    """What the choice needs to know of a line."""

    line: str
    block: Block | None = None  # why its state forbids calls; give `until` where time mends it
    live: Live | None = None
    emergency_ok: bool = False  # its modem has a network, whatever `block` says
    accounts: tuple[Limited, ...] = ()  # the SIM's first: its offer is bound by the others
    carrier: str | None = None
    favours_own: bool = True  # its plan is better to callees of its own carrier
    calls: int = 0  # of the day
    talk_s: float = 0.0  # of the day
    last_used: float = 0.0  # any clock, 0 for never
    answer_rate: float | None = None  # 0..1; None while too few calls tell
    switch: Switch | None = None
    currency: str | None = None  # of the prices that its accounts give


@dataclass(frozen=True, slots=True)
class Wanted:
    """The call that looks for a line."""

    to: Destination
    line: str | None = None
    purpose: Purpose = Purpose.MANUAL
    seconds: float | None = None  # the longest that it is wanted
    seen_from: str | None = None  # the line that the callee saw last

    @property
    def is_emergency(self) -> bool:
        """Whether it passes all limits."""
        return self.to.kind is NumberKind.EMERGENCY and self.purpose is Purpose.MANUAL

    @property
    def need_s(self) -> float:
        """Seconds that a line should have for it."""
        return TYPICAL_S if self.seconds is None else min(self.seconds, TYPICAL_S)


@dataclass(slots=True)
class Fit:
    """A line that may take the call; the least `tier` is asked first, policies rank inside."""

    line: Candidate
    offer: Offer
    tier: int
    at: float  # now, seconds of the epoch
