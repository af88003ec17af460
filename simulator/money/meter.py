"""The meter of one call: pays ahead minute by minute, cuts the call when nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.calls import NetworkCall, Side
from simulator.money.account import Cost, Movement, What

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.money.account import Account, Bundle
    from simulator.money.tariff import Price

_AHEAD_S = 60  # so that two calls of one SIM cannot spend the same money


class Meter:
    """Implements calls.Meter for a SIM with an account; `over` is called once all is charged."""

    def __init__(
        self,
        account: Account,
        price: Price,
        bundles: Sequence[Bundle],
        cut_cause: int,
        over: Callable[[NetworkCall], None],
    ) -> None:
        self._account = account
        self._price = price
        self._bundles = bundles
        self._cut_cause = cut_cause
        self._over = over
        self._paid_s = 0
        self._held = Cost()

    def answered(self, call: NetworkCall) -> None:
        """Pay ahead from the answer on."""
        if call.ended_s is not None:
            return
        paid_before_s = self._paid_s
        self._pay_ahead(call.clock.now())
        if self._paid_s > paid_before_s:
            call.clock.later(self._paid_s - call.talk_s, self.answered, call)
        else:
            call.release(self._cut_cause, Side.NETWORK)

    def released(self, call: NetworkCall) -> None:
        """Charge what was used of what was paid ahead."""
        self._account.let_go(self._held)
        if call.answered_s is not None:
            self._charge(call)
        self._over(call)

    def _pay_ahead(self, now: float) -> None:
        """Hold what the next minute costs, or the part of it that can be paid."""
        account, price = self._account, self._price
        account.let_go(self._held)
        reach_s = account.reach_s(price, self._bundles, now)
        paid_s = min(reach_s, price.billed_s(self._paid_s + _AHEAD_S))
        if paid_s > self._paid_s:
            self._paid_s, self._held = paid_s, account.cost(price, self._bundles, paid_s)
        account.hold(self._held)

    def _charge(self, call: NetworkCall) -> None:
        now, talk_s = call.clock.now(), call.talk_s
        billed_s = min(self._paid_s, self._price.billed_s(talk_s))
        cost = self._account.cost(self._price, self._bundles, billed_s)
        called = call.callee_number
        self._account.take(
            cost,
            Movement(now, What.CALL, -cost.money, called, call.id, talk_s, billed_s, cost.bundle_s),
        )
