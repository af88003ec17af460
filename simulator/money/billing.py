"""All carriers and accounts of a world: the network asks who pays, tests ask for the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.money.account import Account
from simulator.money.carrier import Carrier

if TYPE_CHECKING:
    from simulator.calls import NetworkCall
    from simulator.money.vouchers import Try
    from simulator.network import Network
    from simulator.scenario import Scenario, UssdStep


class Billing:
    """`accounts` by ICCID, `carriers` by name; a SIM without an account pays nothing."""

    def __init__(self, scenario: Scenario, network: Network) -> None:
        self.carriers = {
            part.name: Carrier(part, network, scenario.seed) for part in scenario.carriers
        }
        self.accounts: dict[str, Account] = {}
        self._by_number: dict[str, Carrier] = {}
        for modem in scenario.lines():
            for sim in modem.sims:
                if sim.account:
                    self._open(Account(sim.iccid, sim.number, sim.account))

    @property
    def ever_barred(self) -> list[Account]:
        """The SIMs that a carrier has ever barred; each tells its `bars`."""
        return [account for account in self.accounts.values() if account.bars]

    @property
    def tries(self) -> list[Try]:
        """Every use of a voucher at any carrier, the oldest first."""
        tries = [entry for carrier in self.carriers.values() for entry in carrier.vouchers.tries]
        return sorted(tries, key=lambda entry: entry.at_s)

    def carrier_of(self, number: str) -> Carrier | None:
        """Return the carrier at which a number has its account."""
        return self._by_number.get(number)

    def admit(self, call: NetworkCall) -> tuple[int, float] | None:
        """Meter a call; a refusal's cause and the seconds of its announcement otherwise."""
        carrier = self.carrier_of(call.caller_number)
        cause = carrier.admit(call) if carrier else None
        return (cause, carrier.part.announcement_s) if carrier and cause else None

    def ussd(self, number: str, code: str) -> UssdStep | None:
        """Answer a code of the SIM's carrier, None for any other."""
        carrier = self.carrier_of(number)
        return carrier.services.dialled(carrier.accounts[number], code) if carrier else None

    def refuses_sms(self, number: str, to: str) -> int | None:
        """Return the cause (24.011) for which a SIM may not write there, None if it may."""
        carrier = self.carrier_of(number)
        return carrier.refuses_sms(number, to) if carrier else None

    def take_sms(self, number: str, to: str, text: str) -> None:
        """Charge an SMS, or let the carrier answer it."""
        if carrier := self.carrier_of(number):
            carrier.take_sms(number, to, text)

    def _open(self, account: Account) -> None:
        carrier = self.carriers[account.part.carrier]
        self.accounts[account.iccid] = account
        self._by_number[account.number] = carrier
        carrier.open_account(account)
