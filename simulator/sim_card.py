"""A SIM: its identities, its PIN and the message slots on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.scenario import SimPart

_PIN_TRIES = 3
_PUK_TRIES = 10


class Lock(StrEnum):
    """What AT+CPIN? answers (27.007 clause 8.3)."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"


class Status(IntEnum):
    """The <stat> of a stored message in PDU mode (27.005 clause 3.1)."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3
    ALL = 4


@dataclass(slots=True)
class Stored:
    """A message in a slot: the PDU with its service centre address."""

    status: Status
    pdu: bytes
    tpdu_length: int


@dataclass(slots=True)
class Store:
    """Numbered slots, from 1 (the storage of 27.005 clause 3.2.2)."""

    capacity: int
    slots: dict[int, Stored] = field(default_factory=dict)
    blocked: bool = False

    def add(self, message: Stored) -> int | None:
        """Put it into the first free slot and return its index, None when full."""
        if self.blocked:
            return None
        free = (slot for slot in range(1, self.capacity + 1) if slot not in self.slots)
        index = next(free, None)
        if index is not None:
            self.slots[index] = message
        return index

    @property
    def used(self) -> int:
        """How many slots are taken, all when it is blocked."""
        return self.capacity if self.blocked else len(self.slots)


class SimCard:
    """A card that exists whether it is in a modem or not."""

    def __init__(self, part: SimPart) -> None:
        self.part = part
        self.number = part.number
        self.pin = part.pin
        self.present = part.present
        self.lock = Lock.PIN if part.pin else Lock.READY
        self.pin_tries = _PIN_TRIES
        self.puk_tries = _PUK_TRIES
        self.store = Store(part.sms_capacity)

    def power_up(self) -> None:
        """Ask for the PIN again, as after a reset."""
        if self.lock is Lock.READY and self.pin:
            self.lock = Lock.PIN

    def enter_pin(self, pin: str) -> bool:
        """Try a PIN; the third wrong one locks the card to its PUK."""
        if pin == self.pin:
            self.lock, self.pin_tries = Lock.READY, _PIN_TRIES
            return True
        self.pin_tries -= 1
        if not self.pin_tries:
            self.lock = Lock.PUK
        return False

    def enter_puk(self, puk: str, new_pin: str) -> bool:
        """Unblock with the PUK and set a new PIN; ten wrong ones kill the card."""
        if not self.puk_tries:
            return False
        if puk != self.part.puk:
            self.puk_tries -= 1
            return False
        self.pin, self.lock = new_pin, Lock.READY
        self.pin_tries, self.puk_tries = _PIN_TRIES, _PUK_TRIES
        return True
