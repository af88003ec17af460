"""What messages that wait to be sent can take of an account.

Not kept over a restart: what waits then is never sent.
"""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SmsHold:
    """A message: its parts that have not left, the money for each, the bucket that pays instead."""

    parts: int
    price: Decimal
    bucket: str | None = None


class Waiting:
    """All messages of an account by sms_id, and what they can take together."""

    def __init__(self) -> None:
        self._holds: dict[str, SmsHold] = {}
        self.parts = 0
        self.money = Decimal(0)
        self.drawn: Counter[str] = Counter()  # parts by bucket

    def of(self, sms_id: str) -> SmsHold | None:
        """What is kept for a message."""
        return self._holds.get(sms_id)

    def keep(self, sms_id: str, hold: SmsHold) -> None:
        """Keep this for a message, whatever was kept for it before."""
        self.drop(sms_id)
        self._holds[sms_id] = hold
        self._add(hold, 1)

    def drop(self, sms_id: str) -> None:
        """Keep nothing for a message."""
        if hold := self._holds.pop(sms_id, None):
            self._add(hold, -1)

    def take_part(self, sms_id: str) -> None:
        """Keep one part less for a message: it has left."""
        if hold := self._holds.get(sms_id):
            self.keep(sms_id, replace(hold, parts=max(0, hold.parts - 1)))

    def _add(self, hold: SmsHold, sign: int) -> None:
        self.parts += sign * hold.parts
        self.money += sign * hold.parts * hold.price
        if hold.bucket:
            self.drawn[hold.bucket] += sign * hold.parts
