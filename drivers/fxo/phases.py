"""How far a call on an analogue line is, and what each verdict means there.

    SEIZED   off the hook, no dial tone yet     dial tone: dial     -> DIALED
    DIALED   tones of the callee's line         answered            -> TALKING
    TALKING  the call                           a tone, the loop    -> over

What is not in the table of a phase is no news in it.
"""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto

from drivers.fxo.judge import EVIDENCE, Judge, Verdict
from modem.calls import CallState
from modem.causes import Cause


class Phase(Enum):
    """How far a call is for which the line is off the hook."""

    SEIZED = auto()
    DIALED = auto()
    TALKING = auto()


_ANSWERED = dict.fromkeys(EVIDENCE, CallState.ACTIVE)
MEANS: dict[Phase, dict[Verdict, CallState | Cause]] = {
    Phase.SEIZED: {
        Verdict.DIAL_TONE: CallState.DIALING,
        Verdict.BUSY: Cause.NETWORK_ERROR,
        Verdict.CONGESTION: Cause.NETWORK_ERROR,
        Verdict.SIT: Cause.NETWORK_ERROR,
        Verdict.DISCONNECTED_LOOP: Cause.NETWORK_ERROR,
    },
    Phase.DIALED: {
        Verdict.RINGBACK: CallState.ALERTING,
        Verdict.BUSY: Cause.BUSY,
        Verdict.CONGESTION: Cause.NETWORK_ERROR,
        Verdict.SIT: Cause.UNASSIGNED,
        **_ANSWERED,
        Verdict.DISCONNECTED_TONE: Cause.NETWORK_ERROR,
        Verdict.DISCONNECTED_LOOP: Cause.NETWORK_ERROR,
        Verdict.DISCONNECTED_SILENCE: Cause.NETWORK_ERROR,
    },
    Phase.TALKING: {
        Verdict.BUSY: Cause.NORMAL,
        Verdict.CONGESTION: Cause.NORMAL,
        Verdict.DISCONNECTED_TONE: Cause.NORMAL,
        Verdict.DISCONNECTED_LOOP: Cause.NORMAL,
        Verdict.DISCONNECTED_SILENCE: Cause.NORMAL,
    },
}


@dataclass(slots=True)
class Live:
    """The call for which the line is off the hook, or about to be."""

    key: int
    judge: Judge
    phase: Phase
    dial_tone: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    dialing: bool = False  # the dial command is under way
    cause: Cause | None = None  # it ends
    raw: str | None = None
    by_us: bool = False

    @property
    def ends(self) -> bool:
        """Whether the line is about to be put down."""
        return self.by_us or self.cause is not None
