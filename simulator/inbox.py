"""A modem's messages: where they are stored and how new ones are told (27.005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import pdu
from simulator.sim_card import Status, Store, Stored

if TYPE_CHECKING:
    import asyncio

    from simulator.modem import Modem

_ACK_TIMEOUT_S = 15.0  # network time-out for CNMA (27.005 clause 3.4.1)
_MODEM_CAPACITY = 50
_REPORT = 0x02  # TP-MTI of a STATUS-REPORT


class Inbox:
    """Takes DELIVERs and STATUS-REPORTs the way +CNMI asks for."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._unacknowledged: asyncio.TimerHandle | None = None
        self._references = 0
        self._own = {"ME": Store(_MODEM_CAPACITY), "SR": Store(_MODEM_CAPACITY)}
        self.selected = ["SM", "SM", "SM"]

    def reset(self) -> None:
        """Forget what waits for an acknowledgement, as after power-up."""
        self._unacknowledged = None
        self.selected = ["SM", "SM", "SM"]

    def store(self, name: str) -> Store | None:
        """Return a storage by its name; SM is on the card."""
        if name == "SM":
            return self._modem.card.store if self._modem.card else None
        return self._own.get(name)

    def next_reference(self) -> int:
        """Count TP-MR up; it wraps at 255."""
        self._references = (self._references + 1) % 256
        return self._references

    @property
    def awaits_ack(self) -> bool:
        """Whether a message was passed on that AT+CNMA has not acknowledged."""
        return self._unacknowledged is not None

    def deliver(self, tpdu: bytes) -> bool:
        """Take a PDU from the network; False when it must keep it."""
        if self.awaits_ack:
            return False
        mode = f"{self._modem.settings['+CNMI']},0,0,0,0".split(",")
        if tpdu[0] & 0x03 == _REPORT:
            return self._take_report(tpdu, mode[3])
        return self._take_message(tpdu, mode[1])

    def acknowledge(self) -> bool:
        """AT+CNMA: the next one may come; False when none was expected."""
        if self._unacknowledged is None:
            return False
        self._modem.timers.cancel(self._unacknowledged)
        self._unacknowledged = None
        return True

    def flush(self) -> None:
        """Ask the network for what it kept."""
        if self._modem.card:
            self._modem.network.centre.flush(self._modem.card.number)

    def _take_message(self, tpdu: bytes, mt: str) -> bool:
        if mt in ("2", "3"):
            self._pass_on("+CMT: ,", tpdu)
            return True
        index = self._keep(self.selected[2], tpdu)
        if index is None:
            self._modem.dialect.storage_full(self._modem, self.selected[2])
        elif mt == "1":
            self._modem.urc(f'+CMTI: "{self.selected[2]}",{index}')
        return index is not None

    def _take_report(self, tpdu: bytes, ds: str) -> bool:
        if ds == "1":
            self._pass_on("+CDS: ", tpdu)
        elif ds == "2":
            name = self._modem.dialect.report_store
            index = self._keep(name, tpdu)
            if index is not None:
                self._modem.urc(self._modem.dialect.report_stored(name, index))
        return True

    def _pass_on(self, head: str, tpdu: bytes) -> None:
        """Send a PDU directly; in phase 2+ the next one waits for AT+CNMA."""
        modem = self._modem
        if modem.settings["+CSMS"] == "1" and modem.dialect.wants_cnma:
            self._unacknowledged = modem.timers.later(_ACK_TIMEOUT_S, self._not_acknowledged)
        modem.urc(f"{head}{len(tpdu)}", self._framed(tpdu).hex().upper())

    def _not_acknowledged(self) -> None:
        """Stop passing messages on, as 27.005 clause 3.4.1 asks."""
        self._unacknowledged = None
        self._modem.settings["+CNMI"] = "0,0,0,0,0"
        self.flush()

    def _keep(self, name: str, tpdu: bytes) -> int | None:
        store = self.store(name)
        if store is None:
            return None
        return store.add(Stored(Status.UNREAD, self._framed(tpdu), len(tpdu)))

    def _framed(self, tpdu: bytes) -> bytes:
        return pdu.smsc(self._modem.network.part.smsc) + tpdu
