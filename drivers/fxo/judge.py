"""Who decides what is heard on an analogue line: nothing else tells of answer and hang-up."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

# Told to a judge beside the codes of V.253, which are single characters.
DIALED = "dialed"  # the number is out: from now on the callee's line is heard
TAKEN = "taken"  # a call from outside was answered by us: only its end is open


class Verdict(StrEnum):
    """What was heard, once it is certain."""

    DIAL_TONE = "dial_tone"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    SIT = "sit"
    ANSWERED_POLARITY = "answered_polarity"
    ANSWERED_RINGBACK_STOPPED = "answered_ringback_stopped"
    ANSWERED_VOICE = "answered_voice"
    ANSWERED_DIALED = "answered_dialed"  # the line is configured to take the end of dialling for it
    DISCONNECTED_TONE = "disconnected_tone"
    DISCONNECTED_LOOP = "disconnected_loop"
    DISCONNECTED_SILENCE = "disconnected_silence"


# The words of the contract for what an answer rests on.
EVIDENCE: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.ANSWERED_POLARITY: "polarity",
        Verdict.ANSWERED_RINGBACK_STOPPED: "ringback_stopped",
        Verdict.ANSWERED_VOICE: "voice",
        Verdict.ANSWERED_DIALED: "unknown",
    }
)


class Judge(Protocol):
    """Listens to one call from the dial tone to its end. `now`: seconds of the loop's clock."""

    def hear(self, frame: bytes, now: float) -> Verdict | None:
        """20 ms of the line, 320 octets; the verdict in the frame that makes it certain."""
        ...

    def code(self, code: str, now: float) -> Verdict | None:
        """What the modem told behind DLE, a reversed line as "L"; or DIALED, or TAKEN."""
        ...


JudgeMaker = Callable[[], Judge]


class CodeJudge:
    """Believes what the modem tells, and hears nothing: for chips that report, with no detector."""

    _MEANS: Mapping[str, Verdict] = MappingProxyType(
        {
            "d": Verdict.DIAL_TONE,
            "r": Verdict.RINGBACK,
            "b": Verdict.BUSY,
            "J": Verdict.SIT,
            "L": Verdict.ANSWERED_POLARITY,
            "l": Verdict.DISCONNECTED_LOOP,
        }
    )

    def hear(self, frame: bytes, now: float) -> None:
        """Nothing is heard."""
        del frame, now

    def code(self, code: str, now: float) -> Verdict | None:
        """The verdict of one code, None for one that tells nothing."""
        del now
        return self._MEANS.get(code)
