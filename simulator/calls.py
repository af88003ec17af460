"""A call as the network sees it: two parties, one true outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulator.clock import Clock
    from simulator.sound.call_sound import CallSound, Exchange
    from simulator.sound.frames import Mouth


class Cause(IntEnum):
    """The causes of 24.008 table 10.5.123 that this network gives."""

    UNASSIGNED = 1
    BARRED = 8
    NORMAL = 16
    BUSY = 17
    NO_USER_RESPONDING = 18
    NO_ANSWER = 19
    REJECTED = 21
    OUT_OF_ORDER = 27
    NETWORK_OUT_OF_ORDER = 38
    TEMPORARY_FAILURE = 41
    NO_CREDIT = 68


class Side(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    CALLEE = "callee"
    NETWORK = "network"


class Outcome(StrEnum):
    """What became of a call, in the end."""

    ANSWERED = "answered"
    CANCELLED = "cancelled"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNASSIGNED = "unassigned"
    UNREACHABLE = "unreachable"
    NETWORK_ERROR = "network_error"
    BARRED = "barred"
    NO_CREDIT = "no_credit"
    LOST = "lost"


_OUTCOMES: dict[int, Outcome] = {
    Cause.UNASSIGNED: Outcome.UNASSIGNED,
    Cause.BARRED: Outcome.BARRED,
    Cause.BUSY: Outcome.BUSY,
    Cause.NO_USER_RESPONDING: Outcome.NO_ANSWER,
    Cause.NO_ANSWER: Outcome.NO_ANSWER,
    Cause.REJECTED: Outcome.REJECTED,
    Cause.OUT_OF_ORDER: Outcome.UNREACHABLE,
    Cause.NETWORK_OUT_OF_ORDER: Outcome.NETWORK_ERROR,
    Cause.TEMPORARY_FAILURE: Outcome.LOST,
    Cause.NO_CREDIT: Outcome.NO_CREDIT,
}


OUTSIDE = "outside"


class Party(Protocol):
    """One end of a call: a modem, or somebody outside."""

    @property
    def name(self) -> str:
        """The modem's name, or "outside"."""
        ...

    def ring(self, call: NetworkCall) -> None:
        """Take an incoming call: alert, answer or release it, now or later."""
        ...

    def alerting(self, call: NetworkCall) -> None:
        """Learn that the other end rings."""
        ...

    def answered(self, call: NetworkCall) -> None:
        """Learn that the other end has answered."""
        ...

    def released(self, call: NetworkCall) -> None:
        """Learn that the call is over, whoever ended it."""
        ...

    def heard(self, call: NetworkCall, digit: str) -> None:
        """Hear a DTMF digit from the other end."""
        ...


class Meter(Protocol):
    """Who charges a call."""

    def answered(self, call: NetworkCall) -> None:
        """Learn that time costs money from now on."""
        ...

    def released(self, call: NetworkCall) -> None:
        """Learn that the call is over, answered or not."""
        ...


@dataclass(slots=True, eq=False)
class NetworkCall:
    """Numbers are international; times are simulated seconds since the start, None until then."""

    id: int
    caller: Party
    caller_number: str
    callee_number: str
    clock: Clock
    withheld: bool = False
    callee: Party | None = None
    meter: Meter | None = None
    started_s: float = 0.0
    alerted_s: float | None = None
    answered_s: float | None = None
    ended_s: float | None = None
    cause: int | None = None
    ended_by: Side | None = None
    outcome: Outcome | None = None
    digits: list[tuple[Side, str]] = field(default_factory=list)
    exchange: Exchange | None = None  # without one there is no sound
    failing: int | None = None  # the cause that the caller is told in tones or words
    _sound: CallSound | None = None

    @property
    def talk_s(self) -> float:
        """Seconds from answer to end, or to now; 0 when never answered."""
        if self.answered_s is None:
            return 0.0
        end = self.clock.now() if self.ended_s is None else self.ended_s
        return end - self.answered_s

    @property
    def sound(self) -> CallSound:
        """What is said and heard; made when first asked for."""
        if self._sound is None:
            if self.exchange is None:
                raise LookupError("this call has no sound: it is in no network")
            self._sound = self.exchange.sound(self)
        return self._sound

    def set_mouth(self, side: Side, mouth: Mouth) -> None:
        """Let somebody speak for a side."""
        self.sound.set_mouth(side, mouth)

    def heard(self, side: Side) -> list[bytes]:
        """Return the frames that a side heard, the last 120 s of them."""
        return self.sound.heard(side)

    def alert(self) -> None:
        """Let the caller know that the phone rings."""
        if self.ended_s is None and self.alerted_s is None:
            self.alerted_s = self.clock.now()
            self.caller.alerting(self)

    def answer(self) -> None:
        """Take the call."""
        if self.ended_s is None and self.answered_s is None and self.failing is None:
            self.answered_s = self.clock.now()
            self.caller.answered(self)
            if self.meter is not None:
                self.meter.answered(self)

    def press(self, side: Side, digit: str) -> None:
        """One side sends a DTMF digit to the other."""
        if self.ended_s is not None or self.callee is None:
            return
        self.digits.append((side, digit))
        (self.callee if side is Side.CALLER else self.caller).heard(self, digit)

    def release(self, cause: int = Cause.NORMAL, by: Side = Side.NETWORK) -> None:
        """End the call; only the first end counts. The exchange may say why before it does."""
        if self.ended_s is not None or self._explains(cause, by):
            return
        self.ended_s = self.clock.now()
        self.cause, self.ended_by = cause, by
        self.outcome = self._judge()
        if self.meter is not None:
            self.meter.released(self)
        self.caller.released(self)
        if self.callee is not None:
            self.callee.released(self)

    def hang_up(self) -> None:
        """Hang up from outside: the outside party does, or the network if both are modems."""
        if self.caller.name == OUTSIDE:
            self.release(by=Side.CALLER)
        elif self.callee is not None and self.callee.name == OUTSIDE:
            self.release(by=Side.CALLEE)
        else:
            self.release()

    def _explains(self, cause: int, by: Side) -> bool:
        """Begin to tell the caller why his call fails, where the network does that."""
        if self.exchange is None or self.answered_s is not None or self.failing is not None:
            return False
        seconds = self.exchange.explains_s(self, cause, by)
        if seconds:
            self.failing = cause
            self.clock.later(seconds, self.release, cause, by)
        return seconds > 0

    def _judge(self) -> Outcome:
        if self.answered_s is not None:
            return Outcome.ANSWERED
        if self.ended_by is Side.CALLER and self.cause != Cause.TEMPORARY_FAILURE:
            return Outcome.CANCELLED
        return _OUTCOMES.get(self.cause or 0, Outcome.REJECTED)


class OutsideParty:
    """Somebody outside who does nothing by himself."""

    name = OUTSIDE

    def ring(self, call: NetworkCall) -> None:
        """Let it ring."""
        call.alert()

    def alerting(self, call: NetworkCall) -> None:
        """Wait."""

    def answered(self, call: NetworkCall) -> None:
        """Talk."""

    def released(self, call: NetworkCall) -> None:
        """Put the phone down."""

    def heard(self, call: NetworkCall, digit: str) -> None:
        """Listen; the call itself keeps the digits."""
