from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.calls import Call, new_call_id
from mqtt.messages import CallEvent, Cdr, LiveCall
from mqtt.vocabulary import AnswerEvidence, CallState, Cause, Direction, HangupBy

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OUTGOING = ["queued", "dialing", "alerting", "answered", "held", "answered", "ended"]
INCOMING = ["waiting", "alerting", "answered", "ended"]
HEAD: dict[str, Any] = {
    "event_id": "e1",
    "boot_id": "b1",
    "seq": 1,
    "ts": NOON,
    "gateway": "g1",
}


def call(state: str, direction: Direction = Direction.OUTGOING) -> Call:
    return Call(
        call_id=new_call_id(),
        direction=direction,
        number="112",
        state=CallState(state),
        since=NOON,
    )


def walk(each: Call, *states: str) -> list[CallState | None]:
    steps = enumerate(states)
    return [each.enter(CallState(s), NOON + timedelta(seconds=n)) for n, s in steps]


def test_a_call_goes_its_way_and_knows_when() -> None:
    each = call("queued")
    assert walk(each, *OUTGOING) == [None, *OUTGOING[:-1]]
    assert (each.call_seq, each.is_over) == (7, True)
    assert (each.ring_s, each.talk_s) == (1, 3)  # from alerting to answer, from answer to end


def test_a_caller_who_waited_goes_his() -> None:
    each = call("waiting", Direction.INCOMING)
    walk(each, *INCOMING)
    assert (each.ring_s, each.talk_s, each.dialed_at) == (1, 1, None)


@pytest.mark.parametrize(
    ("states", "late"),
    [
        (["dialing", "answered"], "alerting"),
        (["dialing", "alerting"], "dialing"),
        (["dialing", "ended"], "ended"),
        (["dialing", "ended"], "answered"),
        (["queued"], "answered"),
        (["dialing"], "held"),
    ],
)
def test_late_news_is_no_news(states: list[str], late: str) -> None:
    each = call(states[0])
    walk(each, *states)
    assert not each.may_enter(CallState(late))
    with pytest.raises(ValueError, match=f"cannot go from {states[-1]} to {late}"):
        each.enter(CallState(late), NOON)


@given(st.lists(st.sampled_from(list(CallState)), max_size=12))
def test_whatever_is_reported_a_call_tells_one_true_story(reports: list[CallState]) -> None:
    each = call("dialing")
    told = [CallState.DIALING]
    each.enter(CallState.DIALING, NOON)
    for state in reports:
        if each.may_enter(state):
            assert each.enter(state, NOON) is told[-1]
            told.append(state)
    assert each.call_seq == len(told)
    assert CallState.ENDED not in told[:-1]
    assert each.is_over is (told[-1] is CallState.ENDED)
    assert Call.decode(each.encode()) == each


def test_its_records_are_what_the_contract_wants() -> None:
    each = call("dialing")
    walk(each, "dialing", "alerting", "answered", "ended")
    each.answer_evidence = AnswerEvidence.NETWORK
    event = CallEvent(**HEAD, **each.event_fields(CallState.ANSWERED))
    assert (event.state, event.prev, event.call_seq) == ("ended", "answered", 4)
    cdr = Cdr(**HEAD, **each.cdr_fields(Cause.NORMAL, None, HangupBy.REMOTE))
    assert (cdr.ring_s, cdr.talk_s, cdr.ended_at) == (1, 1, NOON + timedelta(seconds=3))
    assert isinstance(each.live(), LiveCall)


def test_no_two_calls_have_one_name() -> None:
    assert len({new_call_id() for _ in range(1000)}) == 1000
