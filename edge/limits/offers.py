"""What a call may use, from what the accounts that it touches have left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from edge.block import Block
from edge.limits.billing import MINUTE_S
from edge.limits.buckets import Fill
from edge.limits.tariff import Place
from mqtt.vocabulary import Reason

CUT_S = 2  # from our hanging up to the end of the call at the carrier
LONGEST_S = 86_400  # a call without a bound is counted as no longer than this
_PRICED_S = 180.0  # the price of a minute is that of a call of three


@dataclass(frozen=True, slots=True)
class Bound:
    """The least that is left of seconds or money, and what to say when it is too little."""

    left: Decimal | float
    block: Callable[[], Block]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What an account has left for one more call, whoever the callee; None is no bound."""

    seconds: Bound | None
    money: Bound | None
    max_call_s: float
    min_call_s: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What a call to a destination may use; `block` says why where `seconds` is 0."""

    seconds: float  # of talk, until it is cut; inf without a bound
    price: float  # expected money for a minute, 0 where none is known
    free_s: float  # bucket seconds for this destination
    bucket_ends: float  # seconds of the epoch; inf without a bucket
    block: Block | None = None
    full_price: float = 0.0  # expected money for a minute that no bucket pays


@dataclass(frozen=True, slots=True)
class Quote:
    """What a plan gives a callee, whatever the limits leave."""

    place: Place
    price: float
    full_price: float
    free_s: int
    bucket_ends: float


def quote(place: Place, fills: Iterable[Fill]) -> Quote:
    """Quote the price of a minute and the buckets for a callee."""
    mine = [fill for fill in fills if fill.bucket.name in place.buckets and fill.left_s]
    free_s = sum(fill.left_s for fill in mine)
    billed_s = place.terms.billed(_PRICED_S)
    bucket_ends = min((fill.span.end for fill in mine), default=inf)
    price, full_price = (
        float(place.terms.cost(billed_s, seconds)) * MINUTE_S / _PRICED_S for seconds in (free_s, 0)
    )
    return Quote(place, price, full_price, free_s, bucket_ends)


def offer(quoted: Quote, rooms: Iterable[Room]) -> Offer:
    """Offer a call what all its accounts leave and the buckets and the money of its plan pay."""
    seconds = money = None
    most_s, least_s = inf, 0.0
    for room in rooms:
        seconds, money = _tighter(seconds, room.seconds), _tighter(money, room.money)
        most_s, least_s = min(most_s, room.max_call_s), max(least_s, room.min_call_s)
    tightest = _tighter(seconds, _paid(quoted, money))
    seconds_left, block = most_s, None
    if tightest is not None:
        usable = quoted.place.terms.usable(tightest.left)
        seconds_left = min(usable - CUT_S, most_s)
        if usable < least_s:
            seconds_left, block = 0.0, tightest.block()
    return Offer(
        seconds_left, quoted.price, quoted.free_s, quoted.bucket_ends, block, quoted.full_price
    )


def draws(place: Place, fills: Iterable[Fill], billed_s: int) -> tuple[tuple[str, int], ...]:
    """Bucket seconds for a call: those of the bucket that ends first, then the next."""
    drawn = []
    for fill in fills:
        seconds = min(fill.left_s, billed_s) if fill.bucket.name in place.buckets else 0
        if seconds:
            billed_s -= seconds
            drawn.append((fill.bucket.name, seconds))
    return tuple(drawn)


def _tighter(one: Bound | None, other: Bound | None) -> Bound | None:
    if one is None or other is None:
        return one or other
    return other if other.left < one.left else one


def _paid(quoted: Quote, money: Bound | None) -> Bound | None:
    """Seconds that buckets and money pay, whatever the other limits; None for no bound."""
    place = quoted.place
    if not place.sold:
        return Bound(quoted.free_s, _no_rate)
    if money is None or place.terms.is_free:
        return None
    return Bound(quoted.free_s + place.terms.affordable(money.left), money.block)


def _no_rate() -> Block:
    message = "The plan has no rate for this number, and no bucket has enough left for it."
    return Block(Reason.LIMIT_REACHED, message)
