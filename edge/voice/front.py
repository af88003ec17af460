"""Phones that call: to each other, or out over a line.

What a phone asks for becomes a `dial` like any dialer's, so that guards, limits and the choice of a
line are the same for it; what it is refused for becomes a SIP code.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from config.sip import Extension, Pbx
from edge.calls import Call
from edge.destination import Destination, NumberKind
from edge.numbers import BadNumber, mask, normalize
from edge.sip.phone import Ended, PeerKind, PhoneEvent
from edge.sip.stack import Phone
from edge.voice.inside import InsideCalls
from edge.voice.office import Office
from mqtt.client import new_id, soon
from mqtt.messages import AnyCommand, Dial, Reply
from mqtt.vocabulary import Reason, Result

log = logging.getLogger(__name__)

LIFE_S = 60.0  # of an emergency call's wish for a line; others do not wait
_NOT_FOUND, _FORBIDDEN, _BUSY, _FAILED, _UNAVAILABLE = 404, 403, 486, 500, 503

# RFC 3261 21: 404 no such number, 403 never, 503 not now: a PBX then tries its next gateway.
_CODES = {
    Reason.BAD_NUMBER: _NOT_FOUND,
    Reason.UNASSIGNED_NUMBER: _NOT_FOUND,
    Reason.UNKNOWN_LINE: _NOT_FOUND,
    Reason.DENIED_NUMBER: _FORBIDDEN,
    Reason.PREMIUM_NUMBER: _FORBIDDEN,
    Reason.EMERGENCY_NUMBER: _FORBIDDEN,
    Reason.PURPOSE_FORBIDDEN: _FORBIDDEN,
    Reason.ROAMING: _FORBIDDEN,
    Reason.BAD_REQUEST: _FAILED,
    Reason.INTERNAL: _FAILED,
}


class Talks(Protocol):
    """Who knows the calls on lines."""

    def expect(self, call_id: str, leg: Phone) -> None:
        """The phone that dialled a call."""

    def live(self, call_id: str) -> Call | None:
        """A call that is not over."""

    def hang_up(self, call: Call) -> None:
        """End it."""


class Front:
    """Takes every call that a phone or a PBX makes."""

    def __init__(
        self,
        office: Office,
        classify: Callable[[str], Destination],
        order: Callable[[AnyCommand], Awaitable[Reply]],
        talks: Talks,
        inside: InsideCalls,
        calls_of: Callable[[str], int],
        spawn: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        self._office = office
        self._classify = classify
        self._order = order
        self._talks = talks
        self._inside = inside
        self._calls_of = calls_of
        self._spawn = spawn

    def on_call(self, leg: Phone) -> None:
        """A phone calls; whoever it is was proven before."""
        number = self._number(leg.to)
        to = self._classify(number) if number else None
        if to and to.kind is NumberKind.EMERGENCY:
            self._spawn(self._dial(leg, to))
        elif self._calls_of(leg.peer.name) > self._owner(leg).max_calls:
            leg.reject(_BUSY, reason="Too many calls at once")
        elif self._office.has(leg.to):
            self._inside.connect(leg, self._office.stages(leg.to, 60.0))
        elif to is None:
            leg.reject(_NOT_FOUND)
        elif not self._office.may_call(self._owner(leg).may_call, to):
            log.warning("%s may not call %s", leg.peer.name, mask(to.number))
            leg.reject(_FORBIDDEN)
        else:
            self._spawn(self._dial(leg, to))

    async def _dial(self, leg: Phone, to: Destination) -> None:
        gone = asyncio.Event()
        leg.on_event = lambda event: _note_end(event, gone)
        reply = await self._order(
            Dial(
                id=new_id(),
                expires_at=soon(LIFE_S),
                to=to.number,
                line=None if to.kind is NumberKind.EMERGENCY else self._owner(leg).line,
                wait=False,
            )
        )
        call = self._talks.live(reply.call_id or "")
        if reply.result is Result.REFUSED or call is None:
            self._refuse(leg, reply)
        elif gone.is_set():
            self._talks.hang_up(call)
        else:
            self._talks.expect(call.call_id, leg)

    def _refuse(self, leg: Phone, reply: Reply) -> None:
        code = _CODES.get(reply.reason, _UNAVAILABLE) if reply.reason else _UNAVAILABLE
        again_s = reply.retry_after_s if code == _UNAVAILABLE else None
        log.info("%s is refused: %s", leg.peer.name, reply.reason or "the call is over")
        leg.reject(
            code,
            reason=reply.message or "",
            retry_after_s=None if again_s is None else max(1, round(again_s)),
        )

    def _number(self, text: str) -> str | None:
        try:
            return normalize(text, self._office.home)
        except BadNumber:
            return None

    def _owner(self, leg: Phone) -> Extension | Pbx:
        of = self._office.extensions if leg.peer.kind is PeerKind.EXTENSION else self._office.pbxs
        return of[leg.peer.name]


def _note_end(event: PhoneEvent, gone: asyncio.Event) -> None:
    if isinstance(event, Ended):
        gone.set()
