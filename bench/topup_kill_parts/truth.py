"""What the carriers know: who tried which code, when, and what became of it."""

import time
from collections import defaultdict
from decimal import Decimal

from bench.topup_kill_parts.scenario import SPEED, STRANGER
from simulator.money.vouchers import Try, Verdict
from simulator.network import Network


class Truth:
    """Made together with the network, whose clock it translates into seconds of the epoch."""

    def __init__(self, network: Network) -> None:
        self._billing = network.money
        self._began = time.time() - network.clock.now() / SPEED

    def tries(self) -> dict[str, list[Try]]:
        """Every use of a code by one of our SIMs."""
        tries: defaultdict[str, list[Try]] = defaultdict(list)
        for entry in self._billing.tries:
            if entry.iccid != STRANGER:
                tries[entry.code].append(entry)
        return dict(tries)

    def at(self, entry: Try) -> float:
        """When it was, in seconds of the epoch."""
        return self._began + entry.at_s / SPEED

    def is_good(self, code: str) -> bool:
        """Whether a carrier would still give money for the code."""
        return any(
            carrier.vouchers.judge(code) is Verdict.ACCEPTED
            for carrier in self._billing.carriers.values()
        )

    def gave(self, code: str) -> Decimal:
        """The money that a code gave to one of our SIMs."""
        return sum((entry.amount for entry in self.tries().get(code, ())), Decimal())

    def took_since(self, sim: str, since: float) -> bool:
        """Whether a SIM has got money for a voucher since then (seconds of the epoch)."""
        return any(
            entry.iccid == sim and entry.verdict is Verdict.ACCEPTED and self.at(entry) >= since
            for entry in self._billing.tries
        )

    def credited(self) -> Decimal:
        """All that our SIMs got, by their accounts."""
        accounts = self._billing.accounts.values()
        return sum((account.balance - account.opening for account in accounts), Decimal())
