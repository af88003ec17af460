"""Read a carrier's balance text: the general reader, steered by the carrier's rules.

Precision goes before recall: an amount counts only where a word or its place says that it is the
balance. What cannot be read stays unknown, and the text is kept.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from config.carriers import DateOrder, ReadRules, Unit
from modem.balance.choose import Judged, choose
from modem.balance.dates import DateStyle, find_dates
from modem.balance.expiry import end_of_balance
from modem.balance.facts import Balance, Bucket
from modem.balance.fold import fold, tidy
from modem.balance.numerals import NUMERAL, read_numeral
from modem.balance.quantities import Measure
from modem.balance.roles import Role
from modem.balance.scan import Scanned, scan
from modem.balance.words import pattern_of


def read_balance(
    text: str, rules: ReadRules, *, currency: str | None, today: date | None = None
) -> Balance:
    """Read a text; `currency` is the one expected where it names none, `today` when it came."""
    plain = _without(rules.ignore, tidy(text))
    style = DateStyle(rules.date_order or DateOrder.DMY, currency, today)
    found = scan(plain, rules, style)
    amount, told = _by_rules(plain, rules, currency) or _sum(
        choose(found.text, found.money, rules), currency
    )
    end = end_of_balance(found.expiries, alone=amount is None)
    return Balance(
        text=text,
        amount=amount,
        currency=told,
        expiry=_expiry_by_rules(plain, rules, style) or (end.day if end else None),
        valid_days=end.days if end else None,
        buckets=(*_buckets(found), *_own_buckets(plain, rules)),
        no_credit=_says(rules.no_credit_words, plain),
        barred=_says(rules.barred_words, plain),
    )


def _without(patterns: Iterable[str], text: str) -> str:
    for pattern in patterns:
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def _says(entries: Sequence[str], text: str) -> bool:
    return pattern_of(entries).search(fold(text)) is not None


# --- money


def _by_rules(
    plain: str, rules: ReadRules, currency: str | None
) -> tuple[Decimal | None, str | None] | None:
    """The amount that the first matching pattern of the carrier names."""
    for pattern in rules.amount:
        if match := re.search(pattern, plain, re.IGNORECASE):
            written = (match["amount"] or "").strip()
            numeral = re.search(NUMERAL, written)
            value = read_numeral(numeral[0], currency) if numeral else None
            negative = value is not None and written.startswith("-")
            return (-value if value is not None and negative else value), currency
    return None


def _sum(chosen: Sequence[Judged], currency: str | None) -> tuple[Decimal | None, str | None]:
    """Amount and currency of what was chosen; a placeholder tells the currency alone."""
    if not chosen:
        return None, None
    amounts = [judged.money.amount for judged in chosen]
    known = [amount for amount in amounts if amount is not None]
    amount = sum(known, Decimal()) if len(known) == len(amounts) else None
    return amount, chosen[0].money.currency or currency


def _expiry_by_rules(plain: str, rules: ReadRules, style: DateStyle) -> date | None:
    for pattern in rules.expiry:
        if match := re.search(pattern, plain, re.IGNORECASE):
            return next((found.day for found in find_dates(fold(match["expiry"]), style)), None)
    return None


# --- buckets

_IN_UNIT = {
    Measure.MINUTES: (Unit.MINUTES, Decimal(1)),
    Measure.SECONDS: (Unit.MINUTES, Decimal(1) / 60),
    Measure.SMS: (Unit.SMS, Decimal(1)),
    Measure.KILOBYTES: (Unit.DATA, Decimal(1) / 1024),
    Measure.MEGABYTES: (Unit.DATA, Decimal(1)),
    Measure.GIGABYTES: (Unit.DATA, Decimal(1024)),
    Measure.TERABYTES: (Unit.DATA, Decimal(1024**2)),
}


def _buckets(found: Scanned) -> Iterator[Bucket]:
    """Minutes, SMS, data, and money that is no part of the balance."""
    until = {expiry.owner: expiry.day for expiry in found.expiries if expiry.owner}
    for quantity in found.quantities:
        unit, worth = _IN_UNIT[quantity.measure]
        value = quantity.value * worth
        yield Bucket(quantity.name or unit.value, unit, value, expiry=until.get(quantity))
    for judged in found.money:
        amount, currency = judged.money.amount, judged.money.currency
        if judged.role is Role.APART and amount is not None and currency:
            yield Bucket("bonus", Unit.MONEY, amount, currency, until.get(judged))


def _own_buckets(plain: str, rules: ReadRules) -> Iterator[Bucket]:
    for rule in rules.buckets:
        matches = re.finditer(rule.pattern, plain, re.IGNORECASE)
        values = [read_numeral(match["value"], None) for match in matches]
        known = [value for value in values if value is not None]
        if known:
            yield Bucket(rule.name, rule.unit, sum(known, Decimal()))
