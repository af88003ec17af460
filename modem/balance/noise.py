"""What must never be taken for an amount: codes, addresses, times, rates, menus, phone numbers."""

import re

from modem.balance.marks import mark_after, mark_before
from modem.balance.numerals import NUMERAL
from modem.balance.page import CODE, Page
from modem.balance.words import LETTER, words

_CODES = (
    re.compile(
        r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|ng|de|ru|cn|in)\b(?:/\S*)?",
        re.IGNORECASE,
    ),
    re.compile(r"\S+@\S+\.\w+"),
    re.compile(r"[*#]+\d[\d*]*#?|\d+[*#]+\d*#?|\d+#"),
    re.compile(r"\(\d{1,3}\)"),
)
_PER = r"(?:min|sec|sek|day|dia|jour|tag|mes|month|sms|мин|сут|день|мес|хв|доб|mb|dk|gun|hari|menit|phut|分|天|月|条)"
_TIMES = (
    re.compile(
        r"\b\d{1,2}[:.]\d{2}[:.]\d{2}(?!\d)(?:[ ]?[ap]\.?m\b\.?)?|(?<!\d)\d{1,2}:\d{2}(?!\d)(?:[ ]?[ap]\.?m\b\.?)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<![\d.,])\d{1,2}(?:[.]\d{2})?[ ]?(?:uhr|hrs?|hours?|heures?|horas?|stunden?|godzin\w*|hodin\w*|час\w*|годин\w*|saat|jam|am|pm|小时|小時|点)(?![^\W\d_])",
        re.IGNORECASE,
    ),
    re.compile(rf"{NUMERAL}[ ]?%"),
)
_RATES = (
    re.compile(
        rf"{NUMERAL}[ ]?[^\s\d/]{{0,8}}[ ]?/[ ]?(?:\d{{0,3}}[ ]?)?(?={LETTER}){_PER}", re.IGNORECASE
    ),
    re.compile(
        rf"{NUMERAL}[ ]?[^\s\d/]{{0,8}}[ ](?:per|pro|na|za|за|в|por|par|cada|je|a|/)[ ]{_PER}",
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
            mark_before(match.string, start, 0, expected) or mark_after(match.string, end, expected)
        )

    page.blank_all(_MENUS)
    page.blank_all(_PHONES)
    page.blank_all((*_LONG, *_CALLED), unless=is_money)
