from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.call_queue import EMERGENCY, CallQueue
from edge.calls import Call, new_call_id
from edge.candidates import Wanted
from edge.destination import Destination, NumberKind
from mqtt.vocabulary import CallState, Direction

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WANTED = Wanted(Destination("+4312345678", NumberKind.FIXED))


def call(seconds: float | None = None) -> Call:
    expires_at = None if seconds is None else NOON + timedelta(seconds=seconds)
    return Call(
        call_id=new_call_id(),
        direction=Direction.OUTGOING,
        number="+4312345678",
        state=CallState.QUEUED,
        since=NOON,
        expires_at=expires_at,
    )


def order(queue: CallQueue) -> list[Call]:
    return [entry.call for entry in queue.waiting()]


def test_a_queue_keeps_its_order_and_its_limit() -> None:
    queue = CallQueue(2)
    first, second = call(), call()
    queue.add(first, WANTED)
    assert not queue.full
    queue.add(second, WANTED)
    assert (len(queue), queue.full) == (2, True)
    assert order(queue) == [first, second]
    queue.remove(first.call_id)
    queue.remove(first.call_id)
    assert order(queue) == [second]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_queue_may_be_small(limit: int) -> None:
    assert CallQueue(limit).full is (limit == 0)


def test_a_queue_knows_who_is_overdue() -> None:
    queue = CallQueue(9)
    calls = [call(20), call(10), call()]
    for each in calls:
        queue.add(each, WANTED)
    assert queue.next_expiry() == NOON + timedelta(seconds=10)
    assert queue.overdue(NOON) == []
    assert queue.overdue(NOON + timedelta(seconds=10)) == [calls[1]]
    assert queue.overdue(NOON + timedelta(hours=1)) == [calls[1], calls[0]]
    queue.remove(calls[1].call_id)
    assert queue.next_expiry() == NOON + timedelta(seconds=20)
    assert CallQueue(9).next_expiry() is None


def test_an_emergency_is_served_before_the_highest_priority() -> None:
    queue = CallQueue(9)
    urgent, first = call(), call()
    queue.add(urgent, WANTED, 9)
    queue.add(first, WANTED, EMERGENCY)
    assert order(queue) == [first, urgent]


def test_calls_may_be_taken_out_while_they_are_served() -> None:
    queue = CallQueue(9)
    for _ in range(3):
        queue.add(call(), WANTED)
    for entry in queue.waiting():
        queue.remove(entry.call.call_id)
    assert len(queue) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 5), st.booleans())))
def test_the_queue_serves_as_a_sorted_list_would(
    arrivals: list[tuple[int, int | None, bool]],
) -> None:
    queue = CallQueue(100)
    kept: list[tuple[int, Call]] = []
    for priority, seconds, stays in arrivals:
        one = call(seconds)
        queue.add(one, WANTED, priority)
        if stays:
            kept.append((priority, one))
        else:
            queue.remove(one.call_id)
    assert order(queue) == [one for _, one in sorted(kept, key=lambda each: -each[0])]
    expiries = [one.expires_at for _, one in kept if one.expires_at]
    assert queue.next_expiry() == min(expiries, default=None)
    at = NOON + timedelta(seconds=2)
    assert [one.expires_at for one in queue.overdue(at)] == sorted(e for e in expiries if e <= at)
