"""Small worlds where calls cost money: one carrier, a unit of money a second."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulator.worlds import world

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from simulator import Simulator
    from simulator.money.account import Account
    from simulator.money.carrier import Carrier
    from tests.simulator.terminal import Terminal

TARIFF = {"first_s": 1, "next_s": 1, "per_minute": 60, "sms": 2}
CODE, OTHER_CODE, WRONG = "11112222", "33334444", "99990000"
VOUCHERS = [{"code": CODE, "amount": 10}, {"code": OTHER_CODE, "amount": 5}]


def paying(
    *accounts: dict[str, Any], speed: float = 100, **carrier: Any
) -> AbstractAsyncContextManager[tuple[Simulator, list[Terminal]]]:
    """Start a modem for each account; all are at one carrier."""
    whole = {"name": "c", "tariff": TARIFF, "vouchers": VOUCHERS, "notice_s": 0.1} | carrier
    modems = [{"sims": [{"account": {"carrier": "c"} | account}]} for account in accounts]
    return world(*modems, carriers=[whole], speed=speed)


def the_carrier(sim: Simulator) -> Carrier:
    return sim.network.money.carriers["c"]


def account(sim: Simulator, modem: str = "m0") -> Account:
    return sim.network.money.accounts[sim.modems[modem].cards[0].part.iccid]


def adds_up(account: Account) -> bool:
    """Whether the movements explain the balance."""
    moved = sum((each.amount for each in account.movements), Decimal(0))
    return account.balance == account.opening + moved
