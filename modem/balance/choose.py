"""Which of the amounts in a text is the balance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.carriers import Counting, ReadRules
from modem.balance.money import Money
from modem.balance.page import QUANTITY
from modem.balance.roles import Judge, Role, end_of_sentence, first_part, has_barrier, last_sentence
from modem.balance.words import LETTER, words

_WORD = re.compile(rf"{LETTER}{{2,}}")
_MAX_LONE_WORDS = 3  # around an amount that no word explains,
_MAX_WORDS = 8  # and in all its text
_MAX_LEAD_CHARS = 40  # between "balance" and a bare number
_MAX_LEAD_WORDS = 1  # besides "is"
_MAX_BARE_DIGITS = 7
_REACH = 120  # characters that can speak of an amount
_FOLLOWS_BARE = re.compile(r"[ ]?(?:$|[^\w ']|(?:and|und|y|et|e|i|и|dan)\b)", re.IGNORECASE)
_REST = re.compile(rf"^{LETTER}+")  # of a word
_TWO_DECIMALS = re.compile(r"[.,]\d\d$")
_RANKS = ("main", "available", "total")


@dataclass(frozen=True, slots=True)
class Judged:
    """An amount with what the words before and behind it make of it."""

    money: Money
    role: Role
    lead: str  # the words before
    behind: Role  # of the words behind, where something ends them

    @property
    def rank(self) -> int:
        """Place among several balances, the lowest first."""
        if self.role is Role.BALANCE and not words("balance").search(self.lead):
            return len(_RANKS)  # "available: 500 on credit"
        ranks = (place for place, kind in enumerate(_RANKS) if words(kind).search(self.lead))
        return next(ranks, len(_RANKS))


def judge_all(text: str, amounts: Sequence[Money], rules: ReadRules) -> list[Judged]:
    """Judge each amount by the words that stand between it and its neighbours."""
    judge, since = Judge(rules), 0
    judged = []
    for place, money in enumerate(amounts):
        limit = amounts[place + 1].start if place + 1 < len(amounts) else len(text)
        gap = text[since : money.start][-_REACH:]
        end = money.end - (text[money.end - 1] == ".")  # "5 rub." may end a sentence too
        part, ended = first_part(text[end : min(limit, end + _REACH)])
        ended = ended or limit == len(text)
        behind = judge.judge(part) if ended else Role.NONE
        before = judge.before(gap)
        if before is Role.NONE and _continues(text[: money.start], gap):
            before = Role.BALANCE
        if before is Role.BALANCE and behind is Role.OTHER and not words("done").search(part):
            behind = Role.NONE  # another matter begins: "balance 5.00 recharge now"
        since = end + (len(part) if behind is not Role.NONE else 0)
        judged.append(Judged(money, _role(before, behind), last_sentence(gap), behind))
    return judged


def _continues(text: str, gap: str) -> bool:
    """Whether "and is now" goes on about the balance that the sentence began with."""
    sentence = last_sentence(text)
    return bool(words("copula").search(gap) and words("balance").search(sentence))


def _role(before: Role, behind: Role) -> Role:
    """The words before decide, but for "5.00 bonus"; where they say little, those behind do."""
    if before is Role.BALANCE:
        return before if behind in (Role.NONE, Role.HAVE) else behind
    if before in (Role.NONE, Role.HAVE) and behind is not Role.NONE:
        return behind if before is Role.NONE or behind is not Role.HAVE else before
    return before


def choose(text: str, judged: Sequence[Judged], rules: ReadRules) -> list[Judged]:
    """The amounts that make the balance: none, one, or the parts of one balance."""
    failed = words("failure").search(text) is not None
    sure = [j for j in judged if j.role is Role.BALANCE and _may_count(text, j, failed=failed)]
    if sure:
        return _counted(text, sure, rules.counting)
    if failed:
        return []
    likely = [j for j in judged if j.role is Role.HAVE and _is_written_as_money(j.money)]
    return _counted(text, likely, rules.counting)[:1] if likely else _lone(text, judged)


def _counted(text: str, found: Sequence[Judged], counting: Counting) -> list[Judged]:
    match counting:
        case Counting.FIRST:
            return [found[0]]
        case Counting.SUM:
            return list(found)
        case Counting.AUTO:
            return list(found) if _are_parts(text, found) else [min(found, key=lambda j: j.rank)]


def _are_parts(text: str, found: Sequence[Judged]) -> bool:
    """Whether a sentence lists parts: "balance: 5.00 start credit, 1.00 gift credit"."""
    one_sentence = not has_barrier(text[found[0].money.end : found[-1].money.start])
    named = all(each.behind is Role.BALANCE for each in found)
    alike = len({each.money.currency for each in found}) == 1
    return len(found) > 1 and named and alike and one_sentence


def _is_written_as_money(money: Money) -> bool:
    return money.currency is not None or _TWO_DECIMALS.search(money.digits) is not None


def _may_count(text: str, judged: Judged, *, failed: bool) -> bool:
    """Whether a number beside the right words is money: by its mark, or by standing bare."""
    money = judged.money
    if money.currency is not None:
        return True
    following = text[money.end :]
    if failed or words("no_money").match(following.lstrip()):
        return False
    if not money.whole:
        return True
    lead = _after_last_balance(judged.lead)
    near = len(lead) <= _MAX_LEAD_CHARS and len(_other_words(lead)) <= _MAX_LEAD_WORDS
    ends = _FOLLOWS_BARE.match(following) or words("expire").match(following.lstrip())
    return near and len(money.digits) <= _MAX_BARE_DIGITS and bool(ends)


def _after_last_balance(lead: str) -> str:
    ends = [match.end() for match in words("balance").finditer(lead)]
    return _REST.sub("", lead[ends[-1] :]) if ends else lead


def _other_words(lead: str) -> list[str]:
    return [word for word in _WORD.findall(lead) if not words("copula").fullmatch(word)]


def _lone(text: str, judged: Sequence[Judged]) -> list[Judged]:
    """The only marked amount of a text, where hardly a word stands around it."""
    marked = [j for j in judged if j.money.currency is not None]
    if len(marked) != 1 or marked[0].role is not Role.NONE:
        return []
    money = marked[0].money
    behind = first_part(text[money.end :])[0]
    around = f"{marked[0].lead} {behind}"
    alone = len(_WORD.findall(around)) <= _MAX_LONE_WORDS and not words("gone").search(around)
    short = len(_WORD.findall(text)) <= _MAX_WORDS
    sold = QUANTITY in _sentence(text, money) or "=" in around
    return marked if alone and short and not sold else []


def _sentence(text: str, money: Money) -> str:
    ends = end_of_sentence(text, money.end)
    return last_sentence(text[: money.start]) + text[money.end : ends]
