import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.money.entry import Entry
from edge.money.saga import KINDS, LEFT, TRANSITIONS, Event, SagaError, State, begin, follow
from edge.money.vouchers import VoucherState, after
from mqtt.vocabulary import MoneyKind
from tests.edge.money.till import NOW, SIM


def entry(number: int, kind: MoneyKind, cause: str) -> Entry:
    return Entry(number, NOW, kind, sim=SIM, topup_id="t-1", voucher="v-9", cause=cause)


def test_every_state_has_its_row_and_every_row_leads_somewhere_known() -> None:
    assert TRANSITIONS.keys() == set(State) == KINDS.keys()
    assert {state for row in TRANSITIONS.values() for state in row.values()} <= set(State)
    assert {event for row in TRANSITIONS.values() for event in row} == set(Event)


@given(st.sampled_from([State.ASKED, State.RESERVED]), st.lists(st.sampled_from(Event)))
def test_once_the_code_may_have_left_no_way_leads_back(first: State, events: list[Event]) -> None:
    """Whatever happens, `sent` is entered at most once, and no voucher is free after it."""
    topup = begin(entry(1, KINDS[first], "low_balance"))
    sent = 0
    for number, event in enumerate(events, start=2):
        state = TRANSITIONS[topup.state].get(event)
        if state is None:
            continue
        before, topup = topup.state, follow(topup, entry(number, KINDS[state], event))
        sent += topup.state is State.SENT
        free = after(before, topup.state, topup.cause) is VoucherState.FREE
        assert not (free and before in LEFT and event is not Event.NOT_SENT)
    assert sent <= 1


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.UNKNOWN, Event.NOT_SENT),
        (State.UNKNOWN, Event.CODE_LEAVES),
        (State.SENT, Event.CODE_LEAVES),
        (State.SENT, Event.DECLINED),
        (State.RESERVED, Event.ACCEPTED),
        (State.ASKED, Event.CODE_LEAVES),
        (State.CONFIRMED, Event.JUDGED_LOST),
        (State.REJECTED, Event.ACCEPTED),
    ],
)
def test_ways_that_must_not_be(state: State, event: Event) -> None:
    assert event not in TRANSITIONS[state]


def test_a_restart_gives_back_what_is_reserved_and_doubts_what_is_sent() -> None:
    assert TRANSITIONS[State.RESERVED][Event.RESTARTED] is State.REJECTED
    assert TRANSITIONS[State.SENT][Event.RESTARTED] is State.UNKNOWN
    assert after(State.RESERVED, State.REJECTED, "restarted") is VoucherState.FREE


@pytest.mark.parametrize(
    ("kind", "cause", "says"),
    [
        (MoneyKind.TOPUP_CONFIRMED, "accepted", "t-1 is reserved: no accepted from there"),
        (MoneyKind.TOPUP_CONFIRMED, "code_leaves", "does not lead to topup_confirmed"),
        (MoneyKind.TOPUP_SENT, "magic", "entry 2: magic moves no top-up"),
    ],
)
def test_an_entry_that_cannot_be_says_so(kind: MoneyKind, cause: str, says: str) -> None:
    topup = begin(entry(1, MoneyKind.TOPUP_RESERVED, "low_balance"))
    with pytest.raises(SagaError, match=says):
        follow(topup, entry(2, kind, cause))


def test_no_story_begins_in_the_middle() -> None:
    with pytest.raises(SagaError, match="no top-up begins with topup_sent"):
        begin(entry(1, MoneyKind.TOPUP_SENT, "code_leaves"))
