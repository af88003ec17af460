"""The policies of `[dispatcher]`: each gives a line a rank for a call, the less the better."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, inf

from config.models import Policy
from edge.candidates import Fit, Wanted

_ANSWER_STEPS = 5  # answer rates differ by noise: only a fifth of all calls more ranks higher
_DAY_S = 86_400
_KEEP = 0.95  # what a free minute that is kept for later is worth, of the price without it
_SPARED = 0.2  # of a free share of a day; tried from 0 to 0.5 with bench/rotation.py
_FAR_S = 1e6  # a limit this far away is none
_CALL_S = 60  # what a call counts beside its talk, or a line whose calls all fail takes them all


def first(fits: Sequence[Fit], wanted: Wanted, policies: Sequence[Policy]) -> Fit:
    """Give the best of some: policy by policy, those of the least rank stay. `fits` has one."""
    left = fits
    for policy in policies:
        if len(left) == 1:
            break
        ranks = [_RANKS[policy](fit, wanted) for fit in left]
        least = min(ranks)
        left = [fit for fit, rank in zip(left, ranks, strict=True) if rank == least]
    return left[0]


def ranks(fit: Fit, wanted: Wanted, policies: Sequence[Policy]) -> list[float]:
    """What `first` compares, for all to be sorted by."""
    return [_RANKS[policy](fit, wanted) for policy in policies]


def _sticky(fit: Fit, wanted: Wanted) -> float:
    return fit.line.line != wanted.seen_from


def _on_net(fit: Fit, wanted: Wanted) -> float:
    """The callee's own carrier, where that gains something: so other minutes last for others."""
    line = fit.line
    return not (line.carrier and line.favours_own and line.carrier == wanted.to.carrier)


def _bundle(fit: Fit, wanted: Wanted) -> float:
    """Free seconds that cover the call and are due today, the line with the most of them first."""
    due_s = _due_s(fit)
    return -due_s if due_s > 0 and fit.offer.free_s >= wanted.need_s else inf


def _cheapest(fit: Fit, _: Wanted) -> float:
    """Money a minute; a free one that is not due today costs nearly what its lack costs later."""
    offer = fit.offer
    if _due_s(fit) > 0:
        return offer.price
    return _KEEP * offer.full_price + (1 - _KEEP) * offer.price


def _due_s(fit: Fit) -> float:
    """Free seconds of today: an equal share for each day until they end, less today's talk.

    So a bundle lasts until its end where it is scarce, and is used up by then where it is not. Some
    of a day's share is spared for moments when all cheaper lines are busy, but not on the last day.
    """
    offer, talked_s = fit.offer, fit.line.talk_s
    if not offer.free_s:
        return 0.0
    days = ceil((offer.bucket_ends - fit.at) / _DAY_S)
    if days <= 1:
        return offer.free_s
    return (1 - _SPARED) * (offer.free_s + talked_s) / days - talked_s


def _least_used(fit: Fit, _: Wanted) -> float:
    """The most left of its limits, so that no line drops out early; of equals, the least worked."""
    worked = fit.line.talk_s + _CALL_S * fit.line.calls
    return worked / _FAR_S - min(fit.offer.seconds, _FAR_S)


def _healthiest(fit: Fit, _: Wanted) -> float:
    """Unknown is as good as can be, so that a new line is tried."""
    rate = fit.line.answer_rate
    return 0 if rate is None else _ANSWER_STEPS - int(rate * _ANSWER_STEPS)


def _round_robin(fit: Fit, _: Wanted) -> float:
    return fit.line.last_used


_RANKS: Mapping[Policy, Callable[[Fit, Wanted], float]] = {
    Policy.STICKY: _sticky,
    Policy.ON_NET: _on_net,
    Policy.BUNDLE: _bundle,
    Policy.CHEAPEST: _cheapest,
    Policy.LEAST_USED: _least_used,
    Policy.HEALTHIEST: _healthiest,
    Policy.ROUND_ROBIN: _round_robin,
}
