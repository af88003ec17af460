"""What each SIM was last seen to hold, and what its calls have cost since."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from edge.money.entry import Entry
from mqtt.messages import Left
from mqtt.vocabulary import MoneyKind


@dataclass(slots=True)
class Fund:
    """`amount` None: never told, or not readable; `charged` since `at`.

    `unasked`: the carrier told it by itself, so nobody knows of what moment it is.
    """

    amount: Decimal | None = None
    currency: str | None = None
    expires: date | None = None
    buckets: tuple[Left, ...] = ()
    at: float = 0.0
    charged: Decimal = field(default_factory=Decimal)
    unasked: bool = False

    def sure(self, currency: str | None) -> Decimal | None:
        """The amount, in this currency, of the moment `at`; None where that is not certain."""
        return self.amount if self.currency == currency and not self.unasked else None


class Funds:
    """The last balance of each SIM, by ICCID."""

    def __init__(self) -> None:
        self._funds: dict[str, Fund] = {}

    def of(self, sim: str) -> Fund:
        """What is known of a SIM; all unknown for a stranger."""
        return self._funds.get(sim) or Fund()

    def take(self, entry: Entry) -> None:
        """Learn from an entry of any kind."""
        if entry.sim is None:
            return
        if entry.kind is MoneyKind.BALANCE:
            self._funds[entry.sim] = Fund(
                entry.amount,
                entry.currency,
                entry.expires,
                entry.buckets,
                entry.at,
                unasked=entry.unasked,
            )
        elif entry.kind is MoneyKind.CHARGE and entry.amount is not None:
            self._funds.setdefault(entry.sim, Fund()).charged += entry.amount

    def doubt(self, sim: str) -> None:
        """Money may have come since the last balance: what the SIM holds is not known now."""
        if fund := self._funds.get(sim):
            fund.amount = None
