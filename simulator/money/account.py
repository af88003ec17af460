"""What a SIM has at its carrier: money, bundles, and every movement of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from simulator.money.parts import AccountPart, BundlePart, Unit

if TYPE_CHECKING:
    from simulator.money.tariff import Price

_DAY_S = 86_400
_LOG_MOVEMENTS = 100_000
_IN_UNIT = {Unit.MINUTES: Decimal(60), Unit.SMS: Decimal(1), Unit.DATA: Decimal(1)}


class What(StrEnum):
    """Why money or a bundle moved."""

    CALL = "call"
    SMS = "sms"
    TOPUP = "topup"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Movement:
    """One change: `amount` is what the balance went up by, below zero for a charge.

    `call` is the network's id of the call, `other` a number or a voucher's code.
    """

    at_s: float
    what: What
    amount: Decimal
    other: str
    call: int | None = None
    talk_s: float = 0.0
    billed_s: int = 0
    bundle_s: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """The carrier bars a SIM: when, and why."""

    at_s: float
    reason: str


@dataclass(slots=True)
class Bundle:
    """What is left of a bundle: seconds, SMS or MB; `held` is promised to running calls."""

    part: BundlePart
    left: Decimal
    ends_s: float | None
    held: Decimal = Decimal(0)

    @property
    def told(self) -> Decimal:
        """What is left in the unit that people are told."""
        return self.left / _IN_UNIT[self.part.unit]

    def is_for(self, unit: Unit, number: str, *, on_net: bool) -> bool:
        """Whether it pays for this."""
        part = self.part
        everywhere = not part.prefixes and not part.on_net
        return part.unit is unit and (
            everywhere or (part.on_net and on_net) or number.startswith(part.prefixes or (" ",))
        )

    def alive(self, now: float) -> bool:
        """Whether it has not ended."""
        return self.ends_s is None or now < self.ends_s


@dataclass(frozen=True, slots=True)
class Cost:
    """How a call is paid: money, and seconds out of bundles."""

    money: Decimal = Decimal(0)
    bundles: tuple[tuple[Bundle, int], ...] = ()

    @property
    def bundle_s(self) -> int:
        """Seconds out of all bundles."""
        return sum(seconds for _, seconds in self.bundles)


def _bundle(part: BundlePart) -> Bundle:
    ends_s = None if part.days is None else part.days * _DAY_S
    return Bundle(part, part.amount * _IN_UNIT[part.unit], ends_s)


@dataclass(slots=True, eq=False)
class Account:
    """Belongs to a SIM by its ICCID; `balance` is `opening` and the sum of all movements."""

    iccid: str
    number: str
    part: AccountPart
    balance: Decimal = field(init=False)
    valid_until_s: float | None = field(init=False)
    bundles: list[Bundle] = field(init=False)
    held: Decimal = Decimal(0)
    wrong_codes: int = 0
    barred: Bar | None = None
    bars: list[Bar] = field(default_factory=list)
    movements: deque[Movement] = field(default_factory=lambda: deque(maxlen=_LOG_MOVEMENTS))

    def __post_init__(self) -> None:
        days = self.part.valid_days
        self.balance = self.part.balance
        self.valid_until_s = None if days is None else days * _DAY_S
        self.bundles = [_bundle(part) for part in self.part.bundles]

    @property
    def opening(self) -> Decimal:
        """The balance when the world began."""
        return self.part.balance

    @property
    def charges(self) -> list[Movement]:
        """What was charged for calls and SMS, the oldest first."""
        return [each for each in self.movements if each.what in (What.CALL, What.SMS)]

    def credit(self, now: float) -> Decimal:
        """Return the money that can be spent: none once the balance has expired."""
        expired = self.valid_until_s is not None and now >= self.valid_until_s
        return Decimal(0) if expired else self.balance - self.held

    def prolong(self, days: float | None, now: float) -> None:
        """Make the balance valid for so many days from now, unless it is for longer."""
        if days is not None and self.valid_until_s is not None:
            self.valid_until_s = max(self.valid_until_s, now + days * _DAY_S)

    def bar(self, at_s: float, reason: str) -> None:
        """Bar the SIM; only the first reason counts until `unbar`."""
        if self.barred is None:
            self.barred = Bar(at_s, reason)
            self.bars.append(self.barred)

    def unbar(self) -> None:
        """Let the SIM call again; `bars` remembers."""
        self.barred = None

    def bundles_for(self, unit: Unit, number: str, now: float, *, on_net: bool) -> list[Bundle]:
        """Return the bundles that pay for this, the earliest end first."""
        fit = [b for b in self.bundles if b.is_for(unit, number, on_net=on_net) and b.alive(now)]
        return sorted(fit, key=lambda b: math.inf if b.ends_s is None else b.ends_s)

    def reach_s(self, price: Price, bundles: Sequence[Bundle], now: float) -> int:
        """Return how many seconds from its beginning a call can be paid for, in whole steps."""
        free = sum((bundle.left - bundle.held for bundle in bundles), Decimal(0))
        money_s = price.seconds(self.credit(now))
        return price.whole_steps(min(float(free) + money_s, _DAY_S))

    def cost(self, price: Price, bundles: Sequence[Bundle], seconds: int) -> Cost:
        """Return how so many billed seconds are paid: bundles first, in their order."""
        parts: list[tuple[Bundle, int]] = []
        rest = seconds
        for bundle in bundles:
            taken = min(rest, int(bundle.left - bundle.held))
            if taken:
                parts.append((bundle, taken))
                rest -= taken
        return Cost(price.money(rest), tuple(parts))

    def hold(self, cost: Cost) -> None:
        """Promise it to a running call."""
        self._hold(cost, 1)

    def let_go(self, cost: Cost) -> None:
        """Take a promise back."""
        self._hold(cost, -1)

    def take(self, cost: Cost, movement: Movement) -> None:
        """Charge it."""
        for bundle, seconds in cost.bundles:
            bundle.left -= seconds
        self.move(movement)

    def move(self, movement: Movement) -> None:
        """Change the balance and write it down."""
        self.balance += movement.amount
        self.movements.append(movement)

    def _hold(self, cost: Cost, sign: int) -> None:
        self.held += sign * cost.money
        for bundle, seconds in cost.bundles:
            bundle.held += sign * seconds
