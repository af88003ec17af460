"""Read a carrier's balance text: the general reader, steered by the carrier's rules.

What is understood is blanked out step by step, dates and quantities before codes and telephone
numbers, so that the numbers left at the end are money or nothing. Precision goes before recall:
an amount counts only where a word or its place says that it is the balance.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from config.carriers import DateOrder, ReadRules, Unit
from modem.balance.choose import Judged, choose, judge_all
from modem.balance.dates import DateStyle, FoundDate, find_dates
from modem.balance.expiry import Expiry, end_rank, find_expiries
from modem.balance.facts import Balance, Bucket
from modem.balance.fold import fold, tidy
from modem.balance.money import find_money
from modem.balance.noise import blank_codes, blank_numbers, blank_times
from modem.balance.numerals import NUMERAL, read_numeral
from modem.balance.page import BLANK, CODE, QUANTITY, Page
from modem.balance.quantities import Measure, Quantity, find_quantities
from modem.balance.roles import Role, first_part, last_sentence
from modem.balance.words import pattern_of, words


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands in a text; `text` is folded, with all but the money blanked out."""

    text: str
    quantities: tuple[Quantity, ...]
    valid_days: int | None
    expiries: tuple[Expiry, ...]
    money: tuple[Judged, ...]


def read_balance(
    text: str, rules: ReadRules, *, currency: str | None, today: date | None = None
) -> Balance:
    """Read a text; `currency` is the one expected where it names none, `today` when it came."""
    plain = _without(rules.ignore, tidy(text))
    style = DateStyle(rules.date_order or DateOrder.DMY, currency, today)
    found = _scan(plain, rules, currency, style)
    chosen = choose(found.text, found.money, rules)
    amount, told = _by_rules(plain, rules, currency) or _sum(chosen, currency)
    days = found.valid_days
    expiry = _expiry_by_rules(plain, rules, style) or _expiry(found.expiries, amount)
    if expiry is None and days is not None and today:
        expiry = today + timedelta(days)
    return Balance(
        text=text,
        amount=amount,
        currency=told,
        expiry=expiry,
        valid_days=days,
        buckets=(*_buckets(found), *_apart(found.money), *_own_buckets(plain, rules)),
        no_credit=_says(rules.no_credit_words, plain),
        barred=_says(rules.barred_words, plain),
    )


def _without(patterns: Iterable[str], text: str) -> str:
    for pattern in patterns:
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def _says(entries: Sequence[str], text: str) -> bool:
    return pattern_of(entries).search(fold(text)) is not None


def _scan(plain: str, rules: ReadRules, currency: str | None, style: DateStyle) -> _Found:
    page = Page(fold(plain))
    blank_codes(page)
    dates = tuple(find_dates(page.text, style))
    _blank(page, dates, BLANK)
    counted = sorted(find_quantities(page.text, currency), key=lambda found: found.start)
    _blank(page, counted, QUANTITY)
    blank_times(page)
    blank_numbers(page, currency)
    left = tuple(q for q in counted if q.measure is not Measure.DAYS and _is_left(page.text, q))
    days = (q for q in counted if q.measure is Measure.DAYS and _is_end(page.text, q))
    money = tuple(judge_all(page.text, find_money(page.text, currency), rules))
    return _Found(
        text=page.text,
        quantities=left,
        valid_days=next((int(q.value) for q in days if q.value <= _MAX_DAYS), None),
        expiries=tuple(find_expiries(page.text, dates, counted, money)),
        money=money,
    )


_MAX_DAYS = 3660


def _blank(page: Page, spans: Iterable[FoundDate | Quantity], filler: str) -> None:
    for span in spans:
        page.blank(span.start, span.end, filler)


# --- money


def _by_rules(
    plain: str, rules: ReadRules, currency: str | None
) -> tuple[Decimal | None, str | None] | None:
    """The amount that the first matching pattern of the carrier names."""
    for pattern in rules.amount:
        if match := re.search(pattern, plain, re.IGNORECASE):
            written = (match["amount"] or "").strip()
            sign = -1 if written.startswith("-") else 1
            numeral = re.search(NUMERAL, written)
            value = read_numeral(numeral[0], currency) if numeral else None
            return (None if value is None else sign * value), currency
    return None


def _sum(chosen: Sequence[Judged], currency: str | None) -> tuple[Decimal | None, str | None]:
    """Amount and currency of what was chosen; a placeholder tells the currency alone."""
    if not chosen:
        return None, None
    amounts = [judged.money.amount for judged in chosen]
    told = chosen[0].money.currency or currency
    known = [amount for amount in amounts if amount is not None]
    return (sum(known, Decimal()) if len(known) == len(amounts) else None), told


def _apart(money: Sequence[Judged]) -> Iterator[Bucket]:
    for judged in money:
        amount, currency = judged.money.amount, judged.money.currency
        if judged.role is Role.APART and amount is not None and currency:
            yield Bucket("bonus", Unit.MONEY, amount, currency)


# --- minutes, SMS, data, days

_IN_UNIT = {
    Measure.MINUTES: (Unit.MINUTES, Decimal(1)),
    Measure.SECONDS: (Unit.MINUTES, Decimal(1) / 60),
    Measure.SMS: (Unit.SMS, Decimal(1)),
    Measure.KILOBYTES: (Unit.DATA, Decimal(1) / 1024),
    Measure.MEGABYTES: (Unit.DATA, Decimal(1)),
    Measure.GIGABYTES: (Unit.DATA, Decimal(1024)),
    Measure.TERABYTES: (Unit.DATA, Decimal(1024**2)),
}


def _is_left(text: str, quantity: Quantity) -> bool:
    """Whether a quantity is there to be used: not used up, not on offer."""
    sentence = last_sentence(text[: quantity.start])
    behind = first_part(text[quantity.end :])[0]
    told = words("have").search(sentence) or words("balance").search(sentence)
    if words("gone").search(sentence) or words("failure").search(text):
        return False
    on_offer = any(char.isdigit() or char == CODE for char in sentence + behind)
    return bool(told or words("have").match(behind.lstrip()) or not on_offer)


def _is_end(text: str, quantity: Quantity) -> bool:
    return end_rank(text, quantity.start, quantity.end) > 0


def _buckets(found: _Found) -> Iterator[Bucket]:
    until = {expiry.owner: expiry.date.day for expiry in found.expiries if expiry.owner}
    for quantity in found.quantities:
        unit, worth = _IN_UNIT[quantity.measure]
        name = quantity.name or unit.value
        yield Bucket(name, unit, quantity.value * worth, expiry=until.get(quantity))


def _own_buckets(plain: str, rules: ReadRules) -> Iterator[Bucket]:
    for rule in rules.buckets:
        matches = re.finditer(rule.pattern, plain, re.IGNORECASE)
        values = [read_numeral(match["value"], None) for match in matches]
        known = [value for value in values if value is not None]
        if known:
            yield Bucket(rule.name, rule.unit, sum(known, Decimal()))


# --- expiry


def _expiry_by_rules(plain: str, rules: ReadRules, style: DateStyle) -> date | None:
    for pattern in rules.expiry:
        if match := re.search(pattern, plain, re.IGNORECASE):
            return next((found.day for found in find_dates(fold(match["expiry"]), style)), None)
    return None


def _expiry(expiries: Sequence[Expiry], amount: Decimal | None) -> date | None:
    """The balance's end; without an amount the first end of anything."""
    own = [each for each in expiries if each.owner is None and each.date.day]
    if not own and amount is None:
        own = [each for each in expiries if each.date.day]
    best = max(own, key=lambda each: each.rank, default=None)
    return best.date.day if best else None
