from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.calls import Side
from simulator.sound.listen import discontinuities, level, share
from simulator.sound.waves import steady
from tests.simulator.ear import sounding
from tests.simulator.worlds import OUTSIDE, eventually, world

SAYS_440, ECHOES, BUSY, RINGS = (f"+4940{n}" for n in range(1, 5))
CALLEES: list[dict[str, Any]] = [
    {
        "number": SAYS_440,
        "answer_after_s": 0,
        "then": "stay",
        "says": [{"do": "tone", "hz": 440}],
    },
    {"number": ECHOES, "answer_after_s": 0, "then": "stay", "says": [{"do": "echo"}]},
    {"number": BUSY, "does": "busy"},
    {"number": RINGS, "does": "no_answer"},
]
QUECTEL = {"family": "quectel"}
SIMCOM = {"family": "simcom"}
HUAWEI = {"family": "huawei"}
ON = [(QUECTEL, "AT+QPCMV=1,0"), (SIMCOM, "AT+CPCMREG=1"), (HUAWEI, "AT^DDSETEX=2")]


@pytest.mark.parametrize(("modem", "on"), ON)
async def test_a_callee_is_heard_and_hears_through_each_familys_audio_port(
    modem: dict[str, Any], on: str
) -> None:
    async with sounding(modem, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        call = sim.network.calls[0]
        await eventually(lambda: call.answered_s is not None)
        await tty.ask(on)
        ear.says = steady(1004)
        heard = await ear.hears(40)
        assert share(heard, 440) > 0.99
        assert discontinuities(heard, 440) == 0
        said = call.heard(Side.CALLEE)
        assert share(said[-25:], 1004) > 0.99
        assert discontinuities(said, 1004) == 0
        assert call.heard(Side.CALLER)[: len(heard)] == heard


async def test_no_frame_comes_before_audio_is_on_nor_after_the_call() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        assert ear.frames == []
        assert not sim.network.metronome.runs
        await tty.ask("AT+QPCMV=1,0")
        await ear.hears(3)
        await tty.ask("AT+CHUP")
        assert not sim.modems["m0"].audio.is_on
        assert await tty.ask("AT+QPCMV?") == ["+QPCMV: 0,0"]
        await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: not sim.network.metronome.runs)


async def test_qpcmv_0_stops_the_frames_and_1_starts_them_again() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        await ear.hears(3)
        await tty.ask("AT+QPCMV=0")
        await eventually(lambda: not sim.network.metronome.runs)
        await tty.ask("AT+QPCMV=1,0")
        await ear.hears(3)


async def test_simcom_refuses_audio_until_the_call_is_active() -> None:
    async with sounding(SIMCOM, callees=CALLEES) as (sim, (tty,), _):
        await tty.ask("AT+CPCMREG=1", "ERROR")
        await tty.ask(f"ATD{RINGS};")
        await eventually(lambda: sim.network.calls[0].alerted_s is not None)
        await tty.ask("AT+CPCMREG=1", "ERROR")
        assert not sim.modems["m0"].audio.is_on


async def test_simcom_speaks_16_khz_when_asked_before() -> None:
    async with sounding(SIMCOM, callees=CALLEES, frame_octets=640) as (sim, (tty,), (ear,)):
        await tty.ask("AT+CPCMFRM=1")
        await tty.ask(f"ATD{ECHOES};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await tty.ask("AT+CPCMREG=1")
        ear.says = Wide(880)  # 880 Hz at 8 kHz: at 16 kHz it is 1760
        await ear.hears(40)
        assert share(ear.frames[-30:], 880) > 0.99
        assert share(sim.network.calls[0].heard(Side.CALLEE)[-30:], 1760) > 0.99


class Wide:
    """Frames of 640 octets."""

    def __init__(self, hz: float) -> None:
        self._tone = steady(hz)

    def frame(self) -> bytes:
        return self._tone.frame() + self._tone.frame()


async def test_an_echo_comes_back_after_40_ms() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{ECHOES};")
        call = sim.network.calls[0]
        await eventually(lambda: call.answered_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        ear.says = steady(440)
        await ear.hears(30)
        said, heard = call.heard(Side.CALLEE), call.heard(Side.CALLER)
        assert heard[2:] == said[: len(heard) - 2]
        assert discontinuities(heard, 440) == 0


async def test_the_caller_hears_ringback_until_the_answer() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{RINGS};")
        await eventually(lambda: sim.network.calls[0].alerted_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        heard = await ear.hears(60)
        assert share(heard[:45], 425) > 0.99  # 1 s on, 4 s off
        assert level(heard[52:]) == 0


async def test_a_network_may_let_a_busy_call_be_heard_before_it_ends() -> None:
    network = {"setup_s": 0, "tones": "US", "failure_sound_s": 1.0}
    async with sounding({}, callees=CALLEES, network=network) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{BUSY};")
        await tty.ask("AT+QPCMV=1,0")
        heard = await ear.hears(20)
        assert share(heard, 480) + share(heard, 620) > 0.95
        assert sim.network.calls[0].ended_s is None
        await tty.until("BUSY\r\n")
        call = sim.network.calls[0]
        assert (call.outcome, call.answered_s) == ("busy", None)


async def test_two_modems_talk_to_each_other() -> None:
    async with sounding({}, {}) as (sim, (one, two), (ear_one, ear_two)):
        await one.ask(f"ATD{sim.modems['m1'].cards[0].number};")
        await two.until("RING")
        await two.ask("ATA")
        await one.ask("AT+QPCMV=1,0")
        await two.ask("AT+QPCMV=1,0")
        ear_one.says, ear_two.says = steady(440), steady(1004)
        await ear_one.hears(40)
        assert share(ear_two.frames[-30:], 440) > 0.99
        assert share(ear_one.frames[-30:], 1004) > 0.99
        assert discontinuities(ear_two.frames[-30:], 440) == 0


async def test_somebody_outside_calls_with_a_voice_of_the_tests() -> None:
    async with sounding({}) as (sim, (tty,), (ear,)):
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        call.set_mouth(Side.CALLER, steady(700))
        await tty.until("RING")
        await tty.ask("ATA")
        await tty.ask("AT+QPCMV=1,0")
        ear.says = steady(440)
        assert share(await ear.hears(30), 700) > 0.99
        assert share(call.heard(Side.CALLER)[-20:], 440) > 0.99


async def test_quectel_says_stop_when_its_buffer_is_full_and_go_on_when_it_has_room() -> None:
    async with sounding({}, callees=CALLEES) as (_, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        ear.write(bytes(4000))
        await tty.until("\r\n+QPCMV: 0,0\r\n")
        await tty.until("\r\n+QPCMV: 1,0\r\n")


async def test_who_reads_nothing_loses_frames_and_memory_stays_bounded() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        audio = sim.modems["m0"].audio
        asyncio.get_running_loop().remove_reader(ear._fd)
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        await eventually(lambda: audio.tally.unread > 3)
        assert audio.tally.sent * 320 < 80_000


async def test_a_second_call_does_not_begin_with_the_sound_of_the_first() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        audio = sim.modems["m0"].audio
        loop = asyncio.get_running_loop()
        loop.remove_reader(ear._fd)
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        await eventually(lambda: audio.tally.sent >= 5)
        await tty.ask("AT+CHUP")
        await tty.ask(f"ATD{ECHOES};")
        await tty.ask("AT+QPCMV=1,0")
        loop.add_reader(ear._fd, ear._readable)
        assert level(await ear.hears(10)) == 0


@pytest.mark.parametrize("ppm", [200, -200])
async def test_a_modems_clock_is_as_wrong_as_it_is_told(ppm: float) -> None:
    async with sounding({"audio_ppm": ppm}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        beat = sim.modems["m0"].audio._beat
        assert beat is not None
        start_s = beat.due_s
        await ear.hears(20)
        passed_s = beat.due_s - start_s
        frames = round(passed_s / 0.02)
        assert frames * 0.02 / passed_s - 1 == pytest.approx(ppm / 1e6, rel=0.01)


async def test_audio_oddities() -> None:
    oddities = {"audio_lost": 0.2, "audio_late": 0.2}
    async with sounding({"oddities": oddities}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        await ear.hears(60)
        assert sim.modems["m0"].audio.tally.lost > 3
        assert 4 in ear.bursts
        assert discontinuities(ear.frames, 440) > 3


async def test_a_dead_port_gives_no_frames_and_a_silent_one_is_not_heard() -> None:
    modems = {"oddities": {"audio_dead": 1}}, {"oddities": {"audio_silent": 1}}
    async with sounding(*modems, callees=CALLEES) as (sim, ttys, (dead, silent)):
        for tty in ttys:
            await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: all(call.answered_s is not None for call in sim.network.calls))
        for tty in ttys:
            await tty.ask("AT+QPCMV=1,0")
        silent.says = steady(1004)
        assert share(await silent.hears(20), 440) > 0.99
        said = sim.network.calls[1].heard(Side.CALLEE)
        assert len(said) >= 20
        assert level(said) == 0
        assert dead.frames == []


async def test_in_a_world_that_runs_faster_nothing_sounds() -> None:
    async with world({"family": "quectel", "audio": True}, callees=CALLEES) as (sim, (tty,)):
        await tty.ask(f"ATD{SAYS_440};")
        await tty.ask("AT+QPCMV=1,0")
        assert sim.modems["m0"].audio.is_on
        assert not sim.network.metronome.runs


async def test_the_audio_link_comes_and_goes_with_the_modem(tmp_path: Path) -> None:
    async with world({"family": "quectel", "audio": True}, {}, link_dir=tmp_path) as (sim, _):
        assert sim.audio_ports == {"m0": str(tmp_path / "m0.audio")}
        os.close(os.open(tmp_path / "m0.audio", os.O_RDWR | os.O_NOCTTY))
        sim.modems["m0"].vanish()
        assert not (tmp_path / "m0.audio").is_symlink()
        sim.modems["m0"].come_back()
        assert (tmp_path / "m0.audio").is_symlink()


def test_a_simulator_without_audio_does_not_load_numpy() -> None:
    code = "import simulator, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
