"""What the buckets of a plan have left: minutes and messages, with what was carried over."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from zoneinfo import ZoneInfo

from config.limits import Bucket, BucketPeriod, Plan
from edge.limits import counters
from edge.limits.periods import Span, day_of, days_of, month_of, week_of
from edge.limits.state import Count, Entry, Hold


@dataclass(frozen=True, slots=True)
class Fill:
    """What a bucket holds now: seconds and messages, full and left, until it is filled anew."""

    bucket: Bucket
    span: Span
    full_s: int
    used_s: int
    left_s: int
    used_sms: int
    left_sms: int


class Buckets:
    """The buckets of a plan; `counts` are those of the account, under "bucket:NAME"."""

    def __init__(self, plan: Plan | None, zone: ZoneInfo) -> None:
        self._buckets = plan.buckets if plan else ()
        self._span_of = {
            bucket.name: _period(bucket, zone, plan.billing_day if plan else 1)
            for bucket in self._buckets
        }
        self._spans: dict[str, Span] = {}

    def forget(self) -> None:
        """The counters are others now."""
        self._spans.clear()

    def see(self, counts: dict[str, Count], now: float) -> float:
        """Fill what is due; returns when a bucket is filled next."""
        for bucket in self._buckets:
            span = self._spans.get(bucket.name)
            if span is None or not span.holds(now):
                span = self._spans[bucket.name] = self._span_of[bucket.name](now)
                self._open(_count(counts, bucket), bucket, span)
        return min((span.end for span in self._spans.values()), default=inf)

    def fills(
        self, counts: dict[str, Count], holds: dict[str, Hold], drawn_sms: Mapping[str, int]
    ) -> list[Fill]:
        """What each bucket has left, soonest end first.

        Less what calls under way may take, and what messages that wait may draw, by bucket.
        """
        held: dict[str, int] = {}
        for hold in holds.values():
            for name, seconds in hold.draws:
                held[name] = held.get(name, 0) + seconds
        fills = [
            self._fill(counts, one, held.get(one.name, 0), drawn_sms.get(one.name, 0))
            for one in self._buckets
        ]
        return sorted(fills, key=lambda fill: fill.span.end)

    def count_call(self, counts: dict[str, Count], hold: Hold, billed_s: int) -> str | None:
        """Take what a call used, wherever its span was; returns the first bucket it drew."""
        drawn = None
        for bucket, kept_s in self._drawn(hold):
            seconds = min(billed_s, kept_s)
            if not seconds:
                break
            billed_s -= seconds
            current = self._spans[bucket.name]
            began = current if current.holds(hold.at) else self._span_of[bucket.name](hold.at)
            for span in {began, current}:
                what = Entry(span.start, span.end, seconds=seconds)
                counters.add(_count(counts, bucket), what)
            drawn = drawn or bucket.name
        return drawn

    def count_sms(self, counts: dict[str, Count], name: str) -> None:
        """Take a part of a message out of a bucket."""
        span, bucket = self._spans[name], next(one for one in self._buckets if one.name == name)
        counters.add(_count(counts, bucket), Entry(span.start, span.end, sms=1))

    def _drawn(self, hold: Hold) -> list[tuple[Bucket, int]]:
        """The buckets of a hold that the plan still has."""
        known = {bucket.name: bucket for bucket in self._buckets}
        return [(known[name], seconds) for name, seconds in hold.draws if name in known]

    def _fill(self, counts: dict[str, Count], bucket: Bucket, held_s: int, held_sms: int) -> Fill:
        span, count = self._spans[bucket.name], _count(counts, bucket)
        used = counters.used(count, span)
        entry = counters.find(count, span.start)
        full_s = _full(bucket) + (entry.carried if entry else 0)
        return Fill(
            bucket,
            span,
            full_s=full_s,
            used_s=used.seconds,
            left_s=max(0, full_s - used.seconds - held_s),
            used_sms=used.sms,
            left_sms=max(0, (bucket.sms or 0) - used.sms - held_sms),
        )

    def _open(self, count: Count, bucket: Bucket, span: Span) -> None:
        counters.see(count, span)
        if counters.find(count, span.start) is None:
            carried = self._carried(count, bucket, span)
            counters.add(count, Entry(span.start, span.end, carried=carried))

    def _carried(self, count: Count, bucket: Bucket, span: Span) -> int:
        """What the spans before, as far as they are known, left over."""
        most = int(bucket.rollover_max * 60)
        before = [entry for entry in count.entries if entry.end <= span.start]
        if not before or not most:
            return 0
        last = max(before, key=lambda entry: entry.start)
        carried, end = _over(bucket, last.carried - last.seconds), last.end
        while end < span.start and carried < most:
            carried, end = _over(bucket, carried), self._span_of[bucket.name](end).end
        return carried


def sms_fill(names: Collection[str], fills: Iterable[Fill], parts: int) -> Fill | None:
    """The first of these buckets that has so many messages left."""
    fitting = (fill for fill in fills if fill.bucket.name in names and fill.left_sms >= parts)
    return next(fitting, None)


def _period(bucket: Bucket, zone: ZoneInfo, billing_day: int) -> Callable[[float], Span]:
    match bucket.period:
        case BucketPeriod.DAY:
            return partial(day_of, zone=zone)
        case BucketPeriod.WEEK:
            return partial(week_of, zone=zone)
        case BucketPeriod.MONTH:
            return partial(month_of, zone=zone, billing_day=billing_day)
        case BucketPeriod.DAYS if bucket.days and bucket.since:
            return partial(days_of, zone=zone, days=bucket.days, since=bucket.since)
    raise ValueError(f"bucket {bucket.name} needs days and since")


def _full(bucket: Bucket) -> int:
    return int((bucket.minutes or 0) * 60)


def _over(bucket: Bucket, more: int) -> int:
    """What a bucket with so much more than its own leaves to the next span."""
    return max(0, min(_full(bucket) + more, int(bucket.rollover_max * 60)))


def _count(counts: dict[str, Count], bucket: Bucket) -> Count:
    return counts.setdefault(f"bucket:{bucket.name}", Count())
