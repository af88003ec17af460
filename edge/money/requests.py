"""What a carrier is asked, and what it says: requests, senders, codes that nobody may see."""

import re
from dataclasses import dataclass, field

from config.carriers import CarrierProfile, How, Query, Recharge

MASK = "***"
CODES_KEPT = 200  # a carrier's late words may still repeat a code of long ago
SHORT_CODE = 6  # digits: no subscriber's number has so few


@dataclass(frozen=True, slots=True)
class Request:
    """A USSD code and the answers to its menus, or (`text`) an SMS.

    `code` is what is secret in it.
    """

    to: str = field(repr=False)
    text: str | None = field(default=None, repr=False)
    steps: tuple[str, ...] = ()
    code: str | None = field(default=None, repr=False)


def balance_request(query: Query | None) -> Request | None:
    """How the balance is asked for; None where that takes a call, or nobody knows."""
    if query is None or query.how is How.CALL:
        return None
    return Request(query.code, query.text, query.steps)


def recharge_request(rules: Recharge | None, code: str) -> Request | None:
    """How a voucher is redeemed; None where that takes a call, or nobody knows."""
    if rules is None or rules.how is How.CALL:
        return None
    filled = rules.template.replace("{code}", code)
    if rules.number is None:
        return Request(filled, code=code)
    return Request(rules.number, filled, code=code)


def speaks_for(sender: str, profile: CarrierProfile) -> bool:
    """Whether an SMS is the carrier's: from its number, a short code, or its name.

    A name can be forged, so it must be the carrier's own, and money is believed by its balance.
    """
    if any(char.isalpha() for char in sender):
        return profile.is_called(sender) or profile.claims(sender)
    own = (
        profile.query.code if profile.query else None,
        profile.recharge.number if profile.recharge else None,
    )
    short = 0 < len(sender) <= SHORT_CODE
    return short or any(same_number(sender, number) for number in own if number)


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are one: with the country's code in front of either, or without."""
    shorter, longer = sorted((one.lstrip("+0"), other.lstrip("+0")), key=len)
    return shorter != "" and longer.endswith(shorter)


class Codes:
    """Codes that left lately, hidden wherever they turn up again, with blanks in them or not."""

    def __init__(self) -> None:
        self._codes: dict[str, re.Pattern[str]] = {}

    def keep(self, code: str) -> None:
        """Hide this code from now on."""
        self._codes[code] = re.compile(r"[\s.-]*".join(map(re.escape, code)), re.IGNORECASE)
        if len(self._codes) > CODES_KEPT:
            del self._codes[next(iter(self._codes))]

    def hide(self, text: str) -> str:
        """Return the text with every code masked."""
        for pattern in self._codes.values():
            text = pattern.sub(MASK, text)
        return text
