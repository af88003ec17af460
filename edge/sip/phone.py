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
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from config.sip import Codec
from edge.sip.dialog import Dialog, End, Header
from edge.sip.rtp import RtpSound
from edge.sip.sdp import (
    Agreed,
    Description,
    Direction,
    Local,
    SdpError,
    agree,
    answer,
    offer,
    parse,
)

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
        self,
        party: Party,
        dialog: Dialog,
        sound: RtpSound,
        address: str,
        codecs: Sequence[Codec],
        offered: Description | None = None,
    ) -> None:
        self.party = party
        self.sound = sound
        self.on_event: Callable[[PhoneEvent], None] = _nobody
        self.on_end: Callable[[PhoneLeg], None] | None = None  # for who keeps the list of legs
        self._dialog = dialog
        self._address = address  # ours, for SDP
        self._codecs = tuple(codecs)
        self._offered = offered
        self._loop = asyncio.get_running_loop()
        self._state = _State.INVITED if party.incoming else _State.CALLING
        self._session = secrets.randbits(31)
        self._version = 0
        self._hold = False  # as we want it
        self._hold_told = False  # as the peer knows it
        self._held = False
        self._updating = False
        self._answer = ""  # to the peer's offer, once given
        self._agreed: Agreed | None = None
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
        early = early_media and self._offered is not None
        self._dialog.progress(_PROGRESS if early else _RINGING, self._sdp() if early else None)

    def answer(self) -> None:
        """Take the call; Answered follows."""
        if self._state not in {_State.INVITED, _State.RINGING}:
            return
        self._state = _State.UP
        self._dialog.accept(self._sdp(), is_offer=self._offered is None)
        if self._offered is not None:
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
        self._hold = on
        self._tell_hold()

    def offer(self) -> str:
        """Our description, for an INVITE that asks nothing yet; and for those who ask for one."""
        return offer(self._local(self._direction()))

    # --- what the dialog tells

    def progressed(self, code: int, sdp: str | None) -> None:
        """18x came; with SDP there is early media."""
        if self._state is _State.CALLING and code >= _RINGING:
            early = sdp is not None and self._take(sdp)
            self._emit(Ringing(early_media=early))

    def accepted(self, sdp: str | None) -> None:
        """200 came."""
        if self._state is not _State.CALLING:
            return
        if self._take(sdp) or (sdp is None and self._agreed):
            self._state = _State.UP
            self._went_up()
        else:
            log.warning("a phone answered with no sound that we know")
            self.hang_up(q850=_INCOMPATIBLE)

    def acknowledged(self, sdp: str | None) -> None:
        """ACK came, with the answer to our offer."""
        if self._state is not _State.UP:
            return
        first = self._agreed is None
        if not self._take(sdp) and first:
            log.warning("a phone answered our offer with no sound that we know")
            self.hang_up(q850=_INCOMPATIBLE)
        elif first:
            self._went_up()

    def update_offered(self, sdp: str | None) -> None:
        """A re-INVITE came."""
        if self._state is not _State.UP:
            return
        if (offered := self._understood(sdp)) is None:
            self._dialog.refuse_update(*_NOT_ACCEPTABLE)
            return
        self._offered = offered
        self._answer = ""
        self._dialog.accept_update(self._sdp())
        self._follow(offered)

    def updated(self, sdp: str | None) -> None:
        """200 came to our re-INVITE."""
        self._updating = False
        self._take(sdp)
        self._tell_hold()

    def update_failed(self, code: int) -> None:
        """Our re-INVITE was refused: tried again when both sides sent one at once."""
        self._updating = False
        if code == _GLARE:
            self._hold_told = not self._hold
            self._loop.call_later(_GLARE_S, self._tell_hold)
        else:
            log.warning("a phone refused to be put on hold, or taken back: %d", code)

    def ended(self, end: End) -> None:
        """It is over."""
        self._close()
        self._emit(Ended(end.code, end.q850, end.reason))
        self.on_event = _nobody

    # --- sound

    def _local(self, direction: Direction) -> Local:
        self._version += 1
        return Local(
            self._address, self.sound.port, self._codecs, self._session, self._version, direction
        )

    def _direction(self) -> Direction:
        return Direction.SEND if self._hold else Direction.BOTH

    def _sdp(self) -> str:
        """Our side: the answer to what was offered, always the same one; or an offer."""
        if self._offered is None:
            return self.offer()
        if not self._answer:
            direction = self._offered.direction.answered(hold=self._hold)
            agreed = agree(self._offered, self._codecs, direction)
            if agreed is None:
                raise ValueError("an offer that was understood has a codec")
            self._agree(agreed)
            self._answer = answer(self._local(direction), self._offered, agreed)
        return self._answer

    def _understood(self, sdp: str | None) -> Description | None:
        """Read a description; None where no call can be made of it."""
        try:
            theirs = parse(sdp or "")
        except SdpError as error:
            log.info("SDP of a phone: %s", error)
            return None
        return theirs if agree(theirs, self._codecs, Direction.BOTH) else None

    def _take(self, sdp: str | None) -> bool:
        """Follow the peer's answer; False where it has none that fits."""
        theirs = None if sdp is None else self._understood(sdp)
        if theirs is None:
            return False
        agreed = agree(theirs, self._codecs, self._direction())
        if agreed is None:
            return False
        self._agree(agreed)
        if not self._hold:
            self._follow(theirs)
        return True

    def _agree(self, agreed: Agreed) -> None:
        self._agreed = agreed
        self.sound.agree(agreed, self._dialog.source)
        if self._state is _State.UP:
            self._watch()

    def _follow(self, theirs: Description) -> None:
        if theirs.held is not self._held:
            self._held = theirs.held
            self._emit(HeldByPeer(self._held))

    def _watch(self) -> None:
        """Watch for silence unless one side holds: many send nothing then, whatever they say."""
        agreed = self._agreed
        self.sound.watch(on=agreed is not None and agreed.receives and agreed.sends)

    # --- inside

    def _went_up(self) -> None:
        if self._state is _State.UP:
            self._watch()
            self._emit(Answered())
            self._tell_hold()

    def _tell_hold(self) -> None:
        """Send a re-INVITE when the peer does not know what we want, and none is underway."""
        if self._state is _State.UP and not self._updating and self._hold is not self._hold_told:
            self._hold_told, self._updating = self._hold, True
            self._dialog.offer(self.offer())

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
