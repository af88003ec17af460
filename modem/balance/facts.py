"""What a balance text tells."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from config.carriers import Unit


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part that is told by itself: minutes, SMS, MB, or money in `currency` (ISO 4217)."""

    name: str
    unit: Unit
    value: Decimal
    currency: str | None = None
    expiry: date | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What was understood of `text`; None is "not said", or said in a way that allows no answer."""

    text: str
    amount: Decimal | None = None
    currency: str | None = None  # ISO 4217; may be told without an amount
    expiry: date | None = None
    valid_days: int | None = None  # "valid for 5 days", where the day it was said is not known
    buckets: tuple[Bucket, ...] = ()
    no_credit: bool = False
    barred: bool = False

    @property
    def unknown(self) -> bool:
        """Whether nothing could be read that may be relied on."""
        told = (self.amount, self.expiry, self.valid_days)
        return not self.buckets and all(fact is None for fact in told)

    @property
    def minutes_left(self) -> Decimal | None:
        """Minutes in all buckets, to a tenth."""
        total = self._left(Unit.MINUTES)
        return None if total is None else round(total, 1)

    @property
    def sms_left(self) -> int | None:
        """SMS in all buckets."""
        total = self._left(Unit.SMS)
        return None if total is None else int(total)

    @property
    def data_left_mb(self) -> Decimal | None:
        """Data in all buckets; a GB is 1024 MB."""
        total = self._left(Unit.DATA)
        return None if total is None else round(total, 1)

    def _left(self, unit: Unit) -> Decimal | None:
        found = [bucket.value for bucket in self.buckets if bucket.unit is unit]
        return sum(found, Decimal()) if found else None
