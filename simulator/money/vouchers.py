"""A carrier's vouchers: each gives its amount once, and every try is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.money.parts import VoucherPart


class Verdict(StrEnum):
    """What became of a try."""

    ACCEPTED = "accepted"
    ALREADY_USED = "already_used"
    WRONG_CODE = "wrong_code"
    LOCKED = "locked"  # after too many wrong codes
    NOT_TAKEN = "not_taken"  # lost on its way: the code is as good as before


@dataclass(frozen=True, slots=True)
class Try:
    """One use of a code by a SIM."""

    at_s: float
    iccid: str
    code: str
    verdict: Verdict
    amount: Decimal = Decimal(0)


class Vouchers:
    """Which codes there are, and the truth about each."""

    def __init__(self, parts: Iterable[VoucherPart]) -> None:
        self._amounts = {part.code: part.amount for part in parts}
        self.tries: list[Try] = []
        self.accepted: dict[str, Try] = {}

    def issue(self, code: str, amount: Decimal) -> None:
        """Sell one more."""
        self._amounts[code] = amount

    def judge(self, code: str) -> Verdict:
        """Tell what would become of a code, without using it."""
        if code in self.accepted:
            return Verdict.ALREADY_USED
        return Verdict.ACCEPTED if code in self._amounts else Verdict.WRONG_CODE

    def use(self, at_s: float, iccid: str, code: str, verdict: Verdict) -> Decimal:
        """Write a try down and return what it gives; only an accepted one gives anything."""
        amount = self._amounts[code] if verdict is Verdict.ACCEPTED else Decimal(0)
        entry = Try(at_s, iccid, code, verdict, amount)
        self.tries.append(entry)
        if verdict is Verdict.ACCEPTED:
            self.accepted[code] = entry
        return amount

    def times_tried(self) -> Counter[str]:
        """Count the tries of each code."""
        return Counter(entry.code for entry in self.tries)
