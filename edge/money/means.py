"""What top-ups are made of."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from edge.money.ledger import Ledger
from edge.money.rules import Rules
from edge.money.topups import TopUps
from edge.money.vouchers import Vouchers


@dataclass(frozen=True, slots=True)
class Means:
    """`max_refused` codes in a row lock a SIM out; days begin in `zone`."""

    ledger: Ledger
    vouchers: Vouchers
    topups: TopUps
    rules: Rules
    max_refused: int
    zone: ZoneInfo
