"""An entry of the ledger: one fact about money, numbered, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict

from edge.outbox import Message
from edge.store import Op
from mqtt.messages import Left, MoneyEvent
from mqtt.vocabulary import MoneyKind

PLACES = Decimal("0.0001")  # as the contract writes money
AMOUNT_END = Decimal(10) ** 12  # no balance is that high: what says so was misread


class Facts(TypedDict, total=False):
    """What an entry may tell besides its kind; `text` and `message` hold no codes."""

    line: str | None
    sim: str | None
    carrier: str | None
    amount: Decimal | None
    currency: str | None
    expires: date | None
    buckets: Sequence[Left]
    unasked: bool
    topup_id: str | None
    donor: str | None
    voucher: str | None
    call_id: str | None
    cause: str | None
    text: str | None
    message: str | None
    cmd_id: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` in seconds of the epoch; `amount` None where it is not known."""

    number: int
    at: float
    kind: MoneyKind
    line: str | None = None
    sim: str | None = None
    carrier: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    expires: date | None = None
    buckets: tuple[Left, ...] = ()
    unasked: bool = False
    topup_id: str | None = None
    donor: str | None = None
    voucher: str | None = None
    call_id: str | None = None
    cause: str | None = None
    text: str | None = None
    message: str | None = None
    cmd_id: str | None = None

    @classmethod
    def of(cls, event: MoneyEvent) -> "Entry":
        """Read the entry that an event tells of."""
        return cls(
            number=event.entry,
            at=event.ts.timestamp(),
            kind=event.kind,
            line=event.line,
            sim=event.sim,
            carrier=event.carrier,
            amount=None if event.amount is None else Decimal(event.amount),
            currency=event.currency,
            expires=None if event.expires is None else date.fromisoformat(event.expires),
            buckets=tuple(event.buckets or ()),
            unasked=bool(event.unasked),
            topup_id=event.topup_id,
            donor=event.donor,
            voucher=event.voucher,
            call_id=event.call_id,
            cause=event.cause,
            text=event.text,
            message=event.message,
            cmd_id=event.cmd_id,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Entries as messages and rows, to be written in one commit (Ledger.write, or an Outcome)."""

    messages: tuple[Message, ...] = ()
    facts: tuple[Op, ...] = ()

    @classmethod
    def join(cls, changes: Iterable["Change"]) -> "Change":
        """Make one commit of many, in their order."""
        parts = tuple(changes)
        return cls(
            tuple(message for part in parts for message in part.messages),
            tuple(op for part in parts for op in part.facts),
        )


def write_money(amount: Decimal | None) -> str | None:
    """Write an amount as the contract has it; None for one that nobody can own."""
    if amount is None or not amount.is_finite() or abs(amount) >= AMOUNT_END:
        return None
    return format(amount.quantize(PLACES).normalize() + 0, "f")
