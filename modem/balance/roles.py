"""What the words around a number make of it."""

import re
from enum import Enum
from functools import cache

from config.carriers import ReadRules
from modem.balance.fold import fold
from modem.balance.page import BLANK, CODE, QUANTITY
from modem.balance.tables import table
from modem.balance.words import LETTER, pattern_of, words


class Role(Enum):
    """What an amount is."""

    BALANCE = "balance"
    HAVE = "have"  # somebody's, with no word that says balance
    APART = "apart"  # a bonus
    OTHER = "other"  # a price, a cost, a recharge, a number
    NONE = "none"  # no word says


_SHORT = "".join(rf"(?<!\b{fold(word)})" for word in table("words")["short"])
_SENTENCE = re.compile(rf"(?<!\b{LETTER}){_SHORT}\.(?=\s|$|{LETTER})|[!?;。|•]|\n+", re.IGNORECASE)
_PART = re.compile(rf"[,(){BLANK}{CODE}{QUANTITY}]+|{words('and').pattern}|[&+]", re.IGNORECASE)
_HAS_WORD = re.compile(LETTER)
_NO_SPACES = 0x2E80  # from here on scripts of East Asia: the last noun of a compound counts
_NEAR = 3  # words between "recharge" and "your balance"


class Judge:
    """Judges words by the lists of words.toml and the carrier's own."""

    def __init__(self, rules: ReadRules) -> None:
        self._own_balance = pattern_of(rules.balance_words)
        self._own_apart = pattern_of(rules.apart_words)

    def before(self, gap: str) -> Role:
        """The role by the words between the last number and this one."""
        for part in reversed(_PART.split(last_sentence(gap))):
            role = self.judge(part)
            if role is not Role.NONE:
                return role
        return Role.NONE

    def judge(self, part: str) -> Role:
        """The role by the words of one part of a sentence."""
        if self._own_apart.search(part):
            return Role.APART
        if self._own_balance.search(part):
            return Role.BALANCE
        if words("apart").search(part):
            return Role.APART
        return _balance_or_other(_without_after(part))


def _balance_or_other(part: str) -> Role:
    good, bad = _last("balance", part), _last("other", part)
    if good is None:
        if bad is not None:
            return Role.OTHER
        return Role.HAVE if words("have").search(part) else Role.NONE
    if bad is None or _of_its_own(good, bad, part):
        return Role.BALANCE
    return Role.OTHER


def _of_its_own(good: re.Match[str], bad: re.Match[str], part: str) -> bool:
    """Whether a balance is spoken of in spite of a word for a cost or a recharge before it."""
    if bad.end() > good.end() or bad.start() == good.start():
        return False
    if ord(part[good.start()]) >= _NO_SPACES:
        return True
    tail = part[good.end() :]
    between = part[bad.end() : good.start()].split()
    says = re.search("[:=]", tail) or words("copula").search(tail)
    return bool(says) or len(between) > _NEAR


def _last(kind: str, part: str) -> re.Match[str] | None:
    found = None
    for match in words(kind).finditer(part):
        found = match
    return found


@cache
def _after_event() -> re.Pattern[str]:
    event = rf"{words('other').pattern}{LETTER}*"
    return re.compile(
        rf"{words('after').pattern}\s*(?:{LETTER}+\s+){{0,2}}?{event}(?:\s+(?:call|cost|kosten))?",
        re.IGNORECASE,
    )


def _without_after(part: str) -> str:
    """Leave "after recharge" out: it says when, not what."""
    return _after_event().sub(" ", part)


def last_sentence(gap: str) -> str:
    """The sentence that a number stands in, with the heading or line that leads to it."""
    cuts = [match.end() for match in _SENTENCE.finditer(gap)]
    starts = [0, *cuts]
    sentence = gap[starts[-1] :]
    if len(starts) > 1 and not _HAS_WORD.search(sentence) and _leads(gap[: starts[-1]]):
        return gap[starts[-2] :]
    return sentence


def _leads(before: str) -> bool:
    """Whether a line break or a colon alone parts the words before from the number."""
    line = before.rstrip(" ")
    return line.endswith(("\n", ":")) and not line.rstrip().endswith((BLANK, CODE, QUANTITY))


def first_part(following: str) -> tuple[str, bool]:
    """The words right behind a number, and whether something ends them before the next number."""
    ends = [
        match.start() for match in (_SENTENCE.search(following), _PART.search(following)) if match
    ]
    return (following[: min(ends)], True) if ends else (following, False)


def has_barrier(text: str) -> bool:
    """Whether a sentence ends in it."""
    return _SENTENCE.search(text) is not None


def end_of_sentence(text: str, start: int) -> int:
    """Where the sentence ends that goes on at `start`."""
    match = _SENTENCE.search(text, start)
    return match.start() if match else len(text)
