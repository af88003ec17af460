"""Minutes, SMS, data and days with their numbers in a folded text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from modem.balance.marks import mark_after, mark_before
from modem.balance.numerals import NUMERAL, read_numeral
from modem.balance.words import LETTER, units, words


class Measure(Enum):
    """What is counted, by its list in words.toml."""

    MINUTES = "minutes"
    SECONDS = "seconds"
    SMS = "sms"
    KILOBYTES = "kilobytes"
    MEGABYTES = "megabytes"
    GIGABYTES = "gigabytes"
    TERABYTES = "terabytes"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of something; `name` is what stands between the two."""

    start: int
    end: int
    measure: Measure
    value: Decimal
    name: str = ""


_TIME = r"\d{1,5}:\d{2}(?::\d{2})?"
_COUNT = rf"(?<![\d.,:])(?<![^\W\d_\u0e00-\uffff])(?P<count>{_TIME}|{NUMERAL})(?![\d:])"
_OF = rf"(?:[ ]?{words('of').pattern}[ ]?(?:{NUMERAL}))?"
_NAME = rf"(?P<name>(?:(?!{words('joins').pattern}){LETTER}[\w'-]*[ ]{{1,2}}){{0,3}}?)"
_REST = r"[^\W\d_\u0e00-\uffff]*"  # of the word
_UNITS = "|".join(f"(?P<{measure.name}>{units(measure.value)})" for measure in Measure)
_BEHIND = re.compile(rf"{_COUNT}{_OF}[ ]{{0,2}}[-]?{_NAME}(?:{_UNITS}){_REST}", re.IGNORECASE)
_LEFT = r"(?:[ ]?(?:balance|bal|left|remaining|restant\w*|disponib\w*|剩余|余额))?"
_BEFORE = re.compile(
    rf"(?:(?P<MINUTES>{units('minutes')})|(?P<SMS>{units('sms')})){LETTER}{{0,3}}{_LEFT}"
    rf"(?:[ ]{{0,2}}[:=-]+[ ]{{0,2}}|[ ]is[ ]|[ ](?=\d+:\d\d:\d\d)|(?<=[剩余额])"
    r"|[ ](?=\d+[ ](?:left|remaining)))"
    rf"(?P<count>{_TIME}|{NUMERAL})(?![\d:]|[ ]?%)",
    re.IGNORECASE,
)
_WAIT = re.compile(rf"{words('soon').pattern}\s*$", re.IGNORECASE)
_TIMES = (Measure.MINUTES, Measure.SECONDS)
_MAX_WAIT_WORD = 16  # characters before a number


def find_quantities(text: str, expected: str | None) -> Iterator[Quantity]:
    """Find them in a folded text; `expected` is the currency whose marks make a number money."""
    taken: set[int] = set()
    for form in (_BEHIND, _BEFORE):
        for match in form.finditer(text):
            span = range(*match.span())
            if taken.isdisjoint(span) and (found := _read(match, expected)):
                taken.update(span)
                yield found


def _read(match: re.Match[str], expected: str | None) -> Quantity | None:
    measure = next(m for m in Measure if match.groupdict().get(m.name))
    value = _value(match["count"])
    text, start, end = match.string, match.start("count"), match.end("count")
    if value is None or mark_before(text, start, expected):
        return None
    mark = mark_after(text, end, expected)
    if mark and (mark.currency == expected or mark.start < match.start(measure.name)):
        return None
    if (
        measure in _TIMES
        and match.re is _BEHIND
        and _WAIT.search(text[max(0, start - _MAX_WAIT_WORD) : start])
    ):
        return None
    name = match.groupdict().get("name") or ""
    return Quantity(*match.span(), measure, value, name.strip())


def _value(count: str) -> Decimal | None:
    """A number, or hours, minutes and seconds as minutes."""
    if ":" not in count:
        return read_numeral(count, None)
    *high, last = map(Decimal, count.split(":"))
    minutes = high[0] * 60 + high[1] if len(high) > 1 else high[0]
    return minutes + last / 60
