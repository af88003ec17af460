from __future__ import annotations

from decimal import Decimal

from simulator.money.account import What
from simulator.money.parts import FairUsePart
from tests.simulator.money.worlds import account, adds_up, paying, the_carrier
from tests.simulator.test_messages import send
from tests.simulator.worlds import ANSWERS, BUSY, OUTSIDE, STAYS, eventually, world


async def test_a_call_is_charged_when_it_ends() -> None:
    async with paying({"balance": 100}) as (sim, (tty,)):
        await tty.ask(f"ATD{ANSWERS};")
        await tty.until("NO CARRIER\r\n")
        [charge] = account(sim).charges
        call = sim.network.calls[0]
        assert (charge.call, charge.other, charge.talk_s) == (call.id, ANSWERS, call.talk_s)
        assert charge.amount == -charge.billed_s
        assert call.talk_s <= charge.billed_s < call.talk_s + 1
        assert adds_up(account(sim))
        assert not account(sim).held


async def test_a_call_that_nobody_answers_costs_nothing() -> None:
    async with paying({"balance": 100}) as (sim, (tty,)):
        await tty.ask(f"ATD{BUSY};")
        await tty.until("BUSY\r\n")
        assert account(sim).charges == []


async def test_a_call_into_a_sim_costs_it_nothing() -> None:
    async with paying({"balance": 0}) as (sim, (tty,)):
        call = sim.network.call(OUTSIDE, account(sim).number)
        await tty.until("RING")
        await tty.ask("ATA")
        call.hang_up()
        assert call.outcome == "answered"
        assert not account(sim).movements


async def test_without_credit_a_call_is_refused_after_an_announcement() -> None:
    async with paying({"balance": "0.99"}, announcement_s=3) as (sim, (tty,)):
        await tty.ask(f"ATD{ANSWERS};")
        await tty.until("NO CARRIER\r\n")
        call = sim.network.calls[0]
        assert (call.outcome, call.cause, call.alerted_s) == ("no_credit", 68, None)
        assert (call.ended_s or 0) - call.started_s >= 3
        assert await tty.ask("AT+CEER") == ["+CEER: ACM equal to or greater than ACMmax"]


async def test_the_network_cuts_a_call_when_the_money_is_gone() -> None:
    async with paying({"balance": 3}) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        await tty.until("NO CARRIER\r\n")
        call = sim.network.calls[0]
        assert (call.outcome, call.cause, call.ended_by) == ("answered", 68, "network")
        assert call.talk_s >= 3
        assert account(sim).balance == 0


async def test_two_calls_of_one_sim_cannot_spend_the_same_money() -> None:
    async with paying({"balance": 90}, speed=1000) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await tty.ask(f"ATD{STAYS};")
        await eventually(lambda: all(call.ended_s for call in sim.network.calls))
        first, second = account(sim).charges
        assert account(sim).balance == 0
        assert first.billed_s + second.billed_s == 90


async def test_a_bundle_pays_first_and_money_the_rest() -> None:
    bundle = {"unit": "minutes", "amount": "0.05", "days": 1}
    async with paying({"balance": 2, "bundles": [bundle]}) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        await tty.until("NO CARRIER\r\n")
        [charge] = account(sim).charges
        assert (charge.billed_s, charge.bundle_s, charge.amount) == (5, 3, Decimal(-2))
        assert not account(sim).bundles[0].left


async def test_a_bundle_for_other_numbers_or_past_its_end_pays_nothing() -> None:
    own = {"unit": "minutes", "amount": 10, "on_net": True}
    past = {"unit": "minutes", "amount": 10, "days": 0}
    async with paying({"bundles": [own, past]}, {}) as (sim, (tty, _)):
        await tty.ask(f"ATD{ANSWERS};")
        await tty.until("NO CARRIER\r\n")
        await tty.ask(f"ATD{account(sim, 'm1').number};")
        await eventually(lambda: sim.network.calls[1].alerted_s is not None)
        assert [call.outcome for call in sim.network.calls] == ["no_credit", None]


async def test_an_expired_balance_pays_for_nothing_until_a_topup() -> None:
    async with paying({"balance": 50, "valid_days": 0}, topup_days=1) as (sim, (tty,)):
        assert account(sim).credit(sim.clock.now()) == 0
        account(sim).prolong(1, sim.clock.now())
        assert account(sim).credit(sim.clock.now()) == 50
        await tty.ask("AT")


async def test_an_sms_is_charged_and_refused_when_the_money_is_gone() -> None:
    async with paying({"balance": 3}) as (sim, (tty,)):
        assert "+CMGS:" in await send(tty, OUTSIDE, "hello")
        [charge] = account(sim).charges
        assert (charge.what, charge.amount, charge.other) == (What.SMS, Decimal(-2), OUTSIDE)
        assert sim.network.money.refuses_sms(account(sim).number, OUTSIDE) == 21


async def test_the_emergency_number_needs_no_credit() -> None:
    async with paying({}) as (sim, (tty,)):
        account(sim).bar(0, "test")
        await tty.ask("ATD112;")
        await eventually(lambda: sim.network.calls[0].callee is not None)


async def test_who_passes_fair_use_is_barred_and_it_is_remembered() -> None:
    limits = FairUsePart(calls_per_hour=1)
    async with paying({"balance": 99}, {}, fair_use=limits) as (sim, (tty, _)):
        for _ in range(2):
            await tty.ask(f"ATD{ANSWERS};")
            await tty.until("NO CARRIER\r\n")
        assert [call.outcome for call in sim.network.calls] == ["answered", "barred"]
        assert await tty.ask("AT+CEER") == ["+CEER: Operator determined barring"]
        [barred] = sim.network.money.ever_barred
        [bar] = barred.bars
        assert (barred, bar.reason) == (account(sim), "more than 1 calls an hour")
        assert bar.at_s <= sim.clock.now()
        assert "barred" in sim.network.messages[-1].text
        assert sim.network.money.refuses_sms(barred.number, OUTSIDE) == 8
        barred.unbar()
        assert sim.network.money.ever_barred == [barred]


async def test_a_sim_in_the_second_slot_has_an_account_of_its_own() -> None:
    sims = [{"account": {"carrier": "c", "balance": balance}} for balance in (0, 9)]
    carrier = {"name": "c", "dialect": "ng-mtn"}
    async with world({"family": "simcom", "sims": sims}, carriers=[carrier]) as (sim, (tty,)):
        await tty.ask("AT+SWITCHSIM=1")
        await eventually(lambda: sim.modems["m0"].radio.registered)
        await tty.ask("AT+CUSD=1")
        await tty.ask('AT+CUSD=1,"*310#"')
        told = bytes.fromhex((await tty.until('",72')).split('"')[1]).decode("utf-16-be")
        assert told.startswith("Yello! Main balance: N9.00")


async def test_a_card_bears_the_name_and_network_of_its_carrier() -> None:
    carrier = {"name": "c", "dialect": "ua-kyivstar"}
    modem = {"sims": [{"account": {"carrier": "c"}}]}
    async with world(modem, {}, carriers=[carrier]) as (sim, (own, other)):
        assert (await own.ask("AT+CIMI"))[0].startswith("25503")
        assert (await other.ask("AT+CIMI"))[0].startswith("26201")
        assert '"Kyivstar"' in (await own.ask("AT+COPS?"))[0]
        assert the_carrier(sim).accounts.keys() == {sim.modems["m0"].cards[0].number}
