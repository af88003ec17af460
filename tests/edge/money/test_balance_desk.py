"""Balances: asked when they are due, read from what comes by itself, told to who lives by them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from config.money import BalanceChecks
from edge.calls import Call
from edge.money.balance_desk import _spread_s
from edge.outcome import Outcome
from mqtt.messages import Balance, UssdEvent
from mqtt.vocabulary import Reason, Result
from simulator.money.parts import FaultKind, FaultPart, Service
from simulator.scenario import UssdStep
from tests.edge.money.office import Office, OpenOffice, Settings, carrier, scenario

NEVER = Settings(checks=BalanceChecks(enabled=False))


def ask(found: Office, line: str | None = "desk-0") -> Outcome:
    return found.order(found.balance_desk.handle, Balance(id="b", line=line))


def fail(found: Office, kind: str, **keys: Any) -> None:
    """Let the carrier do this to whoever asks for a balance."""
    part = FaultPart(kind=FaultKind(kind), on=Service.BALANCE, **keys)
    found.carrier.faults.add(part)


def push(found: Office, text: str) -> None:
    found.sim.network.push_ussd(found.account.number, UssdStep(text=text))


async def told(found: Office, count: int = 1) -> list[str | None]:
    """Wait for so many balances and no more; gives their amounts."""
    await found.until(lambda: len(found.money("balance")) >= count)
    amounts = [event.amount for event in found.money("balance")]
    assert len(amounts) == count
    return amounts


# --- when


async def test_a_sim_that_registers_is_asked_once(open_office: OpenOffice) -> None:
    async with open_office(scenario({})) as found:
        assert await told(found) == ["50"]
        [event] = found.money("balance")
        assert (event.currency, event.line, event.sim) == ("NGN", "desk-0", found.line.iccid)
        assert event.carrier == "ng-mtn"
        assert "Main balance: N50.00" in (event.text or "")
        found.changed(found.line)
        assert [fund.amount for fund in found.funds] == [Decimal(50)]
        assert found.of(UssdEvent) == []


async def test_it_is_asked_by_sms_where_the_carrier_wants_that(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, carriers=[carrier("cn-mobile")])) as found:
        assert await told(found) == ["50"]


async def test_nobody_is_asked_who_cannot_be(open_office: OpenOffice) -> None:
    world = scenario({}, carriers=[carrier("plain")])  # an identity that no profile claims
    async with open_office(world) as found:
        assert found.line.carrier is None
        refused = ask(found)
        assert (refused.result, refused.reason) == (Result.REFUSED, Reason.NO_PROFILE)
        refused = ask(found, "cellar")
        assert refused.reason is Reason.UNKNOWN_LINE


async def test_lines_are_asked_by_command(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, {}), NEVER) as found:
        assert ask(found, None).result is Result.ACCEPTED
        await told(found, 2)
        assert {event.line for event in found.money()} == {"desk-0", "desk-1"}
        assert {event.cmd_id for event in found.money()} == {"b"}
        found.line.enabled = False
        refused = ask(found)
        assert refused.reason is Reason.LINE_NOT_READY


async def test_it_is_asked_after_so_many_calls_or_minutes(open_office: OpenOffice) -> None:
    checks = BalanceChecks(every_calls=3, every_minutes=10)
    async with open_office(scenario({}), Settings(checks=checks)) as found:
        await told(found)
        for _ in range(3):
            found.balance_desk.on_call_ended(found.line, 1)
        await told(found, 2)
        found.balance_desk.on_call_ended(found.line, 600)
        await told(found, 3)
        found.balance_desk.on_call_ended(found.line, 599)
        found.balance_desk.on_call_ended(found.line, 0)
        assert found.balance_desk._watches[found.line.iccid or ""].calls == 2


async def test_it_waits_for_a_call_to_be_over(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), NEVER) as found:
        found.line.calls[1] = cast("Call", object())
        ask(found)
        await found.until(lambda: found.talks._news)
        assert not any("CUSD=1," in line for line in found.sim.modems["m0"].received)
        found.line.calls.clear()
        found.changed(found.line)
        await told(found)


async def test_a_balance_of_just_before_a_restart_will_do(open_office: OpenOffice) -> None:
    async with open_office(scenario({})) as found:
        await told(found)
        await found.crash()
        await found.until(lambda: found.line.is_up)
        watch = found.balance_desk._watches[found.line.iccid or ""]
        assert watch.timer
        assert not watch.asking
        shown = found.balances.shown(found.line.iccid or "", datetime.now(UTC).timestamp())
        assert (shown["balance"], shown["currency"]) == ("50", "NGN")
        assert len(found.money("balance")) == 1


def test_the_sims_of_a_gateway_are_not_asked_at_once() -> None:
    delays = sorted(_spread_s(f"89492400000000{n:05}") for n in range(32))
    assert delays[0] >= 0
    assert 60 < delays[-1] < 120
    assert sum(delay < 30 for delay in delays) < 16


# --- what comes by itself


async def test_a_notice_after_a_call_makes_the_question_unnecessary(
    open_office: OpenOffice,
) -> None:
    checks = BalanceChecks(every_calls=1)
    async with open_office(scenario({}), Settings(checks=checks)) as found:
        await told(found)
        asked = sum("CUSD=1," in line for line in found.sim.modems["m0"].received)
        found.balance_desk.on_call_ended(found.line, 30)
        push(found, "Last call cost N6.00 for 60 secs. Your balance is N44.00.")
        assert await told(found, 2) == ["50", "44"]
        watch = found.balance_desk._watches[found.line.iccid or ""]
        assert asked == sum("CUSD=1," in line for line in found.sim.modems["m0"].received)
        assert watch.calls == 0


async def test_a_notice_by_sms_counts_only_from_the_carrier(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), NEVER) as found:
        number = found.account.number
        text = "Last call cost N6.00. Your balance is N{}."
        found.sim.network.send_sms("+2348031234567", number, text.format(1))
        found.sim.network.send_sms("Lottery", number, text.format(2))
        found.sim.network.send_sms("MTN", number, "Enjoy our new data plans, only N3!")
        found.sim.network.send_sms("MTN", number, text.format(44))
        assert await told(found) == ["44"]


@pytest.mark.parametrize(("delay_s", "amounts"), [(10.0, [None, "50"]), (0.0, ["50"])])
async def test_an_answer_by_sms_is_taken_early_or_late(
    open_office: OpenOffice, delay_s: float, amounts: list[str | None]
) -> None:
    async with open_office(scenario({}), NEVER) as found:
        fail(found, "by_sms", delay_s=delay_s)
        ask(found)
        await found.until(lambda: found.money("balance"))
        await found.until(lambda: not found.talks.is_held(found.line))
        assert await told(found, len(amounts)) == amounts


# --- what cannot be had


async def test_what_cannot_be_read_is_unknown_with_its_text(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), NEVER) as found:
        fail(found, "garbage")
        ask(found)
        assert await told(found) == [None]
        [event] = found.money("balance")
        assert event.text
        assert found.funds[0].amount is None


async def test_a_carrier_that_keeps_silent_is_asked_again_and_told_of(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.02)
    async with open_office(scenario({}, carriers=[_silent(times=3)])) as found:
        await found.until(lambda: "balance-desk-0" in found.alarms)
        assert "does not tell the balance" in found.alarms["balance-desk-0"]
        monkeypatch.undo()
        assert await told(found) == ["50"]
        assert found.alarms == {}


async def test_who_asks_by_command_hears_of_the_first_failure(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.02)
    async with open_office(scenario({}, carriers=[_silent()]), NEVER) as found:
        ask(found)
        await found.until(lambda: "balance-desk-0" in found.alarms)
        assert found.money() == []


def _silent(**keys: Any) -> dict[str, Any]:
    return carrier(faults=[{"kind": "dropped", "on": "balance"} | keys])


# --- what follows from it


async def test_a_low_balance_raises_an_alarm_and_a_higher_one_clears_it(
    open_office: OpenOffice,
) -> None:
    settings = Settings(checks=BalanceChecks(enabled=False), warn_below=Decimal(20))
    async with open_office(scenario({}, balance="19.99"), settings) as found:
        ask(found)
        await told(found)
        assert found.alarms["balance-low-desk-0"] == "The balance of desk-0 is 19.99 NGN."
        found.alarms.clear()
        await found.crash()
        assert "balance-low-desk-0" in found.alarms
        push(found, "Last call cost N0.00. Your balance is N20.00.")
        await found.until(lambda: len(found.money("balance")) == 2)
        assert found.alarms == {}


async def test_a_sim_that_is_called_empty_is_blocked_until_it_holds_money(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}), NEVER) as found:
        sim = found.line.iccid or ""
        push(found, "Last call: insufficient credit.")
        await told(found)
        block = found.balances.block(sim)
        assert block
        assert block.reason is Reason.NO_CREDIT
        await found.crash()
        assert found.balances.block(sim)
        push(found, "Last call cost N0.00. Your balance is N20.00.")
        await told(found, 2)
        assert found.balances.block(sim) is None


async def test_a_barred_sim_is_taken_out_for_a_person_to_decide(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), NEVER) as found:
        found.account.bar(0, "too many calls")
        ask(found)
        await told(found)
        assert found.barred == ["desk-0"]
        assert "a person must decide" in found.alarms["sim-barred-desk-0"]
        await found.crash()
        assert found.balances.is_barred(found.line.iccid or "")


async def test_a_word_of_trouble_that_comes_by_itself_is_looked_into(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}), NEVER) as found:
        found.sim.network.send_sms("MTN", found.account.number, "Blocked? Dial *123#!")
        assert await told(found) == ["50"]
        found.carrier.bar(found.account, "too many calls")
        await told(found, 2)
        assert found.barred == ["desk-0"]


async def test_the_days_left_follow_from_use(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), NEVER) as found:
        sim, day = found.line.iccid or "", 86_400.0
        now = datetime.now(UTC).timestamp()
        assert found.balances.days_left(sim, now) is None
        for days_ago, amount in ((4, 100), (3, 90), (2, 200), (1, 190), (0, 180)):
            known = {"sim": sim, "amount": Decimal(amount), "currency": "NGN"}
            found.balances.write(now - days_ago * day, known)  # type: ignore[arg-type]
        assert found.balances.spent_a_day(sim, now) == Decimal("7.5")
        assert found.balances.days_left(sim, now) == 24.0
        assert found.balances.spent_a_day(sim, now + 30 * day) == 0
        await found.store.write()
        await found.crash()
        assert found.balances.days_left(sim, now) == 24.0
