"""Which line takes a call: a pure choice among candidates, and the reasons for it.

Guards cut the lines that may not take the call; each cut is a Block that an operator can read.
Policies then rank what is left, the first policy first, the next among equals. `explain` tells the
same story line by line. Rules about the callee (deny list, hours, purpose) come before all this.

A call to an emergency service by a person passes every limit: any line that can dial takes it, and
when none is free, the call that matters least is ended for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from config.models import Policy
from edge.block import Block
from edge.candidates import Candidate, Fit, Live, Wanted
from edge.limits.account import Offer
from edge.policies import first, ranks
from mqtt.vocabulary import Purpose, Reason


@dataclass(frozen=True, slots=True)
class Chosen:
    """The line that takes the call, once its live call is ended (`preempts`) or its SIM active."""

    line: str
    preempts: bool = False
    switch: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A line may be free later: at `until` (epoch seconds) at the earliest, None if unknown."""

    until: float | None
    block: Block


@dataclass(frozen=True, slots=True)
class Refusal:
    """No line can take the call, and waiting mends nothing."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A line in the answer to `why`: its rank from 1, or the block that cuts it."""

    line: str
    rank: int | None
    block: Block | None
    seconds: float | None  # the longest call there, inf without a bound
    price: float | None  # expected money a minute
    switch_s: float | None = None


@dataclass(slots=True)
class _Cut:
    line: Candidate
    block: Block


_UNBOUND = Offer(seconds=inf, price=0.0, free_s=0.0, bucket_ends=inf)
_ACTIVE, _RESTING = 0, 1  # tiers of an ordinary call
_PREEMPTED: Mapping[Purpose | None, int] = {Purpose.BROADCAST: 2, Purpose.CAMPAIGN: 3}


def choose(
    wanted: Wanted, lines: Iterable[Candidate], now: float, policies: Sequence[Policy]
) -> Chosen | Wait | Refusal:
    """Choose a line for a call; the first of equals in the order of `lines`. Pure."""
    fits, cuts = _sift(wanted, lines, now)
    if fits:
        return _chosen(_best(fits, wanted, policies))
    return _no_line(wanted, cuts)


def explain(
    wanted: Wanted, lines: Iterable[Candidate], now: float, policies: Sequence[Policy]
) -> list[Explained]:
    """Each line as `choose` saw it: the one that it takes, the others by rank, those cut."""
    fits, cuts = _sift(wanted, lines, now)
    ranked = sorted(fits, key=lambda fit: (fit.tier, ranks(fit, wanted, policies)))
    if ranked:
        best = _best(fits, wanted, policies)
        ranked = [best, *(fit for fit in ranked if fit is not best)]
    return [_ranked(fit, rank) for rank, fit in enumerate(ranked, 1)] + [_blocked(c) for c in cuts]


# --- guards


def _sift(wanted: Wanted, lines: Iterable[Candidate], now: float) -> tuple[list[Fit], list[_Cut]]:
    fits: list[Fit] = []
    cuts: list[_Cut] = []
    judge = _judge_emergency if wanted.is_emergency else _judge
    if wanted.line is not None and not wanted.is_emergency:
        lines = [line for line in lines if line.line == wanted.line]
    for line in lines:
        verdict = judge(line, wanted, now)
        if isinstance(verdict, Fit):
            fits.append(verdict)
        else:
            cuts.append(_Cut(line, verdict))
    return fits, cuts


def _judge(line: Candidate, wanted: Wanted, now: float) -> Fit | Block:
    """What the line gives the call; else, of all that is against it, the block that ends last."""
    blocked = bool(line.block or line.live or (line.switch and line.switch.block))
    for account in line.accounts:
        blocked = blocked or bool(account.blocks(now))
    if blocked:
        return max(_blocks(line, now), key=_hope)
    offer = line.accounts[0].offer(wanted.to, now) if line.accounts else _UNBOUND
    return offer.block or Fit(line, offer, _RESTING if line.switch else _ACTIVE, now)


def _blocks(line: Candidate, now: float) -> Iterator[Block]:
    for account in line.accounts:
        yield from account.blocks(now)
    if line.block:
        yield line.block
    if line.live:
        yield _busy(line.live)
    if line.switch and line.switch.block:
        yield line.switch.block


def _judge_emergency(line: Candidate, _: Wanted, now: float) -> Fit | Block:
    """Whatever can dial may be used."""
    obstacle = line.switch.block if line.switch else line.block
    if obstacle and not line.emergency_ok:
        return obstacle
    if line.live and line.live.emergency:
        return _busy(line.live)
    return Fit(line, _UNBOUND, _emergency_tier(line), now)


def _emergency_tier(line: Candidate) -> int:
    """Free lines, lines with something against them, busy ones by what they carry, slow ones."""
    if line.switch:
        return 5
    if line.live:
        return _PREEMPTED.get(line.live.purpose, 4)
    return 1 if line.block else 0


def _busy(live: Live) -> Block:
    return Block(Reason.LINE_BUSY, "A call is on the line.", live.free_at)


def _hope(block: Block) -> tuple[bool, float]:
    """Order blocks by when they end; a call ends soon if nobody knows when, the rest never."""
    return (not _ends(block), block.until or 0.0)


def _ends(block: Block) -> bool:
    return block.until is not None or block.reason is Reason.LINE_BUSY


def _no_line(wanted: Wanted, cuts: Sequence[_Cut]) -> Wait | Refusal:
    if not cuts:
        return _nothing(wanted.line)
    soonest = min(cuts, key=lambda cut: _hope(cut.block))
    block = soonest.block
    if _ends(block):
        return Wait(block.until, block)
    others = f"None of {len(cuts)} lines may take it; {soonest.line.line}: "
    return Refusal(block.reason, (others if len(cuts) > 1 else "") + block.message)


def _nothing(wanted: str | None) -> Refusal:
    if wanted is None:
        return Refusal(
            Reason.NO_LINE, "The gateway has no line; plug a modem in and see `trunkline lines`."
        )
    return Refusal(
        Reason.UNKNOWN_LINE, f"There is no line {wanted}; `trunkline lines` shows those there are."
    )


# --- the best of those that fit


def _best(fits: Sequence[Fit], wanted: Wanted, policies: Sequence[Policy]) -> Fit:
    """The first in order of tier and policies, unless switching to a resting SIM gains more."""
    least = min(fit.tier for fit in fits)
    best = first([fit for fit in fits if fit.tier == least], wanted, policies)
    if least == _ACTIVE and not wanted.is_emergency:
        gains = [fit for fit in fits if fit.tier == _RESTING and _saves(fit, best, wanted)]
        return first(gains, wanted, policies) if gains else best
    return best


def _saves(resting: Fit, best: Fit, wanted: Wanted) -> bool:
    """Whether the call is cheaper there by what a switch must save."""
    saved = (best.offer.price - resting.offer.price) * wanted.need_s / 60
    return resting.line.switch is not None and saved > resting.line.switch.cost


# --- answers


def _chosen(fit: Fit) -> Chosen:
    return Chosen(
        fit.line.line, preempts=fit.line.live is not None, switch=fit.line.switch is not None
    )


def _ranked(fit: Fit, rank: int) -> Explained:
    seconds, price = fit.offer.seconds, fit.offer.price
    return Explained(fit.line.line, rank, None, seconds, price, _switch_s(fit.line))


def _blocked(cut: _Cut) -> Explained:
    return Explained(cut.line.line, None, cut.block, None, None, _switch_s(cut.line))


def _switch_s(line: Candidate) -> float | None:
    return line.switch.seconds if line.switch else None
