"""The calls of one modem: what it reports, in whatever order and how often, to one story a call.

A call is known by our own key, never by the modem's index: an index is used again after a reset.
A modem may tell of one end three times (an indexed URC, NO CARRIER, a vanished list entry): the
first one counts, the rest find no call. Late news never takes a call back: `alerting` after
`active` is the tail of an older report. What may follow what:

    dialing   -> alerting, active, held, ended
    alerting  -> active, held, ended
    incoming  -> active, held, ended
    waiting   -> incoming, active, held, ended
    active    -> held, ended
    held      -> active, ended
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from modem.calls import CallInfo, CallState, Direction

GONE_AFTER = 2  # empty call lists in a row before a call counts as gone: one may be a hiccup

_NEXT: dict[CallState, dict[CallState, CallState]] = {
    CallState.DIALING: {
        CallState.ALERTING: CallState.ALERTING,
        CallState.ACTIVE: CallState.ACTIVE,
        CallState.HELD: CallState.HELD,
        CallState.RELEASED: CallState.RELEASED,
    },
    CallState.ALERTING: {
        CallState.ACTIVE: CallState.ACTIVE,
        CallState.HELD: CallState.HELD,
        CallState.RELEASED: CallState.RELEASED,
    },
    CallState.INCOMING: {
        CallState.ACTIVE: CallState.ACTIVE,
        CallState.HELD: CallState.HELD,
        CallState.RELEASED: CallState.RELEASED,
    },
    CallState.WAITING: {
        CallState.INCOMING: CallState.INCOMING,
        CallState.ACTIVE: CallState.ACTIVE,
        CallState.HELD: CallState.HELD,
        CallState.RELEASED: CallState.RELEASED,
    },
    CallState.ACTIVE: {
        CallState.HELD: CallState.HELD,
        CallState.RELEASED: CallState.RELEASED,
    },
    CallState.HELD: {
        CallState.ACTIVE: CallState.ACTIVE,
        CallState.RELEASED: CallState.RELEASED,
    },
}


@dataclass(frozen=True, slots=True)
class TrackedCall:
    """One call as far as it is known; `was_active` tells whether it ever connected."""

    key: int
    direction: Direction
    state: CallState
    index: int | None = None
    number: str | None = None
    was_active: bool = False
    missing: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.state is CallState.RELEASED


class CallTable:
    """Calls in progress. Each method gives the calls that changed, as they are now."""

    def __init__(self) -> None:
        self._calls: dict[int, TrackedCall] = {}
        self._keys = count(1)

    def __iter__(self) -> Iterator[TrackedCall]:
        return iter(tuple(self._calls.values()))

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, key: int) -> TrackedCall | None:
        """The call with our key, while it is not over."""
        return self._calls.get(key)

    def dial(self, number: str) -> TrackedCall:
        """A dial command is about to go out."""
        return self._add(Direction.OUTGOING, CallState.DIALING, None, number)

    def ring(self, number: str | None = None) -> list[TrackedCall]:
        """RING, +CRING or +CLIP: an incoming call, perhaps one that is known or waited so far."""
        known = self._in(CallState.INCOMING) or self._in(CallState.WAITING)
        if known is None:
            return [self._add(Direction.INCOMING, CallState.INCOMING, None, number)]
        if known.state is CallState.WAITING and len(self._calls) == 1:
            return [self._move(known, CallState.INCOMING, number)]
        return self._name(known, number)

    def wait(self, number: str | None) -> list[TrackedCall]:
        """+CCWA: a second caller waits."""
        if self._in(CallState.WAITING):
            return []
        return [self._add(Direction.INCOMING, CallState.WAITING, None, number)]

    def see(self, info: CallInfo) -> list[TrackedCall]:
        """One entry of a list, or an indexed URC."""
        call = self._find(info)
        if call is None:
            return self._discover(info)
        if call.index is None:
            call = self._put(replace(call, index=info.index))
        if info.state in _NEXT[call.state]:
            return [self._move(call, _NEXT[call.state][info.state], info.number)]
        return self._name(call, info.number)

    def progress(self, index: int, state: CallState) -> list[TrackedCall]:
        """A URC that names an outgoing call only by its index (Huawei)."""
        return self.see(CallInfo(index, self._direction(index), state))

    def listed(self, infos: Iterable[CallInfo]) -> list[TrackedCall]:
        """A whole call list: calls that are missing in GONE_AFTER lists in a row are over."""
        infos = list(infos)
        changed = [call for info in infos for call in self.see(info)]
        present = {call.key for info in infos if (call := self._find(info))}
        for call in tuple(self._calls.values()):
            if call.key in present:
                self._put(replace(call, missing=0))
            elif call.missing + 1 >= GONE_AFTER:
                changed.append(self._move(call, CallState.RELEASED, None))
            else:
                self._put(replace(call, missing=call.missing + 1))
        return changed

    def connect(self, key: int) -> list[TrackedCall]:
        """The call is connected, says a word that gives no index."""
        call = self._calls.get(key)
        if call is None or CallState.ACTIVE not in _NEXT[call.state]:
            return []
        return [self._move(call, CallState.ACTIVE, None)]

    def end(self, key: int) -> list[TrackedCall]:
        """The call is over for a reason that names it."""
        call = self._calls.get(key)
        return [self._move(call, CallState.RELEASED, None)] if call else []

    def end_only(self) -> list[TrackedCall]:
        """NO CARRIER and the like name no call: they end the only one, else a list must tell."""
        return self.end(next(iter(self._calls))) if len(self._calls) == 1 else []

    def end_all(self) -> list[TrackedCall]:
        """The modem is gone, and every call with it."""
        return [call for key in tuple(self._calls) for call in self.end(key)]

    def _direction(self, index: int) -> Direction:
        known = (call.direction for call in self._calls.values() if call.index == index)
        return next(known, Direction.OUTGOING if self._unseen_dial() else Direction.INCOMING)

    def _unseen_dial(self) -> bool:
        return any(
            call.index is None and call.direction is Direction.OUTGOING
            for call in self._calls.values()
        )

    def _find(self, info: CallInfo) -> TrackedCall | None:
        for call in self._calls.values():
            if call.index == info.index and call.direction is info.direction:
                return call
        unseen = [
            call
            for call in self._calls.values()
            if call.index is None and call.direction is info.direction
        ]
        alike = (call for call in unseen if call.state is info.state)
        return next(alike, unseen[0] if unseen else None)

    def _discover(self, info: CallInfo) -> list[TrackedCall]:
        """A call that we did not start: an incoming one is news, an outgoing one not ours."""
        if info.state is CallState.RELEASED or info.direction is Direction.OUTGOING:
            return []
        return [self._add(info.direction, info.state, info.index, info.number)]

    def _in(self, state: CallState) -> TrackedCall | None:
        return next((call for call in self._calls.values() if call.state is state), None)

    def _add(
        self, direction: Direction, state: CallState, index: int | None, number: str | None
    ) -> TrackedCall:
        active = state in {CallState.ACTIVE, CallState.HELD}
        return self._put(TrackedCall(next(self._keys), direction, state, index, number, active))

    def _put(self, call: TrackedCall) -> TrackedCall:
        self._calls[call.key] = call
        return call

    def _name(self, call: TrackedCall, number: str | None) -> list[TrackedCall]:
        if call.number or not number:
            return []
        return [self._put(replace(call, number=number))]

    def _move(self, call: TrackedCall, state: CallState, number: str | None) -> TrackedCall:
        moved = replace(
            call,
            state=state,
            number=call.number or number,
            was_active=call.was_active or state in {CallState.ACTIVE, CallState.HELD},
            missing=0,
        )
        if state is CallState.RELEASED:
            del self._calls[call.key]
            return moved
        return self._put(moved)
