"""The calls of one modem: its end of the network's calls."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from simulator.calls import Cause, NetworkCall, Side
from simulator.oddities import Oddity

if TYPE_CHECKING:
    from simulator.modem import Modem

RING_PERIOD_S = 5.0
_MAX_LEGS = 2  # one active and one held (22.083); a third may wait


class State(IntEnum):
    """The <stat> of +CLCC (27.007 clause 7.18)."""

    ACTIVE = 0
    HELD = 1
    DIALING = 2
    ALERTING = 3
    INCOMING = 4
    WAITING = 5


@dataclass(slots=True, eq=False)
class Leg:
    """A call in the modem's list."""

    index: int
    number: str
    state: State
    call: NetworkCall | None = None
    incoming: bool = False
    multiparty: bool = False
    rings: int = 0
    clip_from: int = 1
    begun: bool = False

    @property
    def number_type(self) -> int:
        """The <type> of 24.008 clause 10.5.4.7: 145 international, 129 unknown, 128 withheld."""
        if not self.number:
            return 128
        return 145 if self.number.startswith("+") else 129


@dataclass(frozen=True, slots=True)
class Ending:
    """How a leg ended: `local` when this modem hung up."""

    cause: int
    local: bool
    connected: bool
    talk_s: float


class Board:
    """Implements calls.Party for a modem; tells its dialect of every change."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self.legs: list[Leg] = []
        self.last: Ending | None = None
        self.has_data_bearer = False

    @property
    def name(self) -> str:
        """The modem's name."""
        return self._modem.name

    @property
    def full(self) -> bool:
        """Whether no further call can be dialled."""
        return len(self.legs) >= _MAX_LEGS

    def of(self, *states: State) -> list[Leg]:
        """Return the legs in these states, by index."""
        return [leg for leg in self.legs if leg.state in states]

    def sounding(self) -> list[Leg]:
        """Return the legs that are heard: the active ones, else the one being set up."""
        return self.of(State.ACTIVE) or self.of(State.DIALING, State.ALERTING)

    def by_index(self, index: int) -> Leg | None:
        """Return the leg with this index."""
        return next((leg for leg in self.legs if leg.index == index), None)

    def dial(self, number: str) -> Leg:
        """List a new outgoing call; an active one is held."""
        self.hold_active()
        return self._list(Leg(self._free_index(), number, State.DIALING))

    def launch(self, leg: Leg, *, withheld: bool) -> None:
        """Send the call into the network."""
        card = self._modem.card
        if leg not in self.legs or card is None:
            return
        network = self._modem.network
        leg.call = network.originate(self, card.number, leg.number, withheld=withheld)
        self._tell(leg)
        if self._modem.dice.throw(Oddity.VANISH):
            self._modem.timers.later(1.0, self._modem.reenumerate)

    def accept(self, leg: Leg) -> None:
        """Answer an incoming or waiting call; an active one is held."""
        self.hold_active()
        self.change(leg, State.ACTIVE)
        if leg.call:
            leg.call.answer()

    def hold_active(self) -> None:
        """Hold the active calls."""
        for leg in self.of(State.ACTIVE):
            self.change(leg, State.HELD)

    def change(self, leg: Leg, state: State) -> None:
        """Move a leg to another state and tell of it."""
        leg.state = state
        self._tell(leg)

    def hang_up(self, leg: Leg, cause: int | None = None) -> None:
        """End one call; an unanswered incoming one is rejected."""
        if leg.call is None:
            self.legs.remove(leg)
            return
        rejecting = leg.state in (State.INCOMING, State.WAITING)
        leg.call.release(cause or (Cause.REJECTED if rejecting else Cause.NORMAL), _side(leg))

    def drop_all(self) -> None:
        """Lose every call, as when the radio or the modem goes."""
        for leg in list(self.legs):
            if leg.call:
                leg.call.release(Cause.TEMPORARY_FAILURE, Side.NETWORK)
        self.legs.clear()

    def ring(self, call: NetworkCall) -> None:
        """Take a call from the network: ring, wait, or be busy."""
        waiting_on = self._modem.settings["+CCWA"] == "1"
        if self.of(State.INCOMING, State.WAITING) or (self.legs and not waiting_on):
            call.release(Cause.BUSY, Side.CALLEE)
            return
        state = State.WAITING if self.legs else State.INCOMING
        number = "" if call.withheld else call.caller_number
        leg = self._list(Leg(self._free_index(), number, state, call, incoming=True))
        call.alert()
        self._tell(leg)
        self._announce(leg)

    def alerting(self, call: NetworkCall) -> None:
        """Note that the other end rings."""
        if leg := self._leg(call):
            lies = self._modem.dice.throw(Oddity.EARLY_CONNECT)
            self.change(leg, State.ACTIVE if lies else State.ALERTING)

    def answered(self, call: NetworkCall) -> None:
        """Note that the other end has answered."""
        leg = self._leg(call)
        if leg and leg.state is not State.ACTIVE:
            self.change(leg, State.ACTIVE)

    def released(self, call: NetworkCall) -> None:
        """Unlist a call that is over, tell of it, let a waiting one ring."""
        leg = self._leg(call)
        if leg is None:
            return
        self.legs.remove(leg)
        local = call.ended_by is _side(leg)
        connected = call.answered_s is not None or leg.state is State.ACTIVE
        self.last = Ending(call.cause or Cause.NORMAL, local, connected, call.talk_s)
        self._modem.dialect.ended(self._modem, leg, self.last)
        if self._modem.dice.throw(Oddity.TRIPLE_END):
            self._modem.urc("NO CARRIER")
            self._modem.urc("NO CARRIER")
        if len(self.legs) == 1 and self.legs[0].state is State.WAITING:
            self.change(self.legs[0], State.INCOMING)
            self._announce(self.legs[0])

    def heard(self, call: NetworkCall, digit: str) -> None:
        """Tell of a DTMF digit from the other end."""
        if self._leg(call):
            self._modem.dialect.heard(self._modem, digit)

    def press(self, leg: Leg, digits: str) -> None:
        """Send DTMF digits to the other end."""
        for digit in digits:
            if leg.call:
                leg.call.press(_side(leg), digit)

    def _announce(self, leg: Leg) -> None:
        """Tell of a waiting call once, of an incoming one every ring period."""
        modem = self._modem
        if leg not in self.legs:
            return
        if leg.state is State.WAITING:
            modem.dialect.waits(modem, leg)
        elif leg.state is State.INCOMING:
            leg.rings += 1
            modem.dialect.rings(modem, leg)
            modem.timers.later(RING_PERIOD_S, self._announce, leg)

    def _tell(self, leg: Leg) -> None:
        self._modem.dialect.changed(self._modem, leg)

    def _leg(self, call: NetworkCall) -> Leg | None:
        return next((leg for leg in self.legs if leg.call is call), None)

    def _list(self, leg: Leg) -> Leg:
        self.legs.append(leg)
        self.legs.sort(key=lambda each: each.index)
        return leg

    def _free_index(self) -> int:
        taken = {leg.index for leg in self.legs} | ({1} if self.has_data_bearer else set())
        return next(index for index in itertools.count(1) if index not in taken)


def _side(leg: Leg) -> Side:
    return Side.CALLEE if leg.incoming else Side.CALLER
