"""Counters of one period, by the start of its spans; a few past ones are kept.

A clock that jumps must not make us forget. When it comes back from a later span, what was counted
there counts in the span to which it came back too, and is found again should it have been right.
A span of another zone or billing day counts wherever it overlaps.
"""

from functools import reduce

from edge.limits.periods import Span
from edge.limits.state import Count, Entry

KEPT = 4  # spans that were written last


def see(count: Count, span: Span) -> None:
    """The span is the current one; notes when the clock came back to it from a later one."""
    if span.start < count.latest:
        count.back_at = span.start
    count.latest = span.start


def used(count: Count, span: Span) -> Entry:
    """The sum of what counts in a span."""
    back = count.back_at == span.start
    found = [
        entry
        for entry in count.entries
        if entry.end > span.start and (entry.start < span.end or back)
    ]
    return found[0] if len(found) == 1 else reduce(_plus, found, Entry(span.start, span.end))


def add(count: Count, what: Entry) -> None:
    """Count something in the span that `what` names."""
    old = find(count, what.start)
    if old is not None:
        count.entries.remove(old)
        what = _plus(old, what)
    count.entries.append(what)
    del count.entries[:-KEPT]


def find(count: Count, start: float) -> Entry | None:
    """What was counted in the span that began at `start`."""
    return next((entry for entry in count.entries if entry.start == start), None)


def _plus(one: Entry, other: Entry) -> Entry:
    return Entry(
        one.start,
        one.end,
        calls=one.calls + other.calls,
        seconds=one.seconds + other.seconds,
        sms=one.sms + other.sms,
        money=one.money + other.money,
        switches=one.switches + other.switches,
        carried=one.carried,
    )
