"""Whatever calls overlap on one SIM, they never spend more than there is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.calls import NetworkCall, OutsideParty, Side
from simulator.money.account import Account
from simulator.money.meter import Meter
from simulator.money.parts import AccountPart, Unit
from simulator.money.tariff import Price
from tests.simulator.money.worlds import adds_up

CUT = 68
TALKS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 400)), min_size=1, max_size=4)


class HandClock:
    """Goes from timer to timer."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self._due: list[tuple[float, Any]] = []

    def now(self) -> float:
        return self.at_s

    def later(self, seconds: float, callback: Any, *args: Any) -> None:
        self._due.append((self.at_s + seconds, lambda: callback(*args)))

    def run(self) -> None:
        while self._due:
            soonest = min(self._due, key=lambda due: due[0])
            self._due.remove(soonest)
            self.at_s = soonest[0]
            soonest[1]()


def hold_calls(account: Account, price: Price, talks: list[tuple[int, int]]) -> list[NetworkCall]:
    """Hold calls that are answered at a second and would last so long; all end."""
    clock: Any = HandClock()
    calls = []
    for place, (at_s, talk_s) in enumerate(talks):
        call = NetworkCall(place, OutsideParty(), account.number, "+491", clock)
        bundles = account.bundles_for(Unit.MINUTES, "+491", 0, on_net=False)
        call.meter = Meter(account, price, bundles, CUT, lambda _: None)
        clock.later(at_s, call.answer)
        clock.later(at_s + talk_s, call.release, 16, Side.CALLEE)
        calls.append(call)
    clock.run()
    return calls


@given(
    price=st.builds(
        Price,
        st.integers(1, 90),
        st.integers(1, 90),
        st.decimals(0, 30, places=2),
        st.decimals(0, 3, places=2),
    ),
    balance=st.decimals(0, 60, places=2),
    minutes=st.integers(0, 5),
    talks=TALKS,
)
def test_calls_never_spend_more_than_there_is(
    price: Price, balance: Decimal, minutes: int, talks: list[tuple[int, int]]
) -> None:
    bundle = {"unit": "minutes", "amount": minutes}
    part = {"carrier": "c", "balance": balance, "bundles": [bundle]}
    account = Account("89", "+490", AccountPart.model_validate(part))
    calls = hold_calls(account, price, talks)

    assert account.balance >= 0
    assert account.bundles[0].left >= 0
    assert (account.held, account.bundles[0].held) == (Decimal(0), Decimal(0))
    assert adds_up(account)
    assert len(account.charges) == len(talks)
    for charge in account.charges:
        call = calls[charge.call or 0]
        assert call.cause == CUT or charge.billed_s == price.billed_s(call.talk_s)
        assert call.talk_s <= charge.billed_s
