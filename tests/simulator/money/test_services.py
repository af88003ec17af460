from __future__ import annotations

import pytest

from simulator.money.parts import FaultPart
from simulator.money.vouchers import Verdict
from tests.simulator.money.worlds import (
    CODE,
    OTHER_CODE,
    WRONG,
    account,
    adds_up,
    paying,
    the_carrier,
)
from tests.simulator.terminal import Terminal
from tests.simulator.test_messages import send
from tests.simulator.worlds import ANSWERS, eventually


async def ask(tty: Terminal, code: str) -> str:
    """Send a USSD code and return what is told."""
    tty.write(f'AT+CUSD=1,"{code}",15\r')
    assert "\r\nOK\r\n" in await tty.until("+CUSD: ")
    return await tty.until('",15')


async def test_a_voucher_gives_its_amount_once() -> None:
    async with paying({"balance": 1}, {}) as (sim, (one, two)):
        assert "balance is 11.00 EUR" in await ask(one, f"*101*{CODE}#")
        assert "already been used" in await ask(two, f"*101*{CODE}#")
        assert [account(sim, name).balance for name in ("m0", "m1")] == [11, 0]
        assert [entry.verdict for entry in sim.network.money.tries] == [
            Verdict.ACCEPTED,
            Verdict.ALREADY_USED,
        ]
        vouchers = the_carrier(sim).vouchers
        assert vouchers.accepted[CODE].iccid == account(sim).iccid
        assert vouchers.times_tried() == {CODE: 2}
        assert adds_up(account(sim))


async def test_wrong_codes_lock_a_sim_out() -> None:
    async with paying({}, max_wrong_codes=2) as (sim, (tty,)):
        for _ in range(2):
            assert "wrong" in await ask(tty, f"*101*{WRONG}#")
        assert "locked" in await ask(tty, f"*101*{CODE}#")
        assert account(sim).balance == 0
        assert CODE not in the_carrier(sim).vouchers.accepted


async def test_a_right_code_makes_wrong_ones_forgotten() -> None:
    async with paying({}, max_wrong_codes=2) as (sim, (tty,)):
        for code in (WRONG, CODE, WRONG, OTHER_CODE):
            await ask(tty, f"*101*{code}#")
        assert account(sim).balance == 15


async def test_a_topup_makes_the_balance_valid_again() -> None:
    async with paying({"balance": 1, "valid_days": 0}, topup_days=30) as (sim, (tty,)):
        await ask(tty, f"*101*{CODE}#")
        assert account(sim).credit(sim.clock.now()) == 11


@pytest.mark.parametrize(
    ("kind", "taken", "told"),
    [
        ("silent", 10, None),
        ("late", 10, "successful"),
        ("by_sms", 10, "by SMS"),
        ("garbage", 10, "7f;;"),
        ("dropped", 0, None),
        ("unavailable", 0, "temporarily unavailable"),
    ],
)
async def test_what_goes_wrong_with_a_voucher(kind: str, taken: int, told: str | None) -> None:
    fault = {"kind": kind, "delay_s": 3, "times": 1}
    async with paying({}, faults=[fault]) as (sim, (tty,)):
        begun = sim.clock.now()
        if told is None:
            await tty.ask(f'AT+CUSD=1,"*101*{CODE}#",15')
            await eventually(lambda: len(sim.network.money.tries) > 0)
            await tty.ask("AT+CUSD=2")
        else:
            assert told in await ask(tty, f"*101*{CODE}#")
        assert (CODE in the_carrier(sim).vouchers.accepted) == bool(taken)
        assert account(sim).balance == taken
        if kind == "late":
            assert sim.clock.now() - begun >= 3
        if kind == "by_sms":
            await eventually(lambda: len(sim.network.messages) > 0)
            assert "successful" in sim.network.messages[0].text
        assert "successful" in await ask(tty, f"*101*{OTHER_CODE}#")


async def test_a_fault_strikes_the_codes_it_names() -> None:
    async with paying({}) as (sim, (tty,)):
        faults = the_carrier(sim).faults
        faults.add(FaultPart.model_validate({"kind": "unavailable", "codes": [CODE]}))
        assert "successful" in await ask(tty, f"*101*{OTHER_CODE}#")
        assert "unavailable" in await ask(tty, f"*101*{CODE}#")
        assert sim.network.money.tries[-1].verdict is Verdict.NOT_TAKEN
        faults.clear()
        assert "successful" in await ask(tty, f"*101*{CODE}#")


async def test_credit_goes_from_sim_to_sim() -> None:
    async with paying({"balance": 9}, {}) as (sim, (one, _)):
        to = account(sim, "m1").number
        assert "You sent 2.50 EUR" in await ask(one, f"*150*{to}*2.50#")
        assert [str(account(sim, name).balance) for name in ("m0", "m1")] == ["6.50", "2.50"]
        assert "You received 2.50 EUR" in sim.network.messages[0].text
        assert adds_up(account(sim))
        assert adds_up(account(sim, "m1"))


@pytest.mark.parametrize(
    "asked", ["*150*{own}*1#", "*150*{other}*9.01#", "*150*{other}*0#", "*150*123*1#"]
)
async def test_a_transfer_that_cannot_be(asked: str) -> None:
    async with paying({"balance": 9}, {}) as (sim, (one, _)):
        own, other = account(sim).number, account(sim, "m1").number
        assert "not made" in await ask(one, asked.format(own=own, other=other))
        assert account(sim).balance == 9
        assert account(sim, "m1").balance == 0


async def test_a_balance_asked_by_sms_is_answered_by_sms() -> None:
    async with paying({"balance": 7}, dialect="cn-mobile") as (sim, (tty,)):
        await send(tty, "10086", "YE")
        await eventually(lambda: len(sim.network.messages) == 2)
        answer = sim.network.messages[1]
        assert answer.sender == "10086"
        assert "可用余额7.00元" in answer.text
        assert not account(sim).charges


async def test_a_menu_is_stepped_through() -> None:
    async with paying({"balance": 7}, dialect="au-telstra") as (_, (tty,)):
        menu = await ask(tty, "*100#")
        assert menu.startswith('1,"Pre-Paid')
        assert "7.00" not in menu
        assert "balance is $7.00" in await ask(tty, "3")
        assert "Goodbye" in await ask(tty, "0")


async def test_after_a_call_its_cost_is_told_by_ussd() -> None:
    async with paying({"balance": 50}, dialect="ng-mtn") as (sim, (tty,)):
        await tty.ask("AT+CUSD=1")
        await tty.ask(f"ATD{ANSWERS};")
        told = await tty.until('",15')
        [charge] = account(sim).charges
        assert f"Last call cost N{-charge.amount:.2f}" in told
        assert f"balance is N{account(sim).balance:.2f}" in told


async def test_after_a_call_its_cost_is_told_by_sms() -> None:
    async with paying({"balance": 50}, dialect="ug-airtel") as (sim, (tty,)):
        await tty.ask(f"ATD{ANSWERS};")
        await eventually(lambda: len(sim.network.messages) > 0)
        assert sim.network.messages[0].text.startswith("Call cost UGX ")


async def test_a_barred_sim_is_told_so_instead_of_its_balance() -> None:
    async with paying({"balance": 50}) as (sim, (tty,)):
        the_carrier(sim).bar(account(sim), "test")
        assert "is barred" in await ask(tty, "*100#")
