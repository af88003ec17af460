import sqlite3
from dataclasses import replace
from decimal import Decimal

import pytest

from edge.money.ledger import read_entries
from edge.money.saga import Event, SagaError, State
from edge.money.vouchers import VoucherState
from edge.store import Op, StoreError
from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind
from tests.edge.money.till import NOW, SIM, TEN, Till, kinds, wish

CODE = "1234 5678 9012 3456"
DIGITS = "1234567890123456"


async def sent(till: Till, code: str = CODE) -> str:
    """Import a voucher and let its code leave."""
    await till.bring(code)
    topup, change = till.topups.reserve(wish(), till.pick(), NOW)
    await till.write(change)
    found = await till.topups.send(topup.topup_id, NOW)
    assert found is not None
    assert found.get_secret_value() == code.replace(" ", "")
    return topup.topup_id


async def end(till: Till, topup_id: str, event: Event, text: str | None = None) -> None:
    await till.write(till.topups.end(topup_id, event, NOW + 60, text=text))


def only_state(till: Till) -> VoucherState:
    return till.vouchers.all()[0].state


async def test_a_topup_from_import_to_credit(till: Till) -> None:
    topup_id = await sent(till)
    await end(till, topup_id, Event.ACCEPTED, f"Voucher {DIGITS} recharged, thank you")
    entries = await till.entries()
    assert kinds(entries) == [
        "voucher_added",
        "topup_reserved: low_balance",
        "topup_sent: code_leaves",
        "topup_confirmed: accepted",
    ]
    assert entries[-1].text == "Voucher **************** recharged, thank you"
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert only_state(till) is VoucherState.USED
    assert await till.problems() == []


async def test_a_used_code_is_kept_nowhere(till: Till) -> None:
    topup_id = await sent(till)
    await end(till, topup_id, Event.ACCEPTED)
    assert await till.store.read("SELECT voucher FROM voucher WHERE sealed IS NOT NULL") == []


async def test_sent_is_on_disk_before_the_code_is_out(till: Till) -> None:
    await till.bring(CODE)
    topup, change = till.topups.reserve(wish(), till.pick(), NOW)
    await till.write(change)
    sending = till.topups.send(topup.topup_id, NOW)
    sending.send(None)  # as far as it comes without the disk
    sending.close()
    await till.crash()
    assert kinds(await till.entries())[-1] == "topup_reserved: low_balance"
    await till.write(till.topups.recover(NOW))
    assert only_state(till) is VoucherState.FREE
    assert await till.problems() == []


async def test_a_code_that_left_never_leaves_again(till: Till) -> None:
    topup_id = await sent(till)
    with pytest.raises(SagaError, match="t-2 is sent: no code_leaves"):
        await till.topups.send(topup_id, NOW)
    await till.crash()
    await till.write(till.topups.recover(NOW))
    assert only_state(till) is VoucherState.UNKNOWN
    assert till.pick() is None
    with pytest.raises(SagaError, match="t-2 is unknown: no code_leaves"):
        await till.topups.send(topup_id, NOW)


@pytest.mark.parametrize("event", [Event.ACCEPTED, Event.CREDITED, Event.JUDGED_PAID])
async def test_a_reply_after_a_restart_ends_it(till: Till, event: Event) -> None:
    topup_id = await sent(till)
    await till.crash()
    await till.write(till.topups.recover(NOW))
    await end(till, topup_id, event, f"recharged with {CODE}")
    last = (await till.entries())[-1]
    assert last.kind is MoneyKind.TOPUP_CONFIRMED
    assert last.text == f"recharged with {'*' * len(CODE)}"
    assert only_state(till) is VoucherState.USED


@pytest.mark.parametrize("event", [Event.WRONG_CODE, Event.ALREADY_USED, Event.REFUSED])
async def test_a_refused_code_is_spoiled_and_told(till: Till, event: Event) -> None:
    await end(till, await sent(till), event)
    assert kinds(await till.entries())[-2:] == [f"topup_rejected: {event}", "voucher_spoiled"]
    assert only_state(till) is VoucherState.SPOILED
    assert till.ledger.book.refusals(SIM) == 1
    assert await till.problems() == []


async def test_what_for_certain_did_not_leave_is_free_again(till: Till) -> None:
    await end(till, await sent(till), Event.NOT_SENT)
    assert only_state(till) is VoucherState.FREE
    assert till.ledger.book.refusals(SIM) == 0
    topup, change = till.topups.reserve(wish(), till.pick(), NOW)
    await till.write(change)
    assert await till.topups.send(topup.topup_id, NOW)
    assert await till.problems() == []


async def test_a_person_says_yes(till: Till) -> None:
    await till.bring(CODE)
    topup, change = till.topups.ask(wish(), NOW)
    await till.write(change)
    assert till.ledger.book.spent("NGN", 0) == 0
    await till.write(till.topups.approve(topup.topup_id, till.pick(), NOW + 5))
    found = till.topups.get(topup.topup_id)
    assert found is not None
    assert (found.state, found.committed_at) == (State.RESERVED, NOW + 5)
    assert only_state(till) is VoucherState.RESERVED


@pytest.mark.parametrize(
    ("event", "state", "spent"),
    [(Event.PAID_BY_HAND, State.CONFIRMED, TEN), (Event.DECLINED, State.REJECTED, Decimal())],
)
async def test_a_person_decides_what_was_asked(
    till: Till, event: Event, state: State, spent: Decimal
) -> None:
    topup, change = till.topups.ask(wish(), NOW)
    await till.write(change)
    await end(till, topup.topup_id, event)
    assert till.topups.get(topup.topup_id).state is state  # type: ignore[union-attr]
    assert till.ledger.book.spent("NGN", 0, SIM) == spent


async def test_one_topup_a_sim(till: Till) -> None:
    await till.bring(CODE, "99999999")
    _, change = till.topups.reserve(wish(), till.pick(), NOW)
    await till.write(change)
    with pytest.raises(SagaError, match="t-3 is not over"):
        till.topups.reserve(wish(), till.pick(), NOW)
    with pytest.raises(SagaError, match="v-1 is not free"):
        till.topups.reserve(wish("8923430000000000025"), till.vouchers.all()[0], NOW)
    assert till.ledger.last == 3


async def test_the_lock_counts_refusals_in_a_row(till: Till) -> None:
    await end(till, await sent(till), Event.WRONG_CODE)
    await end(till, await sent(till, "22222222"), Event.ALREADY_USED)
    await till.crash()
    book = till.ledger.book
    assert book.refusals(SIM) == 2
    await till.write(till.topups.unlock(SIM, "desk-1", NOW, "c-9"))
    assert book.refusals(SIM) == 0
    await end(till, await sent(till, "33333333"), Event.WRONG_CODE)
    await end(till, await sent(till, "44444444"), Event.ACCEPTED)
    assert book.refusals(SIM) == 0


async def test_the_balance_before_and_the_calls_since_are_known_after_a_restart(
    till: Till,
) -> None:
    ledger = till.ledger
    for kind, amount in (("balance", "7"), ("charge", "5"), ("balance", "3"), ("charge", "0.5")):
        _, change = ledger.append(
            MoneyKind(kind), NOW, sim=SIM, amount=Decimal(amount), currency="NGN"
        )
        await till.write(change)
    topup_id = await sent(till)
    _, change = ledger.append(
        MoneyKind.CHARGE, NOW, sim=SIM, amount=Decimal("0.25"), currency="NGN"
    )
    await till.write(change)
    before = till.topups.get(topup_id)
    await till.crash()
    found = till.topups.get(topup_id)
    assert found == before
    assert found is not None
    assert (found.before, found.charged) == (Decimal(3), Decimal("0.75"))
    assert till.ledger.book.funds.of(SIM) == ledger.book.funds.of(SIM)


async def test_what_a_sim_is_to_give_is_known_after_a_restart(till: Till) -> None:
    donor = "8923430000000000025"
    _, change = till.ledger.append(
        MoneyKind.BALANCE, NOW, sim=donor, amount=Decimal(50), currency="NGN"
    )
    await till.write(change)
    topup, change = till.topups.reserve(replace(wish(), donor=donor), None, NOW)
    await till.write(change)
    assert await till.topups.send(topup.topup_id, NOW) is None
    await till.crash()
    await till.write(till.topups.recover(NOW))
    assert till.topups.left(donor) == 40
    assert {entry.donor for entry in await till.entries() if entry.topup_id} == {donor}


@pytest.mark.parametrize(
    "sql",
    ["UPDATE ledger SET at = 0", "DELETE FROM ledger WHERE entry = 1"],
)
async def test_no_entry_changes_or_goes(till: Till, sql: str) -> None:
    await till.bring(CODE)
    with pytest.raises(StoreError, match="an entry of the ledger"):
        await till.store.write(Op(sql))
    assert len(await till.entries()) == 1


@pytest.mark.parametrize("state", ["used", "spoiled", "unknown"])
async def test_the_file_itself_gives_no_spent_voucher_back(till: Till, state: str) -> None:
    await till.bring(CODE)
    await till.store.write(Op("UPDATE voucher SET state = ?", (state,)))
    with pytest.raises(StoreError, match="never free again"):
        await till.store.write(Op("UPDATE voucher SET state = 'free'"))


async def test_a_story_that_cannot_be_stops_topups_and_nothing_else(till: Till) -> None:
    await till.bring(CODE)
    event = till.ledger._journal.event(
        MoneyEvent, entry=2, kind=MoneyKind.TOPUP_CONFIRMED, topup_id="t-2", sim=SIM
    )
    row = Op("INSERT INTO ledger VALUES (2, 0, 'x', '', 't-2', '', ?)", (event.encode(),))
    await till.store.write(row)
    await till.crash()
    assert till.ledger.problem
    with pytest.raises(SagaError, match="does not add up"):
        till.topups.reserve(wish(), till.pick(), NOW)
    _, change = till.ledger.append(MoneyKind.BALANCE, NOW, sim=SIM, amount=TEN)
    await till.write(change)
    assert await till.problems() != []


async def test_no_code_is_in_any_file_or_event(till: Till) -> None:
    await sent(till)
    rows = await till.store.read("SELECT payload FROM outbox")
    assert len(rows) == 3
    assert not any(DIGITS.encode() in payload for (payload,) in rows)
    copy = sqlite3.connect(till.path)
    assert DIGITS not in "\n".join(copy.iterdump())
    copy.close()


async def test_entries_are_read_in_pages(till: Till) -> None:
    await till.bring("11111111", "22222222", "33333333")
    page = await read_entries(till.store, after=1, limit=1)
    assert [entry.number for entry in page] == [2]


async def test_an_amount_that_nobody_can_own_is_unknown(till: Till) -> None:
    entry, change = till.ledger.append(
        MoneyKind.BALANCE, NOW, sim=SIM, amount=Decimal("1e30"), text="x" * 5000
    )
    await till.write(change)
    assert entry.amount is None
    assert entry.text == "x" * 1024


async def test_a_balance_that_came_by_itself_proves_nothing(till: Till) -> None:
    """It may be a late word of before an earlier top-up, whose credit would confirm this one."""
    _, change = till.ledger.append(
        MoneyKind.BALANCE, NOW, sim=SIM, amount=Decimal(1), currency="NGN", unasked=True
    )
    await till.write(change)
    topup_id = await sent(till)
    found = till.topups.get(topup_id)
    assert found is not None
    assert found.before is None
    assert till.ledger.book.funds.of(SIM).amount == 1
    await till.crash()
    assert till.topups.get(topup_id) == found
    assert till.ledger.book.funds.of(SIM).unasked


async def test_a_balance_of_before_the_last_topup_proves_nothing_of_the_next(till: Till) -> None:
    """Else the credit of the first would confirm the second."""
    _, change = till.ledger.append(
        MoneyKind.BALANCE, NOW, sim=SIM, amount=Decimal(1), currency="NGN"
    )
    await till.write(change)
    await end(till, await sent(till), Event.ACCEPTED)
    topup_id = await sent(till, "22222222")
    found = till.topups.get(topup_id)
    assert found is not None
    assert found.before is None
    await till.crash()
    assert till.topups.get(topup_id) == found
