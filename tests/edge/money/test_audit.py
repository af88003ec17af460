from dataclasses import replace
from decimal import Decimal

import pytest

from edge.money.audit import Audit, check
from edge.money.entry import Entry
from edge.money.saga import Event
from edge.money.vouchers import Voucher, VoucherState
from mqtt.vocabulary import MoneyKind
from tests.edge.money.till import NOW, SIM, TEN, Till, wish


async def lived(till: Till) -> tuple[list[Entry], list[Voucher]]:
    """A ledger with a top-up that was refused, and one that arrived."""
    await till.bring("11111111", "22222222")
    for event in (Event.WRONG_CODE, Event.CREDITED):
        topup, change = till.topups.reserve(wish(), till.pick(), NOW)
        await till.write(change)
        await till.topups.send(topup.topup_id, NOW)
        await till.write(till.topups.end(topup.topup_id, event, NOW))
    return await till.entries(), till.vouchers.all()


async def test_what_was_lived_adds_up(till: Till) -> None:
    entries, vouchers = await lived(till)
    assert len(entries) == 9
    assert check(entries, vouchers) == []
    assert check([], []) == []


@pytest.mark.parametrize("gone", range(9))
async def test_no_entry_can_be_missing(till: Till, gone: int) -> None:
    entries, vouchers = await lived(till)
    del entries[gone]
    assert check(entries, vouchers)
    closed = [replace(entry, number=n) for n, entry in enumerate(entries, start=1)]
    assert check(closed, vouchers)  # not even where the numbers were mended


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (VoucherState.FREE, "v-1 is free, but the ledger says spoiled"),
        (VoucherState.USED, "v-1 is used, but the ledger says spoiled"),
    ],
)
async def test_vouchers_are_held_against_the_ledger(
    till: Till, state: VoucherState, says: str
) -> None:
    entries, (first, second) = await lived(till)
    (problem,) = check(entries, [replace(first, state=state), second])
    assert says in problem.message
    assert check(entries, [second])
    assert check(entries, [first, second, replace(first, voucher="v-77")])


async def test_a_voucher_that_is_sent_twice_is_found(till: Till) -> None:
    entries, vouchers = await lived(till)
    twice = [replace(e, voucher="v-1") if e.topup_id == "t-7" else e for e in entries]
    messages = [problem.message for problem in check(twice, vouchers)]
    assert "v-1 was spoiled when it was reserved" in messages
    assert "v-1 was sent 2 times" in messages


async def test_two_topups_at_once_on_a_sim_are_found(till: Till) -> None:
    entries, vouchers = await lived(till)
    order = [entries[n] for n in (0, 1, 2, 6, 3, 4, 5, 7, 8)]
    mixed = [replace(entry, number=n) for n, entry in enumerate(order, start=1)]
    messages = [problem.message for problem in check(mixed, vouchers)]
    assert any("was not over when" in message for message in messages)


def test_sums_tell_what_nothing_explains() -> None:
    audit = Audit()
    story = [
        ("balance", "1", None),
        ("topup_reserved", "10", "low_balance"),
        ("topup_sent", "10", "code_leaves"),
        ("charge", "0.50", None),
        ("balance", "11.50", None),  # a bonus of 1
        ("topup_confirmed", "10", "credited"),
        ("charge", "2", None),
        ("balance", "9.50", None),
    ]
    for number, (kind, amount, cause) in enumerate(story, start=1):
        topup_id = "t-2" if kind.startswith("topup") else None
        audit.take(
            Entry(
                number, NOW, MoneyKind(kind), sim=SIM, amount=Decimal(amount), currency="NGN",
                topup_id=topup_id, cause=cause,
            )
        )  # fmt: skip
    audit.compare([])
    assert audit.problems == []
    total = audit.sums[SIM, "NGN"]
    assert (total.confirmed, total.charged, total.doubtful) == (TEN, Decimal("2.5"), Decimal())
    assert total.unexplained == 1
