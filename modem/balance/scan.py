"""Find the facts in a text: dates and quantities first, noise next, so that money is left."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.carriers import ReadRules
from modem.balance.choose import Judged, judge_all
from modem.balance.dates import DateStyle, FoundDate, find_dates
from modem.balance.expiry import Expiry, find_expiries
from modem.balance.fold import fold
from modem.balance.money import find_money
from modem.balance.noise import blank_codes, blank_numbers, blank_times
from modem.balance.page import BLANK, CODE, QUANTITY, Page
from modem.balance.quantities import Measure, Quantity, find_quantities
from modem.balance.roles import first_part, last_sentence
from modem.balance.words import words


@dataclass(frozen=True, slots=True)
class Scanned:
    """What stands in a text; `text` is folded, with all but the money blanked out."""

    text: str
    quantities: tuple[Quantity, ...]  # that are left to use
    expiries: tuple[Expiry, ...]
    money: tuple[Judged, ...]


def scan(plain: str, rules: ReadRules, style: DateStyle) -> Scanned:
    """Find the facts in a tidied text; the currency expected is that of the dates' style."""
    currency, page = style.currency, Page(fold(plain))
    blank_codes(page)
    dates = tuple(find_dates(page.text, style))
    _blank(page, dates, BLANK)
    counted = sorted(find_quantities(page.text, currency), key=lambda found: found.start)
    _blank(page, counted, QUANTITY)
    blank_times(page)
    blank_numbers(page, currency)
    money = tuple(judge_all(page.text, find_money(page.text, currency), rules))
    return Scanned(
        text=page.text,
        quantities=tuple(each for each in counted if _is_left(page.text, each)),
        expiries=tuple(find_expiries(page.text, dates, counted, money, style.today)),
        money=money,
    )


def _blank(page: Page, spans: Iterable[FoundDate | Quantity], filler: str) -> None:
    for span in spans:
        page.blank(span.start, span.end, filler)


def _is_left(text: str, quantity: Quantity) -> bool:
    """Whether a quantity is there to be used: not used up, not on offer, no time to wait."""
    sentence = last_sentence(text[: quantity.start])
    behind = first_part(text[quantity.end :])[0]
    gone = words("gone").search(sentence) or words("failure").search(text)
    if gone or quantity.measure is Measure.DAYS:
        return False
    told = words("have").search(sentence) or words("balance").search(sentence)
    on_offer = any(char.isdigit() or char == CODE for char in sentence + behind)
    return bool(told or words("have").match(behind.lstrip()) or not on_offer)
