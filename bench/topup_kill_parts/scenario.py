"""Prepaid SIMs of four carriers, and vouchers: good ones, wrong ones, ones used already."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from random import Random

from simulator import Scenario
from simulator.money.billing import Billing
from simulator.money.parts import AccountPart, CarrierPart, FaultKind, FaultPart, Service
from simulator.money.vouchers import Verdict
from simulator.scenario import ModemPart, NetworkPart, SimPart

SPEED = 20.0
AMOUNT = Decimal(100)  # of every voucher, in the currency of its carrier
STRANGER = "somebody else"  # who used a code before us

# By USSD; by USSD, after a balance in a menu; by USSD, with words by SMS; by SMS, without balances.
CARRIERS = ("ng-mtn", "ua-kyivstar", "ug-airtel", "ph-smart")
_WRONG, _USED = 0.08, 0.07  # share of the codes
_FAULTS = (
    FaultPart(kind=FaultKind.SILENT, share=0.08),
    FaultPart(kind=FaultKind.LATE, share=0.08, delay_s=20.0),
    FaultPart(kind=FaultKind.BY_SMS, share=0.08, delay_s=(5.0, 40.0)),
    FaultPart(kind=FaultKind.GARBAGE, share=0.06),
    FaultPart(kind=FaultKind.DROPPED, share=0.06),
    FaultPart(kind=FaultKind.UNAVAILABLE, share=0.06),
    FaultPart(kind=FaultKind.SILENT, on=Service.BALANCE, share=0.03),
    FaultPart(kind=FaultKind.GARBAGE, on=Service.BALANCE, share=0.05),
    FaultPart(kind=FaultKind.UNAVAILABLE, on=Service.BALANCE, share=0.05),
)


def scenario(lines: int, seed: int) -> Scenario:
    """So many EC25, their SIMs spread over the carriers."""
    carriers = tuple(CarrierPart(name=name, dialect=name, faults=_FAULTS) for name in CARRIERS)
    modems = tuple(
        ModemPart(
            name=f"m{place}",
            family="quectel",
            registration_delay_s=0.0,
            sims=(SimPart(account=AccountPart(carrier=carrier, balance=Decimal(10))),),
        )
        for place, carrier in zip(range(lines), cycle(CARRIERS), strict=False)
    )
    network = NetworkPart(technology="gsm")
    return Scenario(seed=seed, speed=SPEED, network=network, carriers=carriers, modems=modems)


@dataclass(frozen=True, slots=True)
class Card:
    """A voucher as it is bought."""

    carrier: str
    code: str


class Kiosk:
    """Sells vouchers; each code once."""

    def __init__(self, billing: Billing, random: Random) -> None:
        self._billing = billing
        self._random = random
        self._numbers = iter(random.sample(range(10**9), 10**5))
        self._carriers = cycle(CARRIERS)
        self.sold: list[Card] = []

    def sell(self, count: int) -> list[Card]:
        """Give so many vouchers of all carriers, some of them bad."""
        cards = [self._card() for _ in range(count)]
        self.sold += cards
        return cards

    def _card(self) -> Card:
        card = Card(next(self._carriers), f"7{next(self._numbers):015}")
        vouchers, fate = self._billing.carriers[card.carrier].vouchers, self._random.random()
        if fate >= _WRONG:
            vouchers.issue(card.code, AMOUNT)
        if _WRONG <= fate < _WRONG + _USED:
            vouchers.use(0.0, STRANGER, card.code, Verdict.ACCEPTED)
        return card


def as_file(cards: Sequence[Card]) -> str:
    """Write vouchers as `trunkline vouchers import` reads them."""
    lines = (f"{card.code},{AMOUNT},,{card.carrier}" for card in cards)
    return "\n".join(("code,amount,currency,carrier", *lines))
