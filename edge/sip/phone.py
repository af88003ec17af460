"""One leg of a call that leads to a phone or a PBX: its signalling and its sound.

            ring            answer
 INVITED --------> RINGING --------> UP -------> ENDED
    |                                ^             ^
    +------------- answer -----------+             | hang_up, reject, the peer, silence: from any
 CALLING --- the peer answers -------+-------------+

What does not fit the state is ignored: the peer may have ended it in the same moment. Ended is told
once for each leg, whoever ended it, and is the last event.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from edge.sip.dialog import Dialog, End, Header
from edge.sip.negotiation import Negotiation
from edge.sip.rtp import RtpSound

log = logging.getLogger(__name__)

_NOT_ACCEPTABLE = (488, "Not Acceptable Here")
_SILENCE_CAUSE = 41  # Q.850: temporary failure
_INCOMPATIBLE = 88  # Q.850: incompatible destination
_GLARE = 491
_GLARE_S = 2.5  # RFC 3261 14.1: 2.1 to 4 s for who made the call, 0 to 2 s for the other
_RINGING, _PROGRESS = 180, 183


class PeerKind(StrEnum):
    """What is at the other end."""

    EXTENSION = "extension"
    PBX = "pbx"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, proven by digest or address."""

    kind: PeerKind
    name: str  # of the extension or PBX in the configuration


@dataclass(frozen=True, slots=True)
class Ringing:
    """The phone rings; with early media there is sound already."""

    early_media: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The leg is up, both ways."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over: the SIP code (200 of a call that was up), Q.850 where given, the peer's words."""

    code: int
    q850: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class HeldByPeer:
    """The phone put us on hold, or took us back."""

    on: bool


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key was pressed at the phone."""

    digit: str


PhoneEvent = Ringing | Answered | Ended | HeldByPeer | DigitPressed


@dataclass(frozen=True, slots=True)
class Party:
    """Who calls whom on a leg."""

    peer: Peer
    incoming: bool
    to: str  # dialled user part, as sent, percent-decoded, bounded
    caller: str  # user part of From
    caller_name: str = ""


class _State(Enum):
    INVITED = auto()
    RINGING = auto()
    CALLING = auto()
    UP = auto()
    ENDED = auto()


class PhoneLeg:
    """A leg; it lives in the event loop. Set `on_event` before the loop turns."""

    def __init__(
        self, party: Party, dialog: Dialog, sound: RtpSound, negotiation: Negotiation
    ) -> None:
        self.party = party
        self.sound = sound
        self.on_event: Callable[[PhoneEvent], None] = _nobody
        self.on_end: Callable[[PhoneLeg], None] | None = None  # for who keeps the list of legs
        self._dialog = dialog
        self._negotiation = negotiation
        self._loop = asyncio.get_running_loop()
        self._state = _State.INVITED if party.incoming else _State.CALLING
        self._hold_told = False  # whether the peer knows that we hold it
        self._held = False
        self._updating = False
        sound.on_digit = lambda digit: self._emit(DigitPressed(digit))
        sound.on_silence = self._silent

    @property
    def peer(self) -> Peer:
        """Who is at the other end."""
        return self.party.peer

    @property
    def incoming(self) -> bool:
        """Whether the phone calls us."""
        return self.party.incoming

    @property
    def to(self) -> str:
        """What was dialled."""
        return self.party.to

    @property
    def caller(self) -> str:
        """The user part of From."""
        return self.party.caller

    @property
    def caller_name(self) -> str:
        """The display name of From."""
        return self.party.caller_name

    @property
    def up(self) -> bool:
        """Whether it was answered and has not ended."""
        return self._state is _State.UP

    @property
    def ended_already(self) -> bool:
        """Whether it is over."""
        return self._state is _State.ENDED

    # --- what can be done with it

    def ring(self, *, early_media: bool = False) -> None:
        """Let the caller know that it rings; with early media the caller hears what is written."""
        if self._state not in {_State.INVITED, _State.RINGING}:
            return
        self._state = _State.RINGING
        early = early_media and self._negotiation.is_offered
        sdp = self._negotiation.reply() if early else None
        self._dialog.progress(_PROGRESS if early else _RINGING, sdp)
        self._follow()

    def answer(self) -> None:
        """Take the call; Answered follows."""
        if self._state not in {_State.INVITED, _State.RINGING}:
            return
        self._state = _State.UP
        offered = self._negotiation.is_offered
        self._dialog.accept(self._negotiation.reply(), is_offer=not offered)
        if offered:
            self._loop.call_soon(self._went_up)

    def reject(
        self,
        code: int,
        *,
        reason: str = "",
        retry_after_s: int | None = None,
        q850: int | None = None,
    ) -> None:
        """Refuse a call that comes in, before it was answered."""
        if self._state not in {_State.INVITED, _State.RINGING}:
            return
        retry: list[Header] = []
        if retry_after_s is not None:
            retry = [("Retry-After", str(max(0, retry_after_s)))]
        self._close()
        self._dialog.refuse(code, reason or _REASONS.get(code, "Refused"), retry, q850)

    def hang_up(self, *, q850: int = 16) -> None:
        """End it, whatever its state asks for. Safe to call twice."""
        if self._state is not _State.ENDED:
            self._close()
            self._dialog.end(q850)

    def drop(self) -> None:
        """Forget it: what its INVITE said could not be used after all."""
        self._close()

    def hold(self, *, on: bool) -> None:
        """Put the phone on hold, or take it back; it hears what is written meanwhile."""
        self._negotiation.hold = on
        self._tell_hold()

    def offer(self) -> str:
        """Our description, for an INVITE that asks nothing yet; and for those who ask for one."""
        return self._negotiation.offer()

    # --- what the dialog tells

    def progressed(self, code: int, sdp: str | None) -> None:
        """18x came; with SDP there is early media."""
        if self._state is _State.CALLING and code >= _RINGING:
            early = self._negotiation.take_answer(sdp)
            self._follow()
            self._emit(Ringing(early_media=early))

    def accepted(self, sdp: str | None) -> None:
        """200 came."""
        if self._state is not _State.CALLING:
            return
        if self._negotiation.take_answer(sdp) or (sdp is None and self._negotiation.agreed):
            self._state = _State.UP
            self._went_up()
        else:
            log.warning("a phone answered with no sound that we know")
            self.hang_up(q850=_INCOMPATIBLE)

    def acknowledged(self, sdp: str | None) -> None:
        """ACK came, with the answer to our offer."""
        if self._state is not _State.UP:
            return
        first = self._negotiation.agreed is None
        if not self._negotiation.take_answer(sdp) and first:
            log.warning("a phone answered our offer with no sound that we know")
            self.hang_up(q850=_INCOMPATIBLE)
        elif first:
            self._went_up()
        else:
            self._follow()

    def update_offered(self, sdp: str | None) -> None:
        """A re-INVITE came."""
        if self._state is not _State.UP:
            return
        if self._negotiation.take_offer(sdp):
            self._dialog.accept_update(self._negotiation.reply())
            self._follow()
        else:
            self._dialog.refuse_update(*_NOT_ACCEPTABLE)

    def updated(self, sdp: str | None) -> None:
        """200 came to our re-INVITE."""
        self._updating = False
        self._negotiation.take_answer(sdp)
        self._follow()
        self._tell_hold()

    def update_failed(self, code: int) -> None:
        """Our re-INVITE was refused: tried again when both sides sent one at once."""
        self._updating = False
        if code == _GLARE:
            self._hold_told = not self._negotiation.hold
            self._loop.call_later(_GLARE_S, self._tell_hold)
        else:
            log.warning("a phone refused to be put on hold, or taken back: %d", code)

    def ended(self, end: End) -> None:
        """It is over."""
        self._close()
        self._emit(Ended(end.code, end.q850, end.reason))
        self.on_event = _nobody

    # --- inside

    def _went_up(self) -> None:
        if self._state is _State.UP:
            self._apply()
            self._emit(Answered())
            self._tell_held()
            self._tell_hold()

    def _tell_hold(self) -> None:
        """Send a re-INVITE when the peer does not know what we want, and none is underway."""
        hold = self._negotiation.hold
        if self._state is _State.UP and not self._updating and hold is not self._hold_told:
            self._hold_told, self._updating = hold, True
            self._dialog.offer(self.offer())

    def _follow(self) -> None:
        """Let everybody do what was agreed on now."""
        if self._state is not _State.ENDED:
            self._apply()
            self._tell_held()

    def _apply(self) -> None:
        """Let the sound do what was agreed on.

        Silence is watched for unless one side holds: many send nothing then, whatever they say.
        """
        if agreed := self._negotiation.agreed:
            self.sound.agree(agreed, self._dialog.source)
            self.sound.watch(on=self.up and agreed.receives and agreed.sends)

    def _tell_held(self) -> None:
        if self.up and self._negotiation.held_by_peer is not self._held:
            self._held = self._negotiation.held_by_peer
            self._emit(HeldByPeer(self._held))

    def _silent(self) -> None:
        log.warning("no sound comes from %s %s: its call is ended", self.peer.kind, self.peer.name)
        self.hang_up(q850=_SILENCE_CAUSE)

    def _emit(self, event: PhoneEvent) -> None:
        self.on_event(event)

    def _close(self) -> None:
        if self._state is not _State.ENDED:
            self._state = _State.ENDED
            self.sound.stop()
            if self.on_end:
                self.on_end(self)


_REASONS = {  # RFC 3261 21
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


def _nobody(_: PhoneEvent) -> None:
    """Nobody listens."""
