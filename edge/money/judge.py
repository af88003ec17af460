"""What a carrier's words and the balance say of a top-up that was sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edge.money.saga import Event, TopUp

SETTLE_S = 86_400.0  # a carrier may credit late; a day later the balance decides

# Beginnings of words in the languages of the profiles that take vouchers: en, de, uk, ru, th, vi.
_USED_WORDS = (
    "already", "been used", "bereits", "використан", "использован", "vykorystan", "ถูกใช้",
    "da duoc su dung",
)  # fmt: skip
_WRONG_WORDS = (
    "invalid", "incorrect", "wrong", "ungueltig", "ungültig", "falsch", "невірн", "nevirn",
    "неверн", "ไม่ถูกต้อง", "khong hop le", "sai ma",
)  # fmt: skip
_LATER_WORDS = (
    "try again later", "try later", "timed out", "time out", "timeout", "temporar", "unavailable",
    "system busy", "being processed", "spaeter", "später", "пізніше", "позже", "ภายหลัง",
    "thu lai sau",
)  # fmt: skip
_WORDLESS = frozenset(
    {Event.CREDITED, Event.NOT_CREDITED, Event.JUDGED_PAID, Event.JUDGED_LOST}
)  # ends of which the carrier had said nothing: its words may still come


@dataclass(frozen=True, slots=True)
class Words:
    """A carrier's words of success and failure, as its profile has them."""

    success: Sequence[str]
    failure: Sequence[str]


def judge_reply(texts: Sequence[str], words: Words) -> Event:
    """Judge what a carrier said: ACCEPTED, a refusal, CARRIER_TIMED_OUT, NO_REPLY or UNCLEAR.

    A refusal goes before a success ("not successful"), and "later" before both: it may still come.
    """
    text = " ".join(texts).casefold()
    if not text.strip():
        return Event.NO_REPLY
    if _says(text, _LATER_WORDS):
        return Event.CARRIER_TIMED_OUT
    if _says(text, words.failure):
        if _says(text, _USED_WORDS):
            return Event.ALREADY_USED
        return Event.WRONG_CODE if _says(text, _WRONG_WORDS) else Event.REFUSED
    return Event.ACCEPTED if _says(text, words.success) else Event.UNCLEAR


def is_ambiguous(topup: TopUp, all_topups: Iterable[TopUp], now: float) -> bool:
    """Whether words that come late may be about another top-up of the SIM, one that got none."""
    return any(
        other.sim == topup.sim
        and other.cause in _WORDLESS
        and other.sent_at is not None
        and now - other.sent_at < SETTLE_S
        for other in all_topups
    )


def judge_balance(topup: TopUp, after: Decimal | None, now: float) -> Event | None:
    """Judge a balance seen after the sending: CREDITED, NOT_CREDITED, or None: it decides nothing.

    `after` is in the currency of the top-up. A rise by the amount, less what calls have cost,
    is a credit. A day later, no rise and no less lost than calls have cost is none; what lies
    between is for a person.
    """
    if after is None or topup.before is None or topup.amount is None or topup.sent_at is None:
        return None
    without = topup.before - topup.charged
    if after >= without + topup.amount:
        return Event.CREDITED
    settled = now - topup.sent_at >= SETTLE_S
    return Event.NOT_CREDITED if settled and after <= without else None


def _says(text: str, words: Sequence[str]) -> bool:
    return any(word.casefold() in text for word in words)
