"""A modem's radio: function level, registration, and what is told about it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from simulator.clock import draw
from simulator.network import Subscriber
from simulator.oddities import Oddity
from simulator.sim_card import Lock

if TYPE_CHECKING:
    import asyncio

    from simulator.modem import Modem
    from simulator.scenario import Home

_ACCESS = {"gsm": 0, "umts": 2, "lte": 7}  # <AcT> of 27.007 clause 7.2
_LAC, _CELL = "14DB", "01A2D003"
_UNKNOWN_SIGNAL = 99
_ACCIDENT_AFTER_S = (30.0, 300.0)
_LOSS_S = (5.0, 20.0)
_CARD_OUT_S = 10.0


class Registration(IntEnum):
    """The <stat> of +CREG (27.007 clause 7.2)."""

    OFF = 0
    HOME = 1
    SEARCHING = 2


class Radio:
    """Registers by itself when the function is full and an unlocked SIM is in."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._pending: asyncio.TimerHandle | None = None
        self._number = ""
        self.function = 1
        self.status = Registration.OFF
        self.signal = modem.part.signal

    @property
    def registered(self) -> bool:
        """Whether calls and messages can pass."""
        return self.status is Registration.HOME

    @property
    def access(self) -> int:
        """The access technology as 27.007 numbers it."""
        return _ACCESS[self._modem.network.part.technology]

    @property
    def home(self) -> Home:
        """The network that the registered card belongs to."""
        return self._modem.network.homes[self._number]

    @property
    def rssi(self) -> int:
        """The <rssi> of +CSQ."""
        return self.signal if self.registered else _UNKNOWN_SIGNAL

    def update(self, delay_s: float | None = None) -> None:
        """Look at function and SIM again; search, then register after the delay."""
        self._stop_searching()
        modem = self._modem
        card = modem.card
        if self.function != 1:
            self._set(Registration.OFF)
        elif card is None or card.lock is not Lock.READY:
            self._set(Registration.SEARCHING)
        elif not self.registered or card.number != self._number:
            self._set(Registration.SEARCHING)
            wait_s = draw(modem.part.registration_delay_s, modem.rng)
            self._pending = modem.timers.later(wait_s if delay_s is None else delay_s, self._found)

    def lose(self, seconds: float | None) -> None:
        """Lose the registration, for so long or until `update`."""
        self._stop_searching()
        self._set(Registration.SEARCHING)
        self._modem.board.drop_all()
        if seconds is not None:
            self.update(seconds)

    def off(self) -> None:
        """Vanish from the network without a word."""
        self._stop_searching()
        self.status = Registration.OFF
        self._detach()

    def registration(self, name: str) -> str:
        """Return what follows "+CREG: " in a URC: status, and place in mode 2."""
        status = self.status
        if name == "+CEREG" and self.access != _ACCESS["lte"]:
            status = Registration.OFF
        if self._modem.settings[name] != "2" or not self.registered:
            return str(status.value)
        return f'{status.value},"{_LAC}","{_CELL}",{self.access}'

    def _stop_searching(self) -> None:
        if self._pending:
            self._modem.timers.cancel(self._pending)
            self._pending = None

    def _found(self) -> None:
        self._pending = None
        self._set(Registration.HOME)
        modem = self._modem
        if modem.dice.throw(Oddity.REGISTRATION_LOST):
            loss_s = modem.rng.uniform(*_LOSS_S)
            modem.timers.later(modem.rng.uniform(*_ACCIDENT_AFTER_S), self.lose, loss_s)
        if modem.dice.throw(Oddity.SIM_REMOVED):
            modem.timers.later(modem.rng.uniform(*_ACCIDENT_AFTER_S), self._card_accident)

    def _card_accident(self) -> None:
        self._modem.remove_sim()
        self._modem.timers.later(_CARD_OUT_S, self._modem.insert_sim)

    def _set(self, status: Registration) -> None:
        if status is self.status:
            return
        self.status = status
        if status is not Registration.HOME:
            self._detach()
        for name in ("+CREG", "+CGREG", "+CEREG"):
            if self._modem.settings[name] != "0":
                self._modem.urc(f"{name}: {self.registration(name)}")
        if status is Registration.HOME:
            self._attach()

    def _attach(self) -> None:
        modem = self._modem
        if modem.card:
            self._number = modem.card.number
            subscriber = Subscriber(modem.board, modem.inbox.deliver, modem.ussd.show)
            modem.network.attach(self._number, subscriber)

    def _detach(self) -> None:
        if self._number:
            self._modem.network.detach(self._number)
            self._number = ""
