from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Policy
from edge.calls import Call
from edge.dispatcher import CallQueue, Candidate, Chosen, Refusal, Wait, choose
from mqtt.vocabulary import CallState, Direction, Reason

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

names = st.sampled_from(["a", "b", "c", "d"])
candidates = st.lists(
    st.builds(
        Candidate,
        names,
        st.sampled_from([None, None, "busy", "disabled"]),
        st.integers(0, 3),
        st.sampled_from([0.0, 1.0, 2.0]),
    ),
    unique_by=lambda candidate: candidate.line,
)
policies = st.lists(st.sampled_from(list(Policy)), unique=True)


@given(st.none() | names, candidates, policies)
def test_a_choice_is_always_one_that_an_operator_would_accept(
    wanted: str | None, lines: list[Candidate], order: list[Policy]
) -> None:
    allowed = {line.line: line for line in lines if wanted in {None, line.line}}
    ready = {name for name, line in allowed.items() if line.not_ready is None}
    match choose(wanted, lines, order):
        case Chosen(name):
            assert name in ready
            if order == [Policy.LEAST_USED]:
                assert allowed[name].calls == min(allowed[each].calls for each in ready)
            if order == [Policy.ROUND_ROBIN]:
                assert allowed[name].last_used == min(allowed[each].last_used for each in ready)
        case Wait():
            assert allowed
            assert not ready
        case Refusal(reason):
            assert not allowed
            assert reason is (Reason.UNKNOWN_LINE if wanted else Reason.NO_LINE)


def test_the_next_policy_decides_among_equals() -> None:
    lines = [Candidate("a", None, 1, 5.0), Candidate("b", None, 1, 2.0), Candidate("c", None, 2, 0)]
    both = [Policy.LEAST_USED, Policy.ROUND_ROBIN]
    assert choose(None, lines, both) == Chosen("b")
    assert choose(None, lines, both[::-1]) == Chosen("c")
    assert choose(None, lines, []) == Chosen("a")


def call(seconds: float | None = None) -> Call:
    expires_at = None if seconds is None else NOON + timedelta(seconds=seconds)
    return Call(
        direction=Direction.OUTGOING,
        number="112",
        state=CallState.QUEUED,
        since=NOON,
        expires_at=expires_at,
    )


def test_a_queue_keeps_its_order_and_its_limit() -> None:
    queue = CallQueue(2)
    first, second = call(), call()
    queue.add(first, None)
    assert not queue.full
    queue.add(second, "desk")
    assert (len(queue), queue.full) == (2, True)
    assert queue.waiting() == [(first, None), (second, "desk")]
    queue.remove(first.call_id)
    queue.remove(first.call_id)
    assert queue.waiting() == [(second, "desk")]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_queue_may_be_small(limit: int) -> None:
    assert CallQueue(limit).full is (limit == 0)


def test_a_queue_knows_who_is_overdue() -> None:
    queue = CallQueue(9)
    calls = [call(20), call(10), call()]
    for each in calls:
        queue.add(each, None)
    assert queue.next_expiry() == NOON + timedelta(seconds=10)
    assert queue.overdue(NOON) == []
    assert queue.overdue(NOON + timedelta(seconds=10)) == [calls[1]]
    assert queue.overdue(NOON + timedelta(hours=1)) == calls[:2]
    assert CallQueue(9).next_expiry() is None
