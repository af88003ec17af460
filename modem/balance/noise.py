"""What must never be taken for an amount: codes, addresses, times, rates, menus, phone numbers."""

import re

from modem.balance.marks import mark_after, mark_before
from modem.balance.numerals import NUMERAL
from modem.balance.page import CODE, Page
from modem.balance.words import LETTER, words

_DOMAIN = r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|ng|de|ru|cn|in)\b(?:/\S*)?"
_CODES = (
    re.compile(rf"(?:https?://|www\.)\S+|{_DOMAIN}", re.IGNORECASE),
    re.compile(r"[\w.+-]{1,64}@[\w.-]{1,64}"),
    re.compile(r"[*#]+\d[\d*]*#?|\d+[*#]+\d*#?|\d+#"),
    re.compile(r"\(\d{1,3}\)"),
)
_CLOCK = r"(?<!\d)\d{1,2}(?::\d{2}){1,2}(?!\d)|\b\d{1,2}\.\d{2}\.\d{2}(?!\d)"
_TIMES = (
    re.compile(rf"(?:{_CLOCK})(?:[ ]?[ap]\.?m\b\.?)?", re.IGNORECASE),
    re.compile(rf"(?<![\d.,])\d{{1,2}}(?:[.]\d{{2}})?[ ]?{words('hours').pattern}", re.IGNORECASE),
    re.compile(rf"{NUMERAL}[ ]?%"),
)
_RATES = (
    re.compile(
        rf"{NUMERAL}[ ]?[^\s\d/]{{0,8}}[ ]?{words('per').pattern}[ ]?\d{{0,3}}[ ]?"
        + words("per_what").pattern,
        re.IGNORECASE,
    ),
)
_MENUS = (
    re.compile(r"^[ ]*\(?(\d{1,2}[.):>-]+)(?=[ ]*[^\d\s])", re.MULTILINE),
    re.compile(r"^[ ]*\(?(\d{1,2}[.)])(?=[ ]\S)", re.MULTILINE),
    re.compile(rf"(?<=[\s,;])(\d[.):])(?={LETTER})"),
)
_PHONES = (
    re.compile(r"\+\d{1,3}[ (-]{0,2}\d[\d ()-]{5,14}\d"),
    re.compile(r"(?<![\d.,-])0\d{1,3}[ /-]\d{2,4}(?:[ -]\d{2,5}){0,2}(?![\d.,])"),
    re.compile(r"(?<![\d.,-])\d{3}-\d{3,4}(?:-\d{3,4})?(?![\d.,])"),
    re.compile(r"(?<![\d.,])\d{10,}(?!\d)"),
)
_LONG = (re.compile(r"(?<![\d.,])\d{7,9}(?![\d.,]*\d)"),)
_CALLED = (
    re.compile(
        rf"{words('calling').pattern}{LETTER}*[\s:.'\"]{{0,3}}(\d{{3,8}})(?![\d.,]*\d)",
        re.IGNORECASE,
    ),
)


def blank_codes(page: Page) -> None:
    """Take out addresses, USSD codes and codes in brackets."""
    page.blank_all(_CODES, filler=CODE)


def blank_times(page: Page) -> None:
    """Take out times of day, percentages and prices per minute, day, SMS."""
    page.blank_all(_RATES)
    page.blank_all(_TIMES, filler=" ")


def blank_numbers(page: Page, expected: str | None) -> None:
    """Take out the numbers of menus, telephones and short codes; money with a mark stays."""

    def is_money(match: re.Match[str]) -> bool:
        start, end = match.span(1 if match.re.groups else 0)
        return bool(
            mark_before(match.string, start, expected) or mark_after(match.string, end, expected)
        )

    page.blank_all(_MENUS)
    page.blank_all(_PHONES)
    page.blank_all((*_LONG, *_CALLED), unless=is_money)
