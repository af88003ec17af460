"""Top-ups at carriers that charge for each code: none leaves twice, and each has its end."""

from decimal import Decimal
from typing import Any, cast

import pytest

from config.money import BalanceChecks, Budget, TopUpRule
from edge.calls import Call
from edge.money.conversation import NoAnswer, Talk
from edge.money.requests import Request
from edge.outcome import Outcome
from mqtt.messages import SmsEvent
from mqtt.vocabulary import Reason, Result
from simulator import Scenario
from simulator.money.account import Movement, What
from simulator.money.parts import FaultKind, FaultPart
from tests.edge.money.office import (
    CODES,
    NETWORK,
    Office,
    OpenOffice,
    Settings,
    carrier,
    rule,
    scenario,
    topup_command,
)

ONE, TWO, THREE = CODES
WRONG = "9999999999999999"
POOR = "10.00"
DONE = ["reserved low_balance", "sent code_leaves", "confirmed accepted"]


def settings(**keys: Any) -> Settings:
    return Settings(rules=(rule(**keys),))


def quiet(**keys: Any) -> Settings:
    """Nothing begins by itself: no balance is asked for."""
    return Settings(checks=BalanceChecks(enabled=False), rules=(rule(**keys),))


def fault(found: Office, kind: str, **keys: Any) -> None:
    found.carrier.faults.add(FaultPart(kind=FaultKind(kind), **keys))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a network that keeps silent at once, and believe a balance that does not rise."""
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.3)
    monkeypatch.setattr("edge.money.judge.SETTLE_S", 0.0)


async def over(found: Office, *story: str) -> None:
    """Wait until the top-ups' entries are these and no more."""
    await found.until(lambda: len(found.story()) >= len(story))
    assert found.story() == list(story)


async def _ended(found: Office, topup_id: str | None) -> None:
    ends = ("topup_rejected", "topup_confirmed")
    await found.until(lambda: topup_id in {event.topup_id for event in found.money(*ends)})


# --- by rule


async def test_a_low_balance_is_topped_up_and_the_new_one_is_seen(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings()) as found:
        await found.bring(ONE, TWO)
        await over(found, *DONE)
        assert (found.account.balance, found.tried) == (Decimal(110), [ONE])
        await found.until(lambda: found.money("balance")[-1].amount == "110")
        assert len(found.story()) == 3
        sent = found.money("topup_confirmed")[0]
        assert (sent.amount, sent.currency, sent.line) == ("100", "NGN", "desk-0")
        assert "Recharge successful" in (sent.text or "")
        assert found.alarms == {}


async def test_vouchers_that_come_later_are_waited_for(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings()) as found:
        await found.until(lambda: "topup-blocked-desk-0" in found.alarms)
        assert "No voucher fits" in found.alarms["topup-blocked-desk-0"]
        await found.bring(ONE)
        found.desk.consider_all()
        await over(found, *DONE)
        assert found.alarms == {}


async def test_vouchers_go_by_sms_where_the_carrier_wants_that(open_office: OpenOffice) -> None:
    world = scenario({}, carriers=[carrier("ph-smart")], balance=POOR)
    async with open_office(world, quiet()) as found:
        await found.bring(ONE)
        assert found.topup().result is Result.ACCEPTED
        await over(found, "reserved commanded", "sent code_leaves", "confirmed accepted")
        assert found.account.balance == 110


async def test_it_waits_until_no_call_is_on_the_line(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        found.topup()
        found.line.calls[1] = cast("Call", object())
        await over(found, "reserved commanded")
        await found.until(lambda: found.talks._news)
        found.line.calls.clear()
        found.changed(found.line)
        await over(found, "reserved commanded", "sent code_leaves", "confirmed accepted")


async def test_a_line_that_never_gets_quiet_gives_the_voucher_back(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.courier.QUIET_S", 0.05)
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        found.topup()
        found.line.calls[1] = cast("Call", object())
        await over(found, "reserved commanded", "rejected not_sent")
        assert found.tried == []
        assert [voucher.state for voucher in found.vouchers.all()] == ["free"]


# --- what carriers say


async def test_refused_codes_lock_the_sim_out_until_a_person_unlocks_it(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(*(f"{n}" * 16 for n in (7, 8, 9)), ONE)
        for _ in range(3):
            topup_id = found.topup().topup_id
            await _ended(found, topup_id)
        assert {event.cause for event in found.money("topup_rejected")} == {"wrong_code"}
        refused = found.topup()
        assert (refused.result, refused.reason) == (Result.REFUSED, Reason.LOCKED_OUT)
        assert "unlock" in found.alarms["topup-locked-desk-0"]
        await found.crash()
        assert found.topup().reason is Reason.LOCKED_OUT
        assert found.topup("unlock").result is Result.DONE
        assert "topup-locked-desk-0" not in found.alarms
        assert found.topup().result is Result.ACCEPTED
        await found.until(lambda: found.money("topup_confirmed"))


async def test_a_code_that_somebody_used_is_told(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        found.carrier.vouchers.accepted[ONE] = cast("Any", None)
        await found.bring(ONE)
        found.topup()
        await over(found, "reserved commanded", "sent code_leaves", "rejected already_used")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("kind", "end", "money"),
    [
        ("silent", "confirmed credited", Decimal(110)),
        ("garbage", "confirmed credited", Decimal(110)),
        ("dropped", "rejected not_credited", Decimal(10)),
        ("unavailable", "rejected not_credited", Decimal(10)),
    ],
)
async def test_what_nobody_knows_the_balance_decides(
    open_office: OpenOffice, kind: str, end: str, money: Decimal
) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, kind)
        found.topup()
        await found.until(lambda: found.money("topup_unknown"))
        await found.until(lambda: found.money("topup_confirmed", "topup_rejected"))
        assert found.story()[-1] == end
        assert (found.account.balance, found.tried) == (money, [ONE])
        assert found.alarms == {}


async def test_a_balance_that_rises_late_is_waited_for(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.3)
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "dropped")
        found.topup()
        await found.until(lambda: len(found.money("balance")) >= 4)
        assert found.story()[-1] == "unknown no_reply"
        found.account.move(Movement(0, What.TOPUP, Decimal(100), ONE))
        await found.until(lambda: found.money("topup_confirmed"))
        assert found.story()[-1] == "confirmed credited"


async def test_a_code_that_could_not_leave_is_free_again(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Talk.ask

    async def refuse(talk: Talk, request: Request, notice: str | None = None) -> str:
        if request.code:
            raise NoAnswer("the line has no modem", sent=False)
        return await ask(talk, request, notice)

    monkeypatch.setattr(Talk, "ask", refuse)
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        found.topup()
        await over(found, "reserved commanded", "sent code_leaves", "rejected not_sent")
        assert [voucher.state for voucher in found.vouchers.all()] == ["free"]


async def test_a_code_that_left_is_not_free_again_whatever_breaks(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ask = Talk.ask

    async def break_off(talk: Talk, request: Request, notice: str | None = None) -> str:
        text = await ask(talk, request, notice)
        if request.code:
            raise TimeoutError
        return text

    monkeypatch.setattr(Talk, "ask", break_off)
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        found.topup()
        await found.until(lambda: "_carry failed" in caplog.text)
        assert found.tried == [ONE]
        assert [voucher.state for voucher in found.vouchers.all()] == ["sent"]
        await found.crash()
        assert [voucher.state for voucher in found.vouchers.all()] == ["unknown"]


@pytest.mark.usefixtures("impatient")
async def test_no_code_is_thrown_into_a_silence(open_office: OpenOffice) -> None:
    faults = [{"kind": "dropped", "on": "balance"}]
    world = scenario({}, carriers=[carrier(faults=faults)], balance=POOR)
    async with open_office(world, quiet()) as found:
        await found.bring(ONE)
        found.topup()
        await over(found, "reserved commanded", "rejected not_sent")
        assert found.tried == []


async def test_a_late_word_of_the_carrier_decides(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.topup_watch.CHECKS_S", (3600.0,))
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "by_sms", delay_s=20.0)
        found.topup()
        await found.until(lambda: "topup-desk-0" in found.alarms)
        assert "nobody knows" in found.alarms["topup-desk-0"]
        number = found.account.number
        found.sim.network.send_sms("+2348031234567", number, "Recharge successful: N100.00")
        found.sim.network.send_sms("MTN", number, "You successfully joined our N5.00 lottery")
        await found.until(lambda: found.money("topup_confirmed"))
        assert found.story()[-2:] == ["unknown unclear", "confirmed accepted"]
        assert len(found.money("topup_confirmed")) == 1
        assert found.alarms == {}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("dialect", ["ng-mtn", "ph-smart"])
async def test_a_late_word_about_the_one_before_decides_nothing(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    """It comes by itself, or (ph-smart) where the reply to the second code is awaited."""
    monkeypatch.setattr("edge.money.conversation.SMS_REPLY_S", 0.4)
    monkeypatch.setattr("edge.money.topup_watch.CHECKS_S", (3600.0,))
    monkeypatch.setattr("edge.money.judge.SETTLE_S", 3600.0)
    async with open_office(scenario({}, carriers=[carrier(dialect)]), quiet()) as found:
        await found.bring(ONE, TWO)
        fault(found, "by_sms", codes=(ONE,), delay_s=25.0)
        fault(found, "dropped", codes=(TWO,))
        first = found.topup()
        await found.until(lambda: found.money("topup_unknown"))
        found.topup("confirm", topup_id=first.topup_id)
        found.topup()
        await found.until(lambda: found.of(SmsEvent))
        assert "100.00" in (found.of(SmsEvent)[-1].text or "")
        found.sim.network.send_sms("a friend", found.account.number, "What comes behind it")
        await found.until(lambda: len(found.of(SmsEvent)) == 2)
        await found.until(lambda: len(found.money("topup_unknown")) == 2)
        assert len(found.money("topup_confirmed")) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_balance_that_came_by_itself_is_none_to_compare_with(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.judge.SETTLE_S", 3600.0)
    async with open_office(scenario({}, balance="110"), quiet()) as found:
        await found.bring(ONE)
        late = "Last call cost N5.00 for 60 secs. Your balance is N10.00."
        found.sim.network.send_sms("MTN", found.account.number, late)
        await found.until(lambda: found.money("balance"))
        fault(found, "dropped")
        found.topup()
        await found.until(lambda: found.money("topup_unknown"))
        await found.until(lambda: len(found.money("balance")) >= 4)
        told = [(event.amount, event.unasked) for event in found.money("balance")[:4]]
        assert told == [("10", True), *[("110", None)] * 3]
        assert found.story()[-1] == "unknown no_reply"


async def test_a_word_beside_the_reply_counts(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "by_sms", delay_s=0.0)
        found.topup()
        await over(found, "reserved commanded", "sent code_leaves", "confirmed accepted")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("action", "end"), [("confirm", "confirmed judged_paid"), ("reject", "rejected judged_lost")]
)
async def test_a_person_decides(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, action: str, end: str
) -> None:
    monkeypatch.setattr("edge.money.topup_watch.CHECKS_S", (3600.0,))
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "silent")
        topup_id = found.topup().topup_id
        await found.until(lambda: found.money("topup_unknown"))
        assert found.topup().reason is Reason.WRONG_STATE
        assert found.topup(action, topup_id=topup_id).result is Result.DONE
        await found.until(lambda: found.story()[-1] == end)
        assert found.topup(action, topup_id=topup_id).reason is Reason.WRONG_STATE


# --- restarts


async def test_a_code_that_was_on_its_way_at_a_crash_is_never_sent_again(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "silent")
        found.topup()
        await found.until(lambda: found.tried)
        await found.crash()
        await found.until(lambda: found.money("topup_confirmed"))
        assert found.story()[-2:] == ["unknown restarted", "confirmed credited"]
        assert (found.account.balance, found.tried) == (Decimal(110), [ONE])


async def test_the_late_word_after_a_crash_holds_no_code(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.topup_watch.CHECKS_S", (3600.0,))
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        fault(found, "silent")
        found.topup()
        await found.until(lambda: found.tried)
        await found.crash()
        found.sim.network.send_sms("MTN", found.account.number, f"PIN {ONE} successful")
        await found.until(lambda: found.money("topup_confirmed"))


async def test_a_voucher_that_was_only_reserved_at_a_crash_is_given_back(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, balance=POOR), quiet()) as found:
        await found.bring(ONE)
        found.topup()
        found.line.calls[1] = cast("Call", object())
        await over(found, "reserved commanded")
        await found.crash()
        await over(found, "reserved commanded", "rejected restarted")
        assert found.tried == []
        assert [voucher.state for voucher in found.vouchers.all()] == ["free"]


# --- asking people, giving from SIM to SIM


async def test_a_person_is_asked_and_says_that_it_is_paid(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings(method="ask")) as found:
        await found.until(lambda: found.money("topup_asked"))
        assert "a top-up is needed" in found.alarms["topup-desk-0"]
        [asked] = found.money("topup_asked")
        assert found.topup("confirm", topup_id=asked.topup_id).result is Result.DONE
        await over(found, "asked low_balance", "confirmed paid_by_hand")
        assert found.alarms == {}


async def test_a_person_is_asked_and_a_voucher_is_used(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings(method="ask")) as found:
        await found.bring(ONE)
        await found.until(lambda: found.money("topup_asked"))
        [asked] = found.money("topup_asked")
        assert found.topup("confirm", topup_id=asked.topup_id).result is Result.ACCEPTED
        await over(found, "asked low_balance", "reserved approved", *DONE[1:])
        assert found.account.balance == 110


async def test_a_person_who_is_asked_says_no(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings(method="ask")) as found:
        await found.until(lambda: found.money("topup_asked"))
        [asked] = found.money("topup_asked")
        assert found.topup("reject", topup_id=asked.topup_id).result is Result.DONE
        await over(found, "asked low_balance", "rejected declined")


def family(rich: str, *poor: str) -> tuple[Scenario, TopUpRule, str]:
    """A SIM that gives, on the last line, to those before it; the rule for it, and its ICCID."""
    modems = [
        {"sims": [{"account": {"carrier": "c", "balance": POOR}, "number": number}]}
        for number in poor
    ]
    giver = {"sims": [{"account": {"carrier": "c", "balance": rich}}]}
    world = scenario(*modems, giver, network=NETWORK | {"country_code": "234"})
    donor = world.lines()[-1].sims[0].iccid or ""
    gift = rule(
        method="transfer", donors=[donor], code="*321*{number}*{amount}#", donor_keeps="100"
    )
    return world, gift, donor


async def test_a_sim_gives_to_another(open_office: OpenOffice) -> None:
    world, gift, donor = family("500", "+2348031234567")
    async with open_office(world, Settings(rules=(gift,))) as found:
        await found.until(lambda: len(found.money("balance")) >= 2)
        found.desk.consider_all()
        await over(found, *DONE[:2], "unknown unclear", "confirmed credited")
        assert found.account.balance == 110
        assert found.sim.network.money.accounts[donor].balance == 400
        assert {event.donor for event in found.money() if event.topup_id} == {donor}
        await found.until(
            lambda: (donor, "400") in {(told.sim, told.amount) for told in found.money("balance")}
        )


async def test_two_that_run_low_together_do_not_drain_the_giver(open_office: OpenOffice) -> None:
    world, gift, donor = family("250", "+2348031234567", "+2348031234568")
    async with open_office(world, Settings(rules=(gift,))) as found:
        await found.until(lambda: len(found.money("balance")) >= 3)
        found.desk.consider_all()
        await found.until(lambda: found.money("topup_confirmed"))
        await over(found, *DONE[:2], "unknown unclear", "confirmed credited")
        [(alarm, message)] = found.alarms.items()
        assert alarm in {"topup-blocked-desk-0", "topup-blocked-desk-1"}
        assert "has enough" in message
        assert found.sim.network.money.accounts[donor].balance == 150


async def test_a_giver_that_has_less_by_then_gives_nothing(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.courier.FRESH_S", 0.0)
    world, gift, donor = family("500", "+2348031234567")
    async with open_office(world, Settings(rules=(gift,))) as found:
        await found.until(lambda: len(found.money("balance")) >= 2)
        giver = found.lines["desk-1"]
        giver.calls[1] = cast("Call", object())
        found.desk.consider_all()
        found.sim.network.money.accounts[donor].move(
            Movement(0, What.CALL, Decimal(-350), "a call")
        )
        giver.calls.clear()
        found.changed(giver)
        await over(found, "reserved low_balance", "rejected not_sent")
        assert "must keep" in (found.money("topup_rejected")[0].message or "")
        assert found.sim.network.money.accounts[donor].balance == 150


async def test_two_approvals_at_once_do_not_share_a_voucher(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, {}, balance=POOR), settings(method="ask")) as found:
        await found.bring(ONE)
        await found.until(lambda: len(found.money("topup_asked")) == 2)
        first, second = _approve_at_once(found)
        assert (first.result, second.result) == (Result.ACCEPTED, Result.DONE)
        await found.until(lambda: len(found.money("topup_confirmed")) == 2)
        causes = {event.topup_id: event.cause for event in found.money("topup_confirmed")}
        assert causes == {first.topup_id: "accepted", second.topup_id: "paid_by_hand"}
        assert found.tried == [ONE]


async def test_two_approvals_at_once_do_not_share_a_budget(open_office: OpenOffice) -> None:
    total = Budget(currency="NGN", per_day=Decimal(150), per_month=Decimal(150))
    ours = Settings(rules=(rule(method="ask"),), budgets=(total,))
    async with open_office(scenario({}, {}, balance=POOR), ours) as found:
        await found.bring(ONE, TWO)
        await found.until(lambda: len(found.money("topup_asked")) == 2)
        first, second = _approve_at_once(found)
        assert (first.result, second.reason) == (Result.ACCEPTED, Reason.BUDGET_SPENT)
        await found.until(lambda: found.money("topup_confirmed"))
        assert found.tried == [ONE]


def _approve_at_once(found: Office) -> list[Outcome]:
    """Confirm all that was asked; each is handled before any is acted upon."""
    asked = [event.topup_id for event in found.money("topup_asked")]
    outcomes = [found.desk.handle(topup_command("confirm", topup_id=one)) for one in asked]
    for outcome in outcomes:
        if outcome.act:
            outcome.act()
    return outcomes


# --- commands that are refused


async def test_what_cannot_be_is_refused_with_a_reason(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), quiet(per_day="100", per_month="100")) as found:
        assert found.topup(line="cellar").reason is Reason.UNKNOWN_LINE
        assert found.topup("confirm", topup_id="t-77").reason is Reason.UNKNOWN_TOPUP
        assert found.topup().reason is Reason.NO_VOUCHER
        await found.bring(ONE, TWO)
        found.line.calls[1] = cast("Call", object())
        assert found.topup().reason is Reason.LINE_BUSY
        found.line.calls.clear()
        assert found.topup().result is Result.ACCEPTED
        await found.until(lambda: found.money("topup_confirmed"))
        spent = found.topup()
        assert spent.reason is Reason.BUDGET_SPENT
        assert spent.retry_after_s
        found.line.carrier = None
        assert found.topup().reason is Reason.NO_PROFILE
        found.line.enabled = False
        assert found.tried == [ONE]


async def test_a_ledger_that_does_not_add_up_begins_nothing(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings()) as found:
        found.ledger.problem = "The ledger does not add up: entry 7."
        await found.bring(ONE)
        await found.until(lambda: "topup-blocked-desk-0" in found.alarms)
        assert "does not add up: entry 7." in found.alarms["topup-blocked-desk-0"]
        for command in ({}, {"action": "confirm", "topup_id": "t-1"}, {"action": "unlock"}):
            refused = found.topup(**command)
            assert refused.reason is Reason.STORAGE_FAILED
            assert "trunkline ledger check" in (refused.message or "")
        assert found.story() == []


async def test_a_disk_that_refuses_an_approval_ends_its_top_up(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, balance=POOR), settings(method="ask")) as found:
        await found.bring(ONE)
        await found.until(lambda: found.money("topup_asked"))
        [asked] = found.money("topup_asked")
        outcome = found.desk.handle(topup_command("confirm", topup_id=asked.topup_id))
        assert outcome.undo
        outcome.undo()
        await over(found, "asked low_balance", "reserved approved", "rejected declined")
        assert [voucher.state for voucher in found.vouchers.all()] == ["free"]


async def test_a_disk_that_refuses_the_command_ends_its_top_up(open_office: OpenOffice) -> None:
    async with open_office(scenario({}), quiet()) as found:
        await found.bring(ONE)
        outcome = found.desk._start(found.line, "c")
        assert outcome.undo
        outcome.undo()
        await over(found, "reserved commanded", "rejected declined")
        assert [voucher.state for voucher in found.vouchers.all()] == ["free"]
