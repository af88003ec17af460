"""One simulated carrier: admits and charges calls and SMS, keeps accounts, bars who overdoes it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from simulator.calls import Cause, NetworkCall
from simulator.clock import draw, seeded
from simulator.money.account import Account, Bundle, Movement, What
from simulator.money.dialect import dialect
from simulator.money.fair_use import FairUse
from simulator.money.faults import Faults
from simulator.money.meter import Meter
from simulator.money.parts import Unit
from simulator.money.services import Services
from simulator.money.tariff import price
from simulator.money.vouchers import Vouchers

if TYPE_CHECKING:
    from simulator.money.parts import CarrierPart
    from simulator.network import Network

_EMERGENCY = frozenset({"112", "911"})
_SMS_BARRED, _SMS_REJECTED = 8, 21  # 24.011 table 8.4: operator determined barring, rejected


class Carrier:
    """`accounts` by number; `vouchers`, `faults` and the accounts' `bars` are the truth."""

    def __init__(self, part: CarrierPart, network: Network, seed: int) -> None:
        self.part = part
        self.dialect = dialect(part.dialect)
        self.accounts: dict[str, Account] = {}
        self.vouchers = Vouchers(part.vouchers)
        self.faults = Faults(part.faults, seeded(seed, "faults", part.name))
        self.services = Services(self, network)
        self._network = network
        self._rng = seeded(seed, "carrier", part.name)
        self._use: dict[str, FairUse] = {}

    def open_account(self, account: Account) -> None:
        """Take a SIM in."""
        self.accounts[account.number] = account
        self._use[account.number] = FairUse(self.part.fair_use)

    def bar(self, account: Account, reason: str) -> None:
        """Bar a SIM and tell it so by SMS."""
        account.bar(self._network.clock.now(), reason)
        self._network.note("barred", account.number, reason)
        self.services.text(account, self.dialect.texts.barred)

    def admit(self, call: NetworkCall) -> int | None:
        """Put a meter on a call that its SIM may make; the cause of the refusal otherwise."""
        if call.callee_number in _EMERGENCY:
            return None
        account = self.accounts[call.caller_number]
        if self._is_barred(account, call.callee_number):
            return Cause.BARRED
        now, number = self._network.clock.now(), call.callee_number
        on_net = self._is_on_net(number)
        asked = price(self.part.tariff, number, on_net=on_net)
        bundles = account.bundles_for(Unit.MINUTES, number, now, on_net=on_net)
        if not account.reach_s(asked, bundles, now):
            self.services.notify(account, self.dialect.texts.no_credit)
            return self.part.no_credit_cause
        call.meter = Meter(account, asked, bundles, self.part.no_credit_cause, self._over)
        return None

    def refuses_sms(self, number: str, to: str) -> int | None:
        """Return the cause (24.011) for which a SIM may not write there, None if it may."""
        account = self.accounts[number]
        if self.services.is_own(to):
            return None
        if account.barred:
            return _SMS_BARRED
        now = self._network.clock.now()
        paid = self._sms_bundles(account, to) or account.credit(now) >= self.part.tariff.sms
        return None if paid else _SMS_REJECTED

    def take_sms(self, number: str, to: str, text: str) -> None:
        """Charge an SMS, or answer it if it is for the carrier itself."""
        account = self.accounts[number]
        if self.services.is_own(to):
            self.services.heard(account, to, text)
            return
        bundles = self._sms_bundles(account, to)
        if bundles:
            bundles[0].left -= 1
        amount = Decimal(0) if bundles else -self.part.tariff.sms
        account.move(Movement(self._network.clock.now(), What.SMS, amount, to))

    def _is_barred(self, account: Account, callee: str) -> bool:
        """Count a call that is tried; the one that passes a limit is refused too."""
        if account.barred is None:
            at = self._network.clock.date(self._network.clock.now())
            if reason := self._use[account.number].began(callee, at):
                self.bar(account, reason)
        return account.barred is not None

    def _over(self, call: NetworkCall) -> None:
        """Look at the use of a SIM whose call is over, and tell it what the call cost."""
        if call.answered_s is None:
            return
        account, clock = self.accounts[call.caller_number], self._network.clock
        if reason := self._use[account.number].talked(call.talk_s, clock.date(clock.now())):
            self.bar(account, reason)
        text = self.services.after_call(account, account.movements[-1])
        clock.later(draw(self.part.notice_s, self._rng), self.services.notify, account, text)

    def _is_on_net(self, number: str) -> bool:
        return number in self.accounts or number.startswith(self.part.on_net or (" ",))

    def _sms_bundles(self, account: Account, to: str) -> list[Bundle]:
        now, on_net = self._network.clock.now(), self._is_on_net(to)
        bundles = account.bundles_for(Unit.SMS, to, now, on_net=on_net)
        return [bundle for bundle in bundles if bundle.left >= 1]
