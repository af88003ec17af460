from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.calls import Side
from tests.simulator.worlds import (
    ANSWERS,
    BUSY,
    NO_ANSWER,
    OUTSIDE,
    REJECTS,
    STAYS,
    UNASSIGNED,
    eventually,
    world,
)

QUECTEL: dict[str, Any] = {"family": "quectel"}
SIMCOM: dict[str, Any] = {"family": "simcom"}
HUAWEI: dict[str, Any] = {"family": "huawei"}
SECONDS_COUNT = 5  # times faster than life: what is told in seconds may be 0.1 s late
ENDS = [
    (ANSWERS, "NO CARRIER", "answered", 16),
    (BUSY, "BUSY", "busy", 17),
    (REJECTS, "NO CARRIER", "rejected", 21),
    (NO_ANSWER, "NO ANSWER", "no_answer", 19),
    (UNASSIGNED, "NO CARRIER", "unassigned", 1),
]


@pytest.mark.parametrize(("number", "final", "outcome", "cause"), ENDS)
async def test_each_callee_ends_a_call_his_way(
    number: str, final: str, outcome: str, cause: int
) -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask(f"ATD{number};")
        await tty.until(f"\r\n{final}\r\n")
        call = sim.network.calls[0]
        assert (call.outcome, call.cause) == (outcome, cause)
        assert await tty.ask("AT+CLCC") == []


async def test_a_quectel_tells_a_call_by_dsci() -> None:
    async with world(QUECTEL) as (_, (tty,)):
        await tty.ask("AT^DSCI=1")
        await tty.ask(f"ATD{ANSWERS};")
        told = await tty.until("NO CARRIER\r\n")
        states = [line.split(",")[2] for line in told.split("\r\n") if "^DSCI" in line]
        assert states == ["2", "7", "3", "6"]
        assert f",0,{ANSWERS},145" in told
        assert await tty.ask("AT+CEER") == ["+CEER: Normal call clearing"]


async def test_a_quectel_tells_a_call_by_ccinfo_and_ends_it_with_minus_one() -> None:
    async with world(QUECTEL) as (_, (tty,)):
        await tty.ask('AT+QINDCFG="ccinfo",1,0')
        await tty.ask(f"ATD{BUSY};")
        assert f'+QIND: "ccinfo",2,0,-1,0,0,"{BUSY}",145' in await tty.until("BUSY\r\n")


async def test_a_quectel_lists_its_data_bearer_on_lte() -> None:
    async with world(QUECTEL) as (_, (tty,)):
        assert await tty.ask("AT+CLCC") == ['+CLCC: 1,0,0,1,0,"",128']


async def test_qhup_tells_the_caller_the_cause() -> None:
    async with world(QUECTEL) as (sim, (tty,)):
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await tty.until("RING")
        await tty.ask("AT+QHUP=17")
        assert (call.outcome, call.ended_by) == ("busy", "callee")


async def test_a_quectel_with_urcs_on_another_port_is_silent() -> None:
    async with world(QUECTEL) as (sim, (tty,)):
        await tty.ask('AT+QURCCFG="urcport","uart1"')
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await eventually(lambda: call.alerted_s is not None)
        assert await tty.ask('AT+QURCCFG="urcport","usbat"') == []
        await tty.until("RING")


async def test_a_simcom_tells_a_call_in_the_recorded_order() -> None:
    async with world(SIMCOM, speed=SECONDS_COUNT) as (_, (tty,)):
        await tty.ask("AT+CLCC=1")
        await tty.ask(f"ATD{ANSWERS};")
        told = await tty.until("VOICE CALL: END: 000005\r\n")
        lines = [line.split(",")[2] if "CLCC" in line else line for line in told.split("\r\n")]
        assert [line for line in lines if line] == [
            *("2", "3", "VOICE CALL: BEGIN", "0", "6", "NO CARRIER", "VOICE CALL: END: 000005")
        ]
        assert await tty.ask("AT+CEER") == ['+CEER: "16 Normal call clearing"']


async def test_a_simcom_begins_before_ok_and_says_error_to_a_late_ath() -> None:
    async with world(SIMCOM) as (sim, (tty,)):
        await tty.ask("AT+CRC=1")
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await tty.until("\r\r\n+CRING: VOICE\r\r\n")
        tty.write("ATA\r")
        assert "VOICE CALL: BEGIN" in await tty.until("\r\nOK\r\n")
        call.hang_up()
        await tty.until("VOICE CALL: END: ")
        await tty.ask("ATH", final="ERROR")


async def test_a_simcom_tells_a_missed_call_and_no_carrier_does_not_come() -> None:
    async with world(SIMCOM) as (sim, (tty,)):
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await tty.until("RING")
        call.hang_up()
        assert "NO CARRIER" not in await tty.until(OUTSIDE)
        assert "NO CARRIER" not in "".join(await tty.ask("AT"))


async def test_simcom_audio_is_refused_outside_a_call() -> None:
    async with world(SIMCOM) as (_, (tty,)):
        await tty.ask("AT+CPCMREG=1", final="ERROR")
        await tty.ask(f"ATD{STAYS};")
        await tty.until("VOICE CALL: BEGIN")
        await tty.ask("AT+CPCMREG=1")


async def test_a_huawei_tells_orig_conf_conn_cend() -> None:
    async with world(HUAWEI, speed=SECONDS_COUNT) as (_, (tty,)):
        await tty.ask(f"ATD{ANSWERS};")
        told = await tty.until("NO CARRIER\r\n")
        own = [line for line in told.split("\r\n") if line.startswith("^C") or "ORIG" in line]
        assert own == ["^ORIG:1,0", "^CONF:1", "^CONN:1,0", "^CEND:1,5,67,16"]


async def test_chld_before_conf_kills_a_huawei() -> None:
    async with world(HUAWEI, {}) as (sim, (stick, other)):
        await stick.ask(f"ATD{STAYS};")
        stick.write("AT+CHLD=11\rAT\r")
        await stick.until("^CONN:1,0")
        await other.ask("AT")
        assert list(sim.modems["m0"].received)[-2:] == ["AT+CHLD=11", "AT"]
        assert "OK" not in stick.unread


@pytest.mark.parametrize(
    ("family", "send", "switch_on", "heard"),
    [
        ({}, "AT+VTS=5", "AT", None),
        (QUECTEL, "AT+VTS=5", "AT+QTONEDET=1", "+QTONEDET: 53"),
        (SIMCOM, "AT+VTS=5", "AT+DDET=1", "\r\r\n+RXDTMF: 5\r\r\n"),
        (HUAWEI, "AT^DTMF=1,5", "AT^DDTMFCFG=0,1", "^DDTMF: 5"),
        ({"family": "simcom", "model": "SIM800L"}, "AT+VTS=5", "AT+DDET=1", "+DTMF: 5"),
    ],
)
async def test_dtmf_both_ways(
    family: dict[str, Any], send: str, switch_on: str, heard: str | None
) -> None:
    async with world(family, network={"technology": "umts"}) as (sim, (tty,)):
        await tty.ask(switch_on)
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await tty.until("RING")
        await tty.ask("ATA")
        await tty.ask(send)
        call.press(Side.CALLER, "5")
        assert call.digits == [("callee", "5"), ("caller", "5")]
        if heard:
            await tty.until(heard)


async def test_two_sims_call_each_other_and_the_second_caller_waits() -> None:
    async with world({}, QUECTEL) as (sim, (one, two)):
        number = sim.modems["m1"].cards[0].number
        await two.ask("AT+CLIP=1;+CCWA=1,1")
        await one.ask(f"ATD{number};")
        assert sim.modems["m0"].cards[0].number in await two.until("RING\r\n") + await two.until(
            "145,"
        )
        await two.ask("ATA")
        waiting = sim.network.call(OUTSIDE, number)
        await two.until(f'+CCWA: "{OUTSIDE}",145,1')
        await two.ask("AT+CHLD=2")
        calls = await two.ask("AT+CLCC")
        assert [line.split(",")[2] for line in calls[1:]] == ["1", "0"]
        await two.ask("AT+CHLD=1")
        assert waiting.outcome == "answered"
        await two.ask("AT+CHUP")
        await one.until("NO CARRIER")
        assert sim.network.calls[0].ended_by == "callee"


async def test_a_busy_modem_without_call_waiting_is_busy() -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        await eventually(lambda: call.outcome is not None)
        assert call.outcome == "busy"


@pytest.mark.parametrize("line", ["ATD12x4;", "ATD;", "ATD+49\x07;", f"ATD{'1' * 41};"])
async def test_a_strange_number_is_not_dialled(line: str) -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask(line, final="+CME ERROR: 50")
        assert not sim.network.calls


async def test_thirty_two_modems_call_at_once() -> None:
    async with world(*[{} for _ in range(32)]) as (sim, ttys):
        await asyncio.gather(*(tty.ask(f"ATD{ANSWERS};") for tty in ttys))
        await asyncio.gather(*(tty.until("NO CARRIER\r\n") for tty in ttys))
        assert [call.outcome for call in sim.network.calls] == ["answered"] * 32
        assert {call.caller.name for call in sim.network.calls} == set(sim.modems)


async def test_ten_thousand_rings_pass_a_small_tty_buffer() -> None:
    async with world({}) as (sim, (tty,)):
        for number in range(10_000):
            sim.modems["m0"].urc(f"RING {number}")
        told = await tty.until("RING 9999\r\n")
        assert told.count("RING") == 10_000
        assert not sim.modems["m0"].port.dropped
