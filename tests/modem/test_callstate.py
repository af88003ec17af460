from hypothesis import given
from hypothesis import strategies as st

from modem.calls import CallInfo, CallState, Direction
from modem.callstate import GONE_AFTER, CallTable

OUT, IN = Direction.OUTGOING, Direction.INCOMING


def seen(index: int, state: CallState, direction: Direction = OUT) -> CallInfo:
    return CallInfo(index, direction, state)


def test_a_call_goes_its_way_once() -> None:
    table = CallTable()
    key = table.dial("112").key
    states = [CallState.DIALING, CallState.ALERTING, CallState.ALERTING, CallState.ACTIVE]
    told = [call.state for state in states for call in table.see(seen(3, state))]
    assert told == [CallState.ALERTING, CallState.ACTIVE]
    assert table.see(seen(3, CallState.ALERTING)) == []  # the tail of an older report
    (over,) = table.see(seen(3, CallState.RELEASED))
    assert (over.key, over.was_active) == (key, True)


def test_three_end_markers_are_one_end() -> None:
    table = CallTable()
    table.dial("112")
    assert len(table.see(seen(1, CallState.RELEASED))) == 1
    assert table.end_only() == []
    assert table.listed([]) == []


def test_an_index_that_is_used_again_is_another_call() -> None:
    table = CallTable()
    first = table.dial("112").key
    table.see(seen(1, CallState.RELEASED))
    second = table.dial("113").key
    (call,) = table.see(seen(1, CallState.ACTIVE))
    assert call.key == second != first


def test_an_unnamed_end_of_one_among_two_ends_none() -> None:
    table = CallTable()
    table.ring("1")
    table.wait("2")
    assert table.end_only() == []
    assert len(table) == 2


def test_a_call_is_gone_after_it_was_missing_twice() -> None:
    table = CallTable()
    table.dial("112")
    table.see(seen(1, CallState.ACTIVE))
    for _ in range(GONE_AFTER - 1):
        assert table.listed([]) == []
    (over,) = table.listed([])
    assert over.state is CallState.RELEASED


def test_a_call_that_shows_up_again_was_not_gone() -> None:
    table = CallTable()
    table.dial("112")
    for _ in range(3 * GONE_AFTER):
        table.listed([])
        table.listed([seen(1, CallState.DIALING)])
    assert len(table) == 1


def test_the_number_may_come_after_the_ring() -> None:
    table = CallTable()
    assert [call.number for call in table.ring()] == [None]
    assert [call.number for call in table.ring("+491")] == ["+491"]
    assert table.ring("+491") == []


def test_a_waiting_call_takes_no_index_of_the_first_one() -> None:
    table = CallTable()
    (first,) = table.ring("1")
    table.see(seen(1, CallState.ACTIVE, IN))
    (second,) = table.wait("2")
    (over,) = table.see(seen(1, CallState.RELEASED, IN))
    assert over.key == first.key
    assert [call.key for call in table] == [second.key]


def test_calls_that_somebody_else_dialled_are_not_ours() -> None:
    table = CallTable()
    assert table.see(seen(1, CallState.ACTIVE)) == []
    assert len(table) == 0


infos = st.builds(
    CallInfo, st.integers(1, 4), st.sampled_from(list(Direction)), st.sampled_from(list(CallState))
)


@given(st.lists(st.one_of(infos, st.sampled_from(["dial", "ring", "wait", "end", "list"]))))
def test_whatever_is_reported_each_call_ends_at_most_once(reports: list[CallInfo | str]) -> None:
    table = CallTable()
    ended: list[int] = []
    for report in reports:
        match report:
            case "dial":
                changed = [table.dial("112")]
            case "ring":
                changed = table.ring()
            case "wait":
                changed = table.wait("1")
            case "end":
                changed = table.end_only()
            case CallInfo():
                changed = table.see(report)
            case _:
                changed = table.listed([])
        ended += [call.key for call in changed if call.is_over]
    ended += [call.key for call in table.end_all()]
    assert len(ended) == len(set(ended))
    assert len(table) == 0
