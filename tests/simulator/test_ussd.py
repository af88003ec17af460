from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.worlds import world

CODES = [
    {"code": "*100#", "text": "12.34 EUR"},
    {"code": "*101#", "text": "1 Bonus", "menu": {"1": {"text": "100 min"}}},
    {"code": "*102#", "text": "Ж", "dcs": 72},
    {"code": "*103#", "how": "silence"},
    {"code": "*104#", "how": "error_after_ok"},
    {"code": "*105#", "text": "done", "how": "twice"},
    {"code": "*106#", "text": "early", "how": "before_ok"},
]
PLAIN, QUECTEL, SIMCOM, HUAWEI = ({"family": f} for f in ("generic", "quectel", "simcom", "huawei"))
SIM800 = {"family": "simcom", "model": "SIM800L"}
EURO = "00310032002E003300340020004500550052"


@pytest.mark.parametrize(
    ("family", "charset", "code", "reply"),
    [
        (PLAIN, "GSM", "*100#", '+CUSD: 0,"12.34 EUR",15'),
        (PLAIN, "GSM", "*102#", '+CUSD: 0,"0416",72'),
        (PLAIN, "GSM", "*999#", "+CUSD: 4"),
        (QUECTEL, "UCS2", "002A0031003000300023", f'+CUSD: 0,"{EURO}",15'),
        (SIMCOM, "GSM", "*100#", f'+CUSD: 0,"{EURO}",72'),
        (SIMCOM, "GSM", "AA180C3602", "+CUSD: 4"),
        (SIM800, "GSM", "*100#", '+CUSD: 0,"12.34 EUR",15'),
        (HUAWEI, "GSM", "AA180C3602", '+CUSD: 0,"31996B460315AB52",15'),
        (HUAWEI, "GSM", "*100#", "+CUSD: 4"),
        (PLAIN, "GSM", "*104#", "+CME ERROR: 100"),
        (PLAIN, "GSM", "*105#", '+CUSD: 2,"Initiating Release",15\r\n\r\n+CUSD: 0,"done",15'),
    ],
)
async def test_each_family_codes_its_own_way(
    family: dict[str, Any], charset: str, code: str, reply: str
) -> None:
    async with world(family, ussd=CODES) as (_, (tty,)):
        await tty.ask(f'AT+CSCS="{charset}"')
        await tty.ask(f'AT+CUSD=1,"{code}",15')
        await tty.until(f"\r\n{reply}\r\n")


async def test_a_menu_takes_an_answer() -> None:
    async with world(PLAIN, ussd=CODES) as (_, (tty,)):
        await tty.ask('AT+CUSD=1,"*101#",15')
        await tty.until('+CUSD: 1,"1 Bonus",15')
        await tty.ask('AT+CUSD=1,"1",15')
        await tty.until('+CUSD: 0,"100 min",15')


async def test_a_reply_may_come_before_ok() -> None:
    async with world(PLAIN, ussd=CODES) as (_, (tty,)):
        assert await tty.ask('AT+CUSD=1,"*106#",15') == ['+CUSD: 0,"early",15']


async def test_cancel_ends_a_silent_session() -> None:
    async with world(PLAIN, ussd=CODES) as (sim, (tty,)):
        await tty.ask('AT+CUSD=1,"*103#",15')
        await tty.ask("AT+CUSD=2")
        assert [entry.detail for entry in sim.network.log if entry.what == "ussd"] == ["*103#"]
