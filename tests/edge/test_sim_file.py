"""What a SIM takes along: written and read the same, nonsense refused, nothing forgotten."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from edge.limits.state import Count, Entry, State
from edge.money.funds import Fund
from edge.sim_file import dump_state, lowers, read_sim, read_state, write_sim

ICCID = "8923430000000000017"
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
NOW = AT.timestamp()
FUND = Fund(Decimal("12.34"), "EUR", date(2026, 12, 24), (), NOW - 60)


def state(calls: int = 1, *, start: float = NOW - 3600, end: float = NOW + 3600) -> State:
    entry = Entry(start, end, calls=calls, seconds=60 * calls, money=Decimal("0.10"))
    return State(counts={"day": Count([entry])}, balance=Decimal("12.34"), last_end=NOW)


def file(**changes: Any) -> dict[str, Any]:
    return write_sim(ICCID, dump_state(state()), FUND, "office", AT) | changes


def test_what_is_written_is_read() -> None:
    read, counters = read_sim(file())
    assert counters == state()
    assert read.balance
    assert (read.iccid, read.gateway, read.exported_at) == (ICCID, "office", AT)
    assert (read.balance.amount, read.balance.at.timestamp()) == (FUND.amount, FUND.at)


def test_a_sim_whose_balance_was_never_told() -> None:
    assert "balance" not in write_sim(ICCID, {}, Fund(), "office", AT)


def test_calls_under_way_stay_behind() -> None:
    terms = {"first_s": 60, "next_s": 60}
    hold = {"at": NOW, "seconds": 60, "billed_s": 60, "money": "0", "terms": terms}
    account = {"holds": {"c-1": hold}}
    assert read_state(account).holds
    assert not read_sim(file(account=account))[1].holds


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"trunkline_sim": 2}, "trunkline_sim"),
        ({"iccid": "12"}, "iccid"),
        ({"account": {"counts": 7}}, "counts"),
        ({"account": {"balance": "NaN"}}, "balance"),
        ({"balance": {"amount": "1e40", "at": "2026-11-23T10:00:00Z"}}, "balance.amount"),
        ({"balance": {"amount": "1"}}, "balance.at"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_nonsense_is_a_sentence(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=f"no file of `trunkline sim export`: {place}"):
        read_sim(file(**changes))


@pytest.mark.parametrize(
    ("ours", "theirs", "less"),
    [
        (state(2), state(1), True),
        (state(1), state(2), False),
        (state(1), state(1), False),
        (state(1), State(), True),
        (state(1, start=NOW - 7200, end=NOW - 3600), State(), False),
        (State(), state(1), False),
    ],
    ids=["less", "more", "same", "nothing", "over", "new here"],
)
def test_counters_that_still_count_are_not_lowered(ours: State, theirs: State, less: bool) -> None:  # noqa: FBT001
    assert lowers(ours, theirs, NOW) is less
