"""Amounts of money in a folded text: numerals with a mark, or beside the right words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from modem.balance.marks import Mark, mark_after, mark_before
from modem.balance.numerals import NUMERAL, read_numeral
from modem.balance.words import words

# What stands for a number in texts that somebody wrote down: {amount}, <x>, XX.XX, ***
PLACEHOLDER = (
    r"(?:\$?\{{1,2}[\w.]{1,20}\}{1,2}(?:[.,]\d+)?|<\w{1,20}>|\[\w{1,20}\]"
    r"|(?<![A-Za-z])[xX]{2,}(?:[.,][xX]+)?(?![A-Za-z])|[xX]+[.,][xX]{2}(?![A-Za-z])"
    r"|(?<=N)XX+(?![A-Za-z])|[xX](?=元)|\*{2,}(?:[.,]\*+)?|_{2,}|%[sd])"
)
_TOKEN = re.compile(rf"(?P<hole>{PLACEHOLDER})|(?P<number>{NUMERAL})")
_LETTER = re.compile(r"[^\W\d_\u0e00-\uffff]")
_LEADING_ZERO = re.compile(r"0\d+(?![\d.,])|0\d{2,}")
_MINUS = re.compile(words("minus").pattern + r"[\s:=]*$", re.IGNORECASE)
_MINUS_REACH = 16  # characters
_WORD_END = re.compile(r"[^\W_\u0e00-\uffff]-")
_COIN_GAP = re.compile(r"[ ,.]{0,2}(?:and |und |y |et |и |i )?[ ]?")
_COIN_DIGITS = 2
_COLON_DASH = frozenset(("INR", "PKR", "BDT", "NPR", "LKR"))  # ":-" is a colon there


@dataclass(frozen=True, slots=True)
class Money:
    """A number that may be money; `amount` is None for a placeholder or an unreadable numeral."""

    start: int  # of the mark, if that comes first
    end: int
    amount: Decimal | None
    currency: str | None  # what the mark says; None without one
    digits: str  # as written
    unit: Decimal = Decimal(1)

    @property
    def whole(self) -> bool:
        """Whether it is written without decimals or groups."""
        return self.digits.isdigit()


def find_money(text: str, expected: str | None) -> list[Money]:
    """Find all numbers left in a folded text, in order; coins are added to their notes."""
    found: list[Money] = []
    for money in _each(text, expected):
        if found and _is_change(text, found[-1], money):
            found[-1] = _with_change(found[-1], money)
        else:
            found.append(money)
    return found


def _each(text: str, expected: str | None) -> Iterator[Money]:
    since = -1
    for match in _TOKEN.finditer(text):
        mark = mark_before(text, match.start(), expected)
        if mark is None or text[mark.end - 1] == "$":  # "$5.00 USD" tells more than "$5.00"
            mark = mark_after(text, match.end(), expected) or mark
        coins = match.start() == since  # 12EUR50
        if coins or not (_is_glued(text, match, mark) or _LEADING_ZERO.fullmatch(match[0])):
            money = _read(match, mark, expected)
            since = money.end
            yield money


def _read(match: re.Match[str], mark: Mark | None, expected: str | None) -> Money:
    text, (start, end) = match.string, match.span()
    if mark:
        start, end = min(start, mark.start), max(end, mark.end)
    currency = mark.currency if mark else None
    unit = mark.unit if mark else Decimal(1)
    amount = None
    if match["number"]:
        amount = read_numeral(match[0], currency or expected)
    if amount is not None:
        amount *= unit * _sign(text, start, match.start(), currency or expected)
    return Money(start, end, amount, currency, match["number"] or "", unit)


def _is_glued(text: str, match: re.Match[str], mark: Mark | None) -> bool:
    """Whether the number is part of a name such as O2, 4G or Num#12."""
    start, end = match.span()
    led = mark is not None and mark.end <= start
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if not led and (before == "#" or _LETTER.match(before)):
        return True
    return mark is None and _LETTER.match(after) is not None


def _sign(text: str, start: int, digits: int, currency: str | None) -> int:
    """-1 behind a minus: one that is glued to the number or to its mark, and to nothing before."""
    if _MINUS.search(text[:start][-_MINUS_REACH:]):
        return -1
    for place in {start, digits}:
        before = text[max(0, place - 2) : place]
        idiom = before == ":-" and currency in _COLON_DASH
        if before.endswith("-") and not _WORD_END.match(before) and not idiom:
            return -1
    return 1


def _is_change(text: str, notes: Money, coins: Money) -> bool:
    """Whether "45 kop" continues "12 rub"."""
    between = text[notes.end : coins.start]
    if coins.currency is None and not between and len(coins.digits) == _COIN_DIGITS:
        return notes.currency is not None and notes.whole  # 12€50
    same = notes.currency is not None and notes.currency == coins.currency
    return same and notes.unit > coins.unit and _COIN_GAP.fullmatch(between) is not None


def _with_change(notes: Money, coins: Money) -> Money:
    total = None
    if notes.amount is not None and coins.amount is not None:
        worth = coins.amount if coins.currency else coins.amount.scaleb(-_COIN_DIGITS)
        total = notes.amount + worth.copy_sign(notes.amount)
    return replace(notes, end=coins.end, amount=total)
