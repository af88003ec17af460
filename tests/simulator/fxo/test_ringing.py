"""Calls that come in: rings, the caller's number, answer."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.calls import Side
from simulator.sound.listen import share
from simulator.sound.waves import steady
from tests.simulator.fxo.lines import NUMBER, OUTSIDE, VoiceTerminal, in_voice, line
from tests.simulator.worlds import eventually

BELL = {"caller_id": "bell"}


async def test_it_rings_in_the_countrys_cadence_until_the_caller_gives_up() -> None:
    async with line(speed=100) as (sim, _, tty):
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("RING\r\n")
        began_s = sim.clock.now()
        await tty.until("RING\r\n")
        assert 4.5 < sim.clock.now() - began_s < 8
        call.hang_up()
        at_s = sim.clock.now()
        await eventually(lambda: sim.clock.now() > at_s + 12)
        assert tty.unread == ""


@pytest.mark.parametrize(
    ("exchange", "chip", "set_up", "expected"),
    [
        (BELL, {}, "", ["RING", "DATE = ", "TIME = ", "NMBR = 01701234567", "NAME = O", "RING"]),
        (BELL, {"caller_id_form": "tight"}, "", ["RING", "DATE=", "TIME=", "NMBR=0170", "NAME=O"]),
        (BELL, {"caller_id_form": "partial"}, "", ["RING", "NMBR = 01701234567", "RING"]),
        (BELL, {}, "!4886=02;", ["RING", "RING"]),
        ({"caller_id": "v23"}, {}, "!4886=02;", ["RING", "DATE = ", "TIME", "NMBR", "RING"]),
        (
            {"caller_id": "v23", "country": "GB"},
            {},
            "!4886=03;",
            ["DATE = ", "TIME", "NMBR", "RING"],
        ),
        ({"caller_id": "dtmf"}, {}, "!4886=05;", ["DATE = ", "TIME", "NMBR", "RING", "RING"]),
        ({"caller_id": "none"}, {}, "", ["RING", "RING"]),
    ],
)
async def test_the_callers_number_comes_as_exchange_and_chip_have_it(
    exchange: dict[str, Any], chip: dict[str, Any], set_up: str, expected: list[str]
) -> None:
    async with line(speed=50, exchange=exchange, chip=chip) as (sim, _, tty):
        await tty.ask(f"AT{set_up}+VCID=1")
        sim.network.call(OUTSIDE, NUMBER)
        told = ""
        while len(told.split()) < len(" ".join(expected).split()) or "RING" not in told:
            told += await tty.until("\r\n")
        lines = [each for each in told.split("\r\n") if each]
        assert len(lines) >= min(len(expected), 2)
        assert all(got.startswith(want) for got, want in zip(lines, expected, strict=False))


async def test_no_number_without_vcid_and_p_for_a_withheld_one() -> None:
    async with line(speed=50) as (sim, _, tty):
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("RING\r\n")
        assert "NMBR" not in await tty.until("RING\r\n")
        call.hang_up()
        await tty.ask("AT+VCID=1")
        sim.network.call(OUTSIDE, NUMBER, withheld=True)
        assert "NMBR = P\r\n\r\nNAME = P\r\n" in await tty.until("NAME = P\r\n")


@pytest.mark.parametrize("answer", ["AT+VLS=1", "ATA", "ATH1"])
async def test_a_ring_in_voice_mode_is_a_code_and_is_answered(answer: str) -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("\x10R\r\n")
        await tty.ask(answer)
        assert call.answered_s is not None
        call.press(Side.CALLER, "5")
        assert await tty.until("\x10~\r\n") == "\x10/\r\n\x105\r\n\x10~\r\n"
        second = sim.network.call(OUTSIDE, NUMBER)
        await eventually(lambda: second.outcome == "busy")


async def test_hanging_up_a_phone_that_lies_does_not_refuse_a_call() -> None:
    async with line(speed=50) as (sim, _, tty):
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("RING\r\n")
        await tty.ask("ATH")
        await tty.ask("ATZ")
        await tty.until("RING\r\n")
        assert call.ended_s is None


async def test_a_line_rings_on_when_its_modem_is_plugged_in_again() -> None:
    async with line(speed=50) as (sim, _, tty):
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("RING\r\n")
        sim.modems["m0"].vanish()
        await tty.until_unplugged()
        sim.modems["m0"].come_back()
        again = VoiceTerminal(sim.ports["m0"])
        await again.until("RING\r\n")
        again.close()
        assert call.ended_s is None


async def test_a_second_phone_answers_before_the_modem() -> None:
    async with line(speed=50) as (sim, _, tty):
        call = sim.network.call(OUTSIDE, NUMBER)
        await tty.until("RING\r\n")
        sim.modems["m0"].parallel(lifted=True)
        assert call.answered_s is not None


async def test_the_caller_is_heard_and_hears_the_program() -> None:
    async with line() as (sim, _, tty):
        await in_voice(tty)
        call = sim.network.call(OUTSIDE, NUMBER)
        call.set_mouth(Side.CALLER, steady(1004))
        await tty.until("\x10R\r\n")
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VRX", final="CONNECT")
        assert share(await tty.sound(0.4), 1004) > 0.95
        assert (await tty.end(b"\x10\x10\x10!")).endswith("\x10\x03\r\nOK\r\n")
