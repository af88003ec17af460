"""A carrier's text about a balance, as the facts of a ledger entry. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from config.carriers import CarrierProfile
from edge.money.entry import Facts
from modem.balance import Balance, Bucket, read_balance
from mqtt.messages import Left

TEXT_MAX = 2000  # characters that are read of a text
BUCKETS_MAX = 20  # of one text


class Words(StrEnum):
    """What a carrier says of a SIM besides amounts: the `cause` of a balance's entry."""

    NO_CREDIT = "no_credit"
    BARRED = "barred"


def read_text(text: str, profile: CarrierProfile, today: date) -> Facts | None:
    """Return the facts of a text; None where it tells nothing that may be relied on."""
    balance = read_balance(text[:TEXT_MAX], profile.read, currency=profile.currency, today=today)
    words = _words(balance)
    if balance.unknown and words is None:
        return None
    return {
        "amount": balance.amount,
        "currency": balance.currency,
        "expires": _end(balance, today),
        "buckets": _left(balance.buckets),
        "cause": words,
    }


def _words(balance: Balance) -> Words | None:
    """What the text says of the SIM itself; a SIM that holds money is not empty."""
    if balance.barred:
        return Words.BARRED
    empty = balance.no_credit and (balance.amount is None or balance.amount <= 0)
    return Words.NO_CREDIT if empty else None


def _end(balance: Balance, today: date) -> date | None:
    """The last day of a balance; "valid for 5 days" counts from today."""
    if balance.expiry or balance.valid_days is None:
        return balance.expiry
    try:
        return today + timedelta(days=balance.valid_days)
    except OverflowError:
        return None


def _left(buckets: Sequence[Bucket]) -> list[Left]:
    return [
        Left(
            name=bucket.name[:64],
            unit=bucket.unit,
            left=float(bucket.value),
            expires=bucket.expiry.isoformat() if bucket.expiry else None,
        )
        for bucket in buckets[:BUCKETS_MAX]
    ]
