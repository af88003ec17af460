"""What a call costs: billing steps, the price by number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.money.parts import TariffPart

CENT = Decimal("0.01")
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one call's seconds, and the steps it is billed in."""

    first_s: int
    next_s: int
    per_minute: Decimal
    fee: Decimal

    def billed_s(self, talk_s: float) -> int:
        """Return the seconds that are billed for an answered call."""
        further = math.ceil(max(0.0, talk_s - self.first_s) / self.next_s)
        return self.first_s + further * self.next_s

    def whole_steps(self, seconds: float) -> int:
        """Return the longest call that so many seconds pay for, 0 for none."""
        if seconds < self.first_s:
            return 0
        return self.first_s + int((seconds - self.first_s) // self.next_s) * self.next_s

    def money(self, seconds: int) -> Decimal:
        """Return what so many seconds cost, the fee with them; nothing for none."""
        if not seconds:
            return Decimal(0)
        exact = self.fee + self.per_minute * seconds / _MINUTE_S
        return exact.quantize(CENT, ROUND_HALF_UP)

    def seconds(self, money: Decimal) -> float:
        """Return the seconds that so much money pays for, perhaps without end."""
        left = money - self.fee
        if left < 0:
            return 0.0
        if not self.per_minute:
            return math.inf
        return float(left * _MINUTE_S // self.per_minute)


def price(tariff: TariffPart, number: str, *, on_net: bool) -> Price:
    """Return the price of a call to a number."""
    rates = [rate for rate in tariff.rates if number.startswith(rate.prefix)]
    if rates:
        per_minute = max(rates, key=lambda rate: len(rate.prefix)).per_minute
    elif on_net and tariff.on_net is not None:
        per_minute = tariff.on_net
    else:
        per_minute = tariff.per_minute
    fee = tariff.setup_fee if per_minute else Decimal(0)
    return Price(tariff.first_s, tariff.next_s, per_minute, fee)
