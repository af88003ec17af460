from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.calls import Side
from simulator.sound.listen import discontinuities, level, samples_of, share
from simulator.sound.tones import TONES
from simulator.sound.waves import Tone, steady
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
        heard = await ear.hears(30)
        assert share(heard, 440) > 0.99
        assert discontinuities(heard, 440) == 0
        said = call.heard(Side.CALLEE)
        assert share(said[-20:], 1004) > 0.9
        assert discontinuities(said, 1004) <= sim.modems["m0"].audio.tally.starved
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
        await ear.hears(30)
        assert share(ear.frames[-20:], 880) > 0.9
        assert share(sim.network.calls[0].heard(Side.CALLEE)[-20:], 1760) > 0.9


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
        assert discontinuities(heard, 440) <= sim.modems["m0"].audio.tally.starved


async def test_the_caller_hears_ringback_until_the_answer() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{RINGS};")
        await eventually(lambda: sim.network.calls[0].alerted_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        heard = await ear.hears(10)
        assert share(heard, 425) > 0.99


async def test_a_network_may_let_a_busy_call_be_heard_before_it_ends() -> None:
    network = {"setup_s": 0, "tones": "US", "failure_sound_s": 0.6}
    async with sounding({}, callees=CALLEES, network=network) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{BUSY};")
        await tty.ask("AT+QPCMV=1,0")
        heard = await ear.hears(20)
        assert share(heard, 480) + share(heard, 620) > 0.95
        assert sim.network.calls[0].ended_s is None
        await tty.until("BUSY\r\n")
        call = sim.network.calls[0]
        assert (call.outcome, call.answered_s) == ("busy", None)


async def test_a_network_may_say_in_words_why_a_call_fails() -> None:
    network = {
        "setup_s": 0,
        "failure_sound_s": 0.4,
        "announcements": {"17": "The number is busy"},
    }
    async with sounding({}, callees=CALLEES, network=network) as (_, (tty,), (ear,)):
        await tty.ask(f"ATD{BUSY};")
        await tty.ask("AT+QPCMV=1,0")
        heard = await ear.hears(15)
        assert level(heard) > 100
        assert share(heard, 425) < 0.9


async def test_a_caller_who_hangs_up_while_he_is_told_why_has_cancelled() -> None:
    network = {"setup_s": 0, "failure_sound_s": 30}
    async with sounding({}, callees=CALLEES, network=network) as (sim, (tty,), _):
        await tty.ask(f"ATD{BUSY};")
        await tty.ask("AT+CHUP")
        call = sim.network.calls[0]
        assert (call.outcome, call.ended_by) == ("cancelled", Side.CALLER)


async def test_a_network_may_be_silent_while_it_rings() -> None:
    network = {"setup_s": 0, "ringback": False}
    async with sounding({}, callees=CALLEES, network=network) as (_, (tty,), (ear,)):
        await tty.ask(f"ATD{RINGS};")
        await tty.ask("AT+QPCMV=1,0")
        assert level(await ear.hears(10)) == 0


async def test_three_in_a_conference_hear_each_other() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await tty.ask(f"ATD{ECHOES};")
        await eventually(lambda: sim.network.calls[1].answered_s is not None)
        await tty.ask("AT+CHLD=3")
        await tty.ask("AT+QPCMV=1,0")
        ear.says = steady(1004)
        await ear.hears(25)
        second = sim.network.calls[1].heard(Side.CALLEE)[-12:]
        assert share(second, 440) == pytest.approx(0.5, abs=0.1)
        assert share(second, 1004) == pytest.approx(0.5, abs=0.1)


async def test_who_is_on_hold_hears_nothing() -> None:
    async with sounding({}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        call = sim.network.calls[0]
        await eventually(lambda: call.answered_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        ear.says = steady(1004)
        await ear.hears(5)
        await tty.ask("AT+CHLD=2")
        before = len(call.heard(Side.CALLEE))
        assert level((await ear.hears(5))[2:]) == 0
        assert len(call.heard(Side.CALLEE)) == before


async def test_a_modem_that_vanishes_in_mid_call_sounds_no_more() -> None:
    async with sounding({}, {}, callees=CALLEES) as (sim, (one, two), (gone, ear)):
        for tty in (one, two):
            await tty.ask(f"ATD{SAYS_440};")
            await tty.ask("AT+QPCMV=1,0")
        await ear.hears(2)
        asyncio.get_running_loop().remove_reader(gone._fd)
        sim.modems["m0"].vanish()
        assert share(await ear.hears(10), 440) > 0.99
        assert not sim.modems["m0"].audio.is_on


async def test_two_modems_talk_to_each_other() -> None:
    async with sounding({}, {}) as (sim, (one, two), (ear_one, ear_two)):
        await one.ask(f"ATD{sim.modems['m1'].cards[0].number};")
        await two.until("RING")
        await two.ask("ATA")
        await one.ask("AT+QPCMV=1,0")
        await two.ask("AT+QPCMV=1,0")
        ear_one.says, ear_two.says = steady(440), steady(1004)
        await ear_one.hears(30)
        assert share(ear_two.frames[-20:], 440) > 0.9
        assert share(ear_one.frames[-20:], 1004) > 0.9


async def test_somebody_outside_calls_with_a_voice_of_the_tests() -> None:
    async with sounding({}) as (sim, (tty,), (ear,)):
        call = sim.network.call(OUTSIDE, sim.modems["m0"].cards[0].number)
        call.set_mouth(Side.CALLER, steady(700))
        await tty.until("RING")
        await tty.ask("ATA")
        await tty.ask("AT+QPCMV=1,0")
        ear.says = steady(440)
        assert share(await ear.hears(20), 700) > 0.99
        assert share(call.heard(Side.CALLER)[-10:], 440) > 0.9


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
        audio.port.write(bytes(200_000))
        kept = len(audio.port._unsent)
        await eventually(lambda: audio.tally.unread > 3)
        assert 0 < len(audio.port._unsent) <= kept


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
        await ear.hears(10)
        passed_s = beat.due_s - start_s
        frames = round(passed_s / 0.02)
        assert frames * 0.02 / passed_s - 1 == pytest.approx(ppm / 1e6, rel=0.01)


async def test_audio_oddities() -> None:
    oddities = {"audio_lost": 0.3, "audio_late": 0.3}
    async with sounding({"oddities": oddities}, callees=CALLEES) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await tty.ask("AT+QPCMV=1,0")
        await ear.hears(25)
        assert sim.modems["m0"].audio.tally.lost > 3
        assert 4 in ear.bursts
        assert discontinuities(ear.frames, 440) > 2


async def test_a_dead_port_gives_no_frames_and_a_silent_one_is_not_heard() -> None:
    modems = {"oddities": {"audio_dead": 1}}, {"oddities": {"audio_silent": 1}}
    async with sounding(*modems, callees=CALLEES) as (sim, ttys, (dead, silent)):
        for tty in ttys:
            await tty.ask(f"ATD{SAYS_440};")
        await eventually(lambda: all(call.answered_s is not None for call in sim.network.calls))
        for tty in ttys:
            await tty.ask("AT+QPCMV=1,0")
        silent.says = steady(1004)
        assert share(await silent.hears(10), 440) > 0.99
        said = sim.network.calls[1].heard(Side.CALLEE)
        assert len(said) >= 10
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


@pytest.mark.parametrize("country", sorted(TONES))
@pytest.mark.parametrize("name", ["dial", "ringback", "busy", "congestion"])
def test_a_tone_has_the_frequencies_and_pauses_of_its_country(country: str, name: str) -> None:
    cadence = TONES[country][name]
    tone = Tone(cadence)
    frames = [tone.frame() for _ in range(300)]
    around = {hz + swing for hz in cadence.hz for swing in (0, cadence.swell_hz)}
    around |= {hz - cadence.swell_hz for hz in cadence.hz}
    assert sum(share(frames, hz) for hz in around) > 0.8
    if cadence.on_off_ms:
        on_ms, cycle_ms = sum(cadence.on_off_ms[::2]), sum(cadence.on_off_ms)
        samples = samples_of(frames)[: 6000 // cycle_ms * cycle_ms * 8]
        loud = np.abs(samples).reshape(-1, 40).max(axis=1) > 500
        assert loud.mean() == pytest.approx(on_ms / cycle_ms, abs=0.08)


def test_a_simulator_without_audio_does_not_load_numpy() -> None:
    code = "import simulator, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
