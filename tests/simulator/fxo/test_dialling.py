"""Hook, dial tone, digits, and how a call ends."""

from __future__ import annotations

import asyncio

import pytest

from simulator.fxo.signals import Signal
from simulator.sound.listen import level, share
from tests.simulator.fxo.lines import (
    BUSY,
    HANGS_UP,
    LONG,
    NUMBER,
    RINGS,
    STAYS,
    UNASSIGNED,
    VoiceTerminal,
    in_voice,
    line,
)
from tests.simulator.worlds import eventually


async def heard_after(tty: VoiceTerminal, number: str, code: str) -> None:
    """Dial and listen until the chip has told this code."""
    await tty.ask(f"ATDT{number}")
    await tty.ask("AT+VTR", final="CONNECT")
    await tty.code(code)


async def hears_dial_tone(country: str, hz: tuple[int, ...]) -> None:
    async with line(exchange={"country": country}) as (_, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VRX", final="CONNECT")
        sound = await tty.sound(0.8)
        assert sum(share(sound, each) for each in hz) > 0.95
        assert tty.codes == "d"


async def test_the_countrys_dial_tone_is_heard_off_the_hook() -> None:
    countries = {"DE": (425,), "US": (350, 440), "FR": (440,)}
    await asyncio.gather(*(hears_dial_tone(*each) for each in countries.items()))


@pytest.mark.parametrize("how", ["ATDT", "ATDP", "AT+VTS", "ATD,", "ATX3DT"])
async def test_digits_reach_the_exchange_in_tones_and_pulses(how: str) -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask(f"{how}={','.join(LONG)}" if "VTS" in how else f"{how}{LONG}")
        await eventually(lambda: bool(sim.network.calls))
        [call] = sim.network.calls
        assert (call.caller_number, call.callee_number) == (NUMBER, "+49300000001")
        await eventually(lambda: call.answered_s is not None)
        await tty.ask("AT+VTS={5,20},[900,900,12],#")
        assert call.digits == [("caller", "5"), ("caller", "#")]
        await tty.ask("ATH")
        assert (call.outcome, call.ended_by) == ("answered", "caller")


async def test_keys_that_are_none_are_refused() -> None:
    async with line(speed=50) as (_, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VTS=1x", final="ERROR")


async def test_a_flash_is_noted_by_the_exchange() -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VTS=!")
        assert [entry.who for entry in sim.network.log if entry.what == "flash"] == [NUMBER]


async def test_the_chip_waits_for_ringback_that_goes_away() -> None:
    async with line(speed=10) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VRN=10;+VRA=30")
        await tty.ask(f"ATDT{STAYS}")
        [call] = sim.network.calls
        assert call.talk_s >= 2.5


@pytest.mark.parametrize(("number", "result"), [(BUSY, "BUSY"), (RINGS, "NO ANSWER")])
async def test_the_chip_tells_a_failed_call_and_hangs_up(number: str, result: str) -> None:
    async with line(speed=50) as (sim, device, tty):
        await in_voice(tty)
        await tty.ask("AT+VRN=10;S7=20")
        await tty.ask(f"ATDT{number}", final=result)
        assert not device.loop.lifted
        await eventually(lambda: sim.network.calls[0].ended_s is not None)


async def test_a_key_stroke_gives_up_dialling() -> None:
    async with line(speed=10) as (sim, device, tty):
        await in_voice(tty)
        tty.write(f"ATDT{STAYS},,,,,,,,\r")
        await eventually(lambda: device.loop.lifted)
        tty.write("x")
        await tty.until("NO CARRIER\r\n")
        assert not device.loop.lifted
        assert not sim.network.calls


async def test_a_dead_line_has_no_dial_tone() -> None:
    async with line(speed=50, exchange={"dead": True}) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{STAYS}", final="NO DIALTONE")
        await tty.ask(f"ATX3DT{STAYS}")
        assert not sim.network.calls


async def test_who_does_not_dial_loses_the_dial_tone() -> None:
    async with line(speed=100) as (_, device, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await eventually(lambda: device.loop.signal is Signal.CONGESTION)


async def hears_the_end(country: str, end: str, hz: tuple[int, ...], cadence_ms: int) -> None:
    async with line(exchange={"country": country, "after_hang_up": end}) as (sim, _, tty):
        await in_voice(tty)
        await heard_after(tty, HANGS_UP, "r")
        while sim.network.calls[0].ended_s is None:
            await tty.sound(0.02)
        sound = await tty.sound(2.1)
        assert tty.codes[:2] == "rb"
        assert sum(share(sound, each) for each in hz) > 0.9
        assert abs(longest(sound) - cadence_ms) <= 25
        assert sim.network.calls[0].ended_by == "callee"


def longest(sound: list[bytes]) -> int:
    """Return the milliseconds of the longest piece of tone."""
    loud = "".join(str(int(level([frame]) > 100)) for frame in sound)
    return 20 * max(map(len, loud.split("0")))


async def test_the_countrys_tone_is_heard_when_the_far_end_is_gone() -> None:
    await asyncio.gather(
        hears_the_end("DE", "busy", (425,), 480),
        hears_the_end("US", "busy", (480, 620), 500),
        hears_the_end("GB", "busy", (400,), 375),
        hears_the_end("DE", "congestion", (425,), 240),
    )


async def hears_it_without_reports() -> None:
    async with line(chip={"reports": False}) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{HANGS_UP}")
        await tty.ask("AT+VTR", final="CONNECT")
        while not (sim.network.calls and sim.network.calls[0].ended_s):
            await tty.sound(0.02)
        assert share(await tty.sound(1.5), 425) > 0.9
        assert tty.codes == ""


async def hears_polarity_and_an_open_loop() -> None:
    odd = {"polarity": True, "loop_drop": True, "after_hang_up": "silence"}
    async with line(exchange=odd, chip={"polarity": "L"}) as (_, device, tty):
        await in_voice(tty)
        await heard_after(tty, HANGS_UP, "rLLl")
        assert share(await tty.sound(1.0), 425) == 0
        assert tty.codes == "rLLl"
        assert device.loop.signal is Signal.NONE


async def hears_an_unknown_number() -> None:
    async with line() as (_, _, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{UNASSIGNED}")
        await tty.ask("AT+VTR", final="CONNECT")
        await tty.code("J")
        await tty.code("b")
        assert tty.codes == "Jb"


async def test_other_ends_are_heard_as_exchange_and_chip_have_them() -> None:
    await asyncio.gather(
        hears_it_without_reports(), hears_polarity_and_an_open_loop(), hears_an_unknown_number()
    )


async def test_a_line_that_is_cut_loses_its_call_and_comes_back() -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls and sim.network.calls[0].answered_s))
        sim.modems["m0"].lose_registration(5)
        assert sim.network.calls[0].ended_by == "network"
        assert NUMBER not in sim.network.subscribers
        await eventually(lambda: NUMBER in sim.network.subscribers)


async def test_a_modem_that_is_unplugged_hangs_up() -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls))
        sim.modems["m0"].vanish()
        assert sim.network.calls[0].ended_by == "caller"


async def test_a_second_phone_in_use_takes_the_dial_tone() -> None:
    async with line(speed=50) as (sim, _, tty):
        await in_voice(tty)
        sim.modems["m0"].parallel(lifted=True)
        await tty.until("\x10P\r\n")
        await tty.ask(f"ATDT{STAYS}", final="NO DIALTONE")
        sim.modems["m0"].parallel(lifted=False)
        await tty.until("\x10p\r\n")
        await tty.ask(f"ATDT{STAYS}")


async def test_a_second_phone_keeps_the_call_up() -> None:
    async with line("usr", speed=50) as (sim, _, tty):
        await in_voice(tty, usr=True)
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls and sim.network.calls[0].answered_s))
        sim.modems["m0"].parallel(lifted=True)
        await tty.until("\x10H\r\n")
        await tty.ask("AT+VLS=0")
        assert sim.network.calls[0].ended_s is None
        sim.modems["m0"].parallel(lifted=False)
        assert sim.network.calls[0].outcome == "answered"
