"""How a call is billed: steps, price, and the longest one that seconds or money allow."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import ceil, inf
from typing import Annotated

from pydantic import Field

MINUTE_S = 60
CENTICENT = Decimal("0.0001")  # amounts of money have four places, as in gateway.toml

Step = Annotated[int, Field(ge=1)]
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Terms:
    """What calls to one kind of callee cost: `first_s` is billed at once, then each `next_s`.

    Calls shorter than `free_below_s` are free. Included seconds have no price and no `setup`.
    """

    first_s: Step = 1
    next_s: Step = 1
    free_below_s: int = 0
    setup: Price = Decimal(0)
    per_minute: Price = Decimal(0)

    @property
    def is_free(self) -> bool:
        """Whether no call costs anything."""
        return not self.setup and not self.per_minute

    def billed(self, talk_s: float) -> int:
        """Seconds that the carrier bills for an answered call."""
        if talk_s < self.free_below_s:
            return 0
        further = max(0, ceil((talk_s - self.first_s) / self.next_s))
        return self.first_s + further * self.next_s

    def usable(self, billed_s: Decimal | float) -> float:
        """The longest call that is never billed more than `billed_s`; 0 if there is none."""
        if billed_s < self.first_s:
            return 0.0
        if billed_s == inf:
            return inf
        return float(self.first_s + (billed_s - self.first_s) // self.next_s * self.next_s)

    def cost(self, billed_s: int, free_s: int) -> Decimal:
        """Price of a call of which `free_s` are included, rounded up to four places."""
        paid_s = billed_s - free_s
        if paid_s <= 0 or self.is_free:
            return Decimal(0)
        price = self.setup + self.per_minute * paid_s / MINUTE_S
        return price.quantize(CENTICENT, ROUND_CEILING)

    def affordable(self, money: Decimal | float) -> float:
        """The most seconds that may be billed at this price; inf where seconds cost nothing."""
        money = Decimal(money)
        if money < self.setup:
            return 0.0
        if not self.per_minute:
            return inf
        return float((money - self.setup) * MINUTE_S // self.per_minute)
