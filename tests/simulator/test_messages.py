from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator import pdu
from tests.simulator.worlds import OUTSIDE, eventually, world

if TYPE_CHECKING:
    from tests.simulator.terminal import Terminal

HUAWEI = {"family": "huawei"}


def submit(to: str, text: str, *, report: bool = False) -> tuple[str, int]:
    """Return a SUBMIT in hex with an empty service centre, and its length in octets."""
    (data,) = pdu.user_data(text, 0)
    first = 0x21 if report else 0x01
    tpdu = bytes([first, 0]) + pdu.address(to) + bytes([0, data.dcs, data.length]) + data.octets
    return f"00{tpdu.hex().upper()}", len(tpdu)


async def send(tty: Terminal, to: str, text: str, *, report: bool = False) -> list[str]:
    body, length = submit(to, text, report=report)
    tty.write(f"AT+CMGS={length}\r")
    await tty.until("\r\n> ")
    tty.write(f"{body}\x1a")
    return (await tty.until("\r\nOK\r\n")).split()


async def test_a_sim_writes_to_another_and_it_is_stored() -> None:
    async with world({}, HUAWEI) as (sim, (one, two)):
        numbers = [modem.cards[0].number for modem in sim.modems.values()]
        await two.ask("AT+CNMI=2,1,0,0,0")
        assert "+CMGS:" in await send(one, numbers[1], "hellohello")
        await two.until('+CMTI: "SM",1')
        head, stored = await two.ask("AT+CMGR=1")
        assert head == "+CMGR: 0,,29"
        assert stored.startswith("0791947106004034")
        assert stored.endswith("0AE8329BFD4697D9EC37")
        assert pdu.address(numbers[0]).hex().upper() in stored
        assert (await two.ask("AT+CMGL=4"))[0] == "+CMGL: 1,1,,29"
        await two.ask("AT+CMGD=1")
        assert await two.ask("AT+CMGL=4") == []
        assert [message.text for message in sim.network.messages] == ["hellohello"]


async def test_a_text_from_outside_comes_directly_and_cnma_lets_the_next_one_in() -> None:
    async with world({}) as (sim, (tty,)):
        number = sim.modems["m0"].cards[0].number
        await tty.ask("AT+CSMS=1")
        await tty.ask("AT+CNMI=2,2,0,1,0")
        sim.network.send_sms(OUTSIDE, number, "one")
        sim.network.send_sms(OUTSIDE, number, "two")
        await tty.until("+CMT: ,")
        await eventually(lambda: sim.network.centre.waiting(number) == 1)
        await tty.ask("AT+CNMA")
        await tty.until("+CMT: ,")
        await tty.ask("AT+CNMA")
        await tty.ask("AT+CNMA", final="+CMS ERROR: 340")


async def test_without_cnma_the_modem_stops_passing_messages_on() -> None:
    async with world({}) as (sim, (tty,)):
        modem = sim.modems["m0"]
        await tty.ask("AT+CSMS=1;+CNMI=2,2")
        sim.network.send_sms(OUTSIDE, modem.cards[0].number, "one")
        await tty.until("+CMT: ,")
        await eventually(lambda: modem.settings["+CNMI"] == "0,0,0,0,0")


async def test_a_delivery_report_comes_back_with_the_reference() -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask("AT+CNMI=2,1,0,1,0")
        answer = await send(tty, OUTSIDE, "hi", report=True)
        reference = int(answer[answer.index("+CMGS:") + 1])
        await tty.until("+CDS: ")
        report = bytes.fromhex((await tty.until("00\r\n")).split("\r\n")[1])
        tpdu = pdu.skip_smsc(report)
        assert (tpdu[0], tpdu[1], tpdu[-1]) == (0x06, reference, 0)
        assert sim.network.messages[0].recipient == OUTSIDE


async def test_a_full_storage_is_silent_until_room_is_made() -> None:
    sims = [{"sms_capacity": 1}]
    async with world({"sims": sims}) as (sim, (tty,)):
        number = sim.modems["m0"].cards[0].number
        await tty.ask("AT+CNMI=2,1,0,0,0")
        sim.network.send_sms(OUTSIDE, number, "one")
        await tty.until('+CMTI: "SM",1')
        sim.network.send_sms(OUTSIDE, number, "two")
        await eventually(lambda: sim.network.centre.waiting(number) == 1)
        assert await tty.ask("AT+CPMS?") == ['+CPMS: "SM",1,1,"SM",1,1,"SM",1,1']
        await tty.ask("AT+CMGD=1")
        await tty.until('+CMTI: "SM",1')


async def test_messages_wait_for_a_sim_that_is_away() -> None:
    async with world({}) as (sim, (tty,)):
        modem = sim.modems["m0"]
        await tty.ask("AT+CNMI=2,1")
        modem.lose_registration()
        sim.network.send_sms(OUTSIDE, modem.cards[0].number, "x" * 161)
        await eventually(lambda: sim.network.centre.waiting(modem.cards[0].number) == 2)
        await tty.ask("AT+COPS=0")
        await tty.until('+CMTI: "SM",2')


@pytest.mark.parametrize(
    ("length", "body"),
    [(20, "zz"), (20, "0001"), (5, "00" + "01" * 5), (19, submit("+491", "hellohello")[0])],
)
async def test_a_bad_pdu_is_refused(length: int, body: str) -> None:
    async with world({}) as (sim, (tty,)):
        tty.write(f"AT+CMGS={length}\r")
        await tty.until("> ")
        tty.write(f"{body}\x1a")
        await tty.until("+CMS ERROR: 304\r\n")
        assert not sim.network.messages


async def test_escape_leaves_the_prompt() -> None:
    async with world({}) as (_, (tty,)):
        tty.write("AT+CMGS=20\r")
        await tty.until("> ")
        tty.write("\x1b")
        await tty.until("\r\nOK\r\n")
        assert await tty.ask("AT") == []


async def test_a_huawei_stores_on_the_card_only_and_a_simcom_expects_no_cnma() -> None:
    async with world(HUAWEI, {"family": "simcom"}) as (_, (stick, simcom)):
        await stick.ask('AT+CPMS="ME","ME","ME"', final="+CMS ERROR: 304")
        await simcom.ask("AT+CNMA", final="+CMS ERROR: 340")
