from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from simulator import Scenario, Simulator, serve
from simulator.oddities import Oddity
from tests.drivers.warp import warped
from tests.simulator.terminal import Terminal
from tests.simulator.worlds import ANSWERS, NETWORK, OUTSIDE, STAYS, eventually, world

if TYPE_CHECKING:
    from pathlib import Path

LOCKED = {"sims": [{"pin": "1234", "puk": "87654321"}]}


async def test_the_echo_goes_with_ate0_and_atz_brings_it_back() -> None:
    async with world({}) as (_, (tty,)):
        assert await tty.ask("AT") == []
        await tty.ask("ATZ")
        assert await tty.ask("AT") == ["AT"]


@pytest.mark.parametrize("line", ["AT+NOSUCH", "ATY", "AT+CREG=7", "AT!", "AT+CREG=1;+NOSUCH"])
async def test_what_it_does_not_know_is_an_error(line: str) -> None:
    async with world({}) as (_, (tty,)):
        await tty.ask("AT+CMEE=0")
        await tty.ask(line, final="ERROR")


async def test_several_commands_on_a_line_and_the_three_forms_of_an_error() -> None:
    async with world({"sims": []}) as (_, (tty,)):
        assert await tty.ask("AT+CGMI;+CMEE=1;+CGSN") == ["Simworks", "356938030000005"]
        await tty.ask("AT+CIMI", final="+CME ERROR: 10")
        await tty.ask("AT+CMEE=2;+CIMI", final="+CME ERROR: SIM not inserted")
        await tty.ask("AT+CMEE=0;+CIMI", final="ERROR")


async def test_a_wrong_pin_counts_down_to_the_puk() -> None:
    async with world(LOCKED) as (_, (tty,)):
        assert await tty.ask("AT+CPIN?") == ["+CPIN: SIM PIN"]
        await tty.ask("AT+CIMI", final="+CME ERROR: 11")
        await tty.ask('AT+CPIN="0000"', final="+CME ERROR: 16")
        assert (await tty.ask("AT+CPINR"))[0] == "+CPINR: SIM PIN,2,3"
        await tty.ask('AT+CPIN="0000"', final="+CME ERROR: 16")
        await tty.ask('AT+CPIN="0000"', final="+CME ERROR: 12")
        await tty.ask('AT+CPIN="87654321","4321"')
        assert await tty.ask("AT+CPIN?") == ["+CPIN: READY"]


async def test_the_right_pin_registers() -> None:
    async with world(LOCKED) as (_, (tty,)):
        await tty.ask("AT+CREG=2")
        await tty.ask("AT+CPIN=1234")
        await tty.until('+CREG: 1,"14DB","01A2D003",7')


async def test_registration_is_told_and_lost() -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask("AT+CREG=1")
        assert await tty.ask("AT+CREG?") == ["+CREG: 1,1"]
        assert await tty.ask("AT+COPS?") == ['+COPS: 0,0,"Simnet",7']
        sim.modems["m0"].lose_registration(5)
        await tty.until("+CREG: 2")
        await tty.until("+CREG: 1")


async def test_the_sim_is_pulled_and_put_back() -> None:
    async with world({"family": "quectel"}) as (sim, (tty,)):
        await tty.ask("AT+QSIMSTAT=1")
        sim.modems["m0"].remove_sim()
        await tty.until("+QSIMSTAT: 1,0")
        await tty.until("+CPIN: NOT READY")
        await tty.ask("AT+CPIN?", final="+CME ERROR: 10")
        sim.modems["m0"].insert_sim()
        await tty.until("+QSIMSTAT: 1,1")
        await tty.until("+CPIN: READY")


@pytest.mark.parametrize(
    ("family", "switch", "iccid"),
    [("quectel", "+QDSIM", "AT+QCCID"), ("simcom", "+SWITCHSIM", "AT+CCID")],
)
async def test_the_other_slot_holds_another_sim(family: str, switch: str, iccid: str) -> None:
    async with world({"family": family, "sims": [{}, {}]}) as (_, (tty,)):
        first = await tty.ask(iccid)
        await tty.ask(f"AT{switch}=1")
        assert await tty.ask(f"AT{switch}?") == [f"{switch}: 1"]
        assert await tty.ask(iccid) != first
        await tty.ask(f"AT{switch}=2", final="+CME ERROR: 3")


async def test_flight_mode_leaves_the_network() -> None:
    async with world({}) as (sim, (tty,)):
        await tty.ask("AT+CFUN=4")
        assert not sim.network.subscribers
        await tty.ask(f"ATD{ANSWERS};", final="+CME ERROR: 30")


async def test_a_modem_that_vanishes_in_mid_dial_comes_back_under_the_same_link(
    tmp_path: Path,
) -> None:
    async with world({}, {}, link_dir=tmp_path) as (sim, (tty, other)):
        modem = sim.modems["m0"]
        await tty.ask(f"ATD{STAYS};")
        modem.vanish()
        await tty.until_unplugged()
        assert not (tmp_path / "m0").exists()
        assert sim.network.calls[0].outcome == "lost"
        modem.come_back()
        again = Terminal(sim.ports["m0"])
        assert sim.ports["m0"] == str(tmp_path / "m0")
        assert await again.ask("ATE0") == ["ATE0"]
        again.close()
        await other.ask("AT")


async def test_a_restart_reenumerates() -> None:
    async with world({"reenumerate_s": 1}) as (sim, (tty,)):
        before = sim.modems["m0"]
        await tty.ask("AT+CFUN=1,1")
        await tty.until_unplugged()
        await eventually(lambda: before.port.is_open)


async def test_a_hung_modem_says_nothing_and_wakes_up() -> None:
    async with world({}) as (sim, (tty,)):
        modem = sim.modems["m0"]
        modem.hang(1)
        tty.write("AT+CSQ\r")
        await eventually(lambda: modem.received[-1] == "AT+CSQ")
        sim.network.call(OUTSIDE, modem.cards[0].number)
        assert "CSQ" not in await tty.until("RING")
        await eventually(lambda: not modem.console.is_deaf)
        assert (await tty.ask("AT+CSQ"))[-1] == "+CSQ: 20,99"


@pytest.mark.parametrize(
    ("oddity", "answer"),
    [
        (Oddity.NULS, "\0\0\r\n+CSQ: 20,99\r\n\r\nOK\r\n"),
        (Oddity.DOUBLE_CR, "\r\r\n+CSQ: 20,99\r\r\n\r\r\nOK\r\r\n"),
        (Oddity.INTERLEAVED_URCS, '\r\n+CSQ: 20,99\r\n\r\n+CIEV: "signal",3\r\n\r\nOK\r\n'),
        (Oddity.URC_IN_LINE, '\r\n+CSQ:\r\n+CIEV: "signal",3\r\n 20,99\r\n\r\nOK\r\n'),
        (Oddity.LATE_OK, "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"),
        (Oddity.SLOW_ANSWERS, "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"),
    ],
)
async def test_an_oddity_changes_the_octets(oddity: Oddity, answer: str) -> None:
    async with world({}) as (sim, (tty,)):
        sim.modems["m0"].dice.set(oddity)
        tty.write("AT+CSQ\r")
        assert await tty.until(answer) == answer


async def test_an_echo_that_returns() -> None:
    async with world({}) as (sim, (tty,)):
        sim.modems["m0"].dice.set(Oddity.ECHO_RETURNS)
        await tty.ask("AT")
        assert await tty.ask("AT") == ["AT"]


async def test_a_number_that_comes_with_the_second_ring_or_never() -> None:
    async with world({}, {}) as (sim, (late, never)):
        sim.modems["m0"].dice.set(Oddity.LATE_CLIP)
        sim.modems["m1"].dice.set(Oddity.NO_CLIP)
        for tty, modem in zip((late, never), sim.modems.values(), strict=True):
            await tty.ask("AT+CLIP=1")
            sim.network.call(OUTSIDE, modem.cards[0].number)
        assert (await late.until("+CLIP")).count("RING") == 2
        assert "+CLIP" not in await never.until("RING") + await never.until("RING")


async def test_an_end_told_three_times() -> None:
    async with world({"oddities": {"triple_end": 1}}) as (_, (tty,)):
        await tty.ask(f"ATD{ANSWERS};")
        for _ in range(3):
            await tty.until("NO CARRIER\r\n")


async def test_ringback_told_as_answered() -> None:
    async with world({"family": "simcom", "oddities": {"early_connect": 1}}) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        await tty.until("VOICE CALL: BEGIN")
        assert sim.network.calls[0].answered_s is None


async def test_a_modem_may_vanish_at_a_dial() -> None:
    modem = {"oddities": {"vanish": 1}, "reenumerate_s": 1}
    async with world(modem) as (sim, (tty,)):
        await tty.ask(f"ATD{STAYS};")
        await tty.until_unplugged()
        await eventually(lambda: sim.modems["m0"].ready)


async def test_a_sim_is_busy_after_start() -> None:
    async with world({"oddities": {"sim_busy": 1}}) as (sim, (tty,)):
        sim.modems["m0"].sim_busy = True
        await tty.ask("AT+CPIN?", final="+CME ERROR: 14")


@warped
async def test_the_same_seed_tells_the_same_story() -> None:
    async def outcomes(seed: int) -> list[Any]:
        scenario = {"seed": seed, "network": NETWORK, "modems": [{"name": "m0"}]}
        simulator = Simulator(Scenario.model_validate(scenario))
        await simulator.start()
        calls = [simulator.network.call(OUTSIDE, f"+4940{n:04d}") for n in range(40)]
        await asyncio.sleep(1000)
        await simulator.stop()
        assert all(call.outcome for call in calls)
        return [call.outcome for call in calls]

    first = await outcomes(1)
    assert first == await outcomes(1)
    assert first != await outcomes(2)
    assert len(set(first)) > 3


async def test_serve_stops_when_its_reader_fails(tmp_path: Path) -> None:
    scenario = Scenario.model_validate({"modems": [{"name": "m"}]})

    def on_ready(simulator: object) -> None:
        assert (tmp_path / "m").is_symlink()
        raise KeyError(type(simulator).__name__)

    with pytest.raises(KeyError, match="Simulator"):
        await serve(scenario, tmp_path, on_ready=on_ready)
    assert not (tmp_path / "m").is_symlink()


async def test_what_an_absent_reader_left_is_dropped() -> None:
    async with world({}) as (sim, (tty,)):
        port = sim.modems["m0"].port
        port.write(b"old\r\n" * 10_000)
        assert port.congested
        port._moved_at -= 3  # as if nobody had read for three seconds
        port.write(b"new\r\n")
        assert port.dropped
        assert (await tty.until("new")).count("old") < 10_000
