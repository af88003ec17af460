"""The sound of a call, switched on and off by AT where in the call each family demands it."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.audio.call_audio import SILENT_S, CallAudio
from drivers.audio.port import AudioPlace, Trouble
from modem.pcm import FRAME_S, SILENCE
from tests.drivers.audio.test_tty import Device, Ear, noise
from tests.drivers.warp import warped
from tests.drivers.wire import Bench, Plug, settle

QUECTEL, SIMCOM, HUAWEI = "quectel-ec2x", "simcom-sim7600", "huawei-e1550"
KEPT = {
    'AT+QGPSCFG="outport"': '+QGPSCFG: "outport","none"\nOK',
    "AT+QAUDMOD?": "+QAUDMOD: 3\nOK",
}


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.unplug()


def sound_of(bench: Bench, device: Device) -> CallAudio:
    bench.modem.audio_place = AudioPlace(tty=Path(device.path))
    audio = bench.modem.audio
    assert audio
    assert bench.modem.audio is audio
    return audio


def asked(bench: Bench) -> list[str]:
    """What was sent of calls and their sound."""
    words = ("ATD", "ATA", "AT+QPCMV", "AT+CPCM", "AT^DDSETEX")
    return [line for line in bench.wire.sent if line.startswith(words)]


@pytest.mark.parametrize("profile", ["generic", "simcom-sim800", "simcom-a76xx"])
async def test_a_modem_without_sound_has_none(plug: Plug, device: Device, profile: str) -> None:
    bench = plug(profile)
    bench.modem.audio_place = AudioPlace(tty=Path(device.path))
    assert bench.modem.audio is None


async def test_without_its_port_there_is_no_sound(plug: Plug) -> None:
    assert plug(QUECTEL).modem.audio is None


async def test_quectel_is_switched_on_before_the_dial_for_every_call(
    plug: Plug, device: Device
) -> None:
    bench, ear = plug(QUECTEL, KEPT), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    await settle()
    audio.end()
    await settle()
    bench.wire.sent.clear()
    for _ in range(2):
        audio.begin(ear.on_frame, ear.on_trouble)
        key = bench.modem.calls.place("+431234567")
        await settle()
        device.say(noise(1))
        await ear.until(lambda: bool(ear.frames))
        ear.frames.clear()
        await bench.modem.calls.hang_up(key)
        audio.end()
        await settle()
    assert asked(bench) == ["AT+QPCMV=1,0", "ATD+431234567;", "AT+QPCMV=0"] * 2


async def test_kept_settings_are_asked_once_and_written_where_they_differ(
    plug: Plug, device: Device
) -> None:
    replies = {**KEPT, "AT+QAUDMOD?": "+QAUDMOD: 0\nOK"}
    bench, ear = plug(QUECTEL, replies), Ear()
    audio = sound_of(bench, device)
    for _ in range(3):
        audio.begin(ear.on_frame, ear.on_trouble)
        await settle()
        audio.end()
        await settle()
    assert bench.wire.count("AT+QAUDMOD=3") == 1
    assert bench.wire.count('AT+QGPSCFG="outport","none"') == 0
    assert bench.wire.count("AT+QPCMV=1,0") == 3


async def test_huawei_is_switched_on_behind_the_dial_and_behind_the_answer(
    plug: Plug, device: Device
) -> None:
    bench, ear = plug(HUAWEI), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    bench.modem.calls.place("+431234567")
    await settle()
    audio.answered()
    await settle()
    assert asked(bench) == ["ATD+431234567;", "AT^DDSETEX=2"]
    device.say(noise(1))
    await ear.until(lambda: ear.frames == [noise(1)])


@warped
async def test_simcom_is_asked_again_until_it_takes_it_once_the_call_is_active(
    plug: Plug, device: Device
) -> None:
    bench, ear = plug(SIMCOM, {"AT+CPCMREG=1": ["ERROR", "ERROR", "ERROR", "OK"]}), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    await asyncio.sleep(1)
    assert asked(bench) == []
    audio.write(SILENCE)
    assert audio.counters.dropped == 1
    audio.answered()
    await asyncio.sleep(3.5)
    assert bench.wire.count("AT+CPCMREG=1") == 4
    assert ear.troubles == []
    audio.end()
    await settle()
    assert asked(bench)[-1] == "AT+CPCMREG=0"


@warped
async def test_a_modem_that_refuses_for_good_is_a_trouble(plug: Plug, device: Device) -> None:
    bench, ear = plug(SIMCOM, {"AT+CPCMREG=1": "ERROR"}), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    audio.answered()
    await asyncio.sleep(30)
    assert ear.troubles == [Trouble.REFUSED]
    assert 12 <= bench.wire.count("AT+CPCMREG=1") <= 13


@warped
async def test_a_call_that_ends_while_it_is_tried_is_left_alone(plug: Plug, device: Device) -> None:
    bench, ear = plug(SIMCOM, {"AT+CPCMREG=1": "ERROR"}), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    audio.answered()
    await asyncio.sleep(2.5)
    audio.end()
    audio.end()
    tried = bench.wire.count("AT+CPCMREG=1")
    await asyncio.sleep(20)
    assert bench.wire.count("AT+CPCMREG=1") == tried
    assert bench.wire.count("AT+CPCMREG=0") == 1
    assert ear.troubles == []


async def test_the_flow_urc_reaches_the_port(plug: Plug, device: Device) -> None:
    bench, ear = plug(QUECTEL, KEPT), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    await settle()
    bench.wire.say("+QPCMV: 0,0")
    audio.write(noise(1))
    assert device.read() == b""
    bench.wire.say("+QPCMV: 1,0")
    audio.write(SILENCE)
    assert device.read() == noise(1) + SILENCE


async def test_an_answered_call_in_which_nothing_is_heard_is_told_once(
    plug: Plug, device: Device
) -> None:
    bench, ear = plug(QUECTEL, KEPT), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    await settle()
    for _ in range(int(2 * SILENT_S / FRAME_S)):  # rings without a sound: no trouble
        audio._hear(SILENCE)
    audio.answered()
    for _ in range(int(0.6 * SILENT_S / FRAME_S)):
        audio._hear(SILENCE)
    for _ in range(10):
        audio._hear(noise(1))
    for _ in range(int(0.9 * SILENT_S / FRAME_S)):
        audio._hear(SILENCE)
    assert ear.troubles == []
    for _ in range(int(2 * SILENT_S / FRAME_S)):
        audio._hear(SILENCE)
    assert ear.troubles == [Trouble.SILENT]


async def test_a_modem_that_goes_away_takes_the_port_with_it(plug: Plug, device: Device) -> None:
    bench, ear = plug(QUECTEL, KEPT), Ear()
    audio = sound_of(bench, device)
    audio.begin(ear.on_frame, ear.on_trouble)
    await settle()
    bench.modem.close()
    device.say(noise(1))
    await settle()
    assert ear.frames == []
    audio.write(SILENCE)
    audio.end()
    again = os.open(device.path, os.O_RDWR | os.O_NOCTTY)
    os.close(again)


async def test_what_carries_a_card_is_chosen_by_the_profile(plug: Plug) -> None:
    from config.profiles import AudioKind  # noqa: PLC0415 - shown where it is used

    bench = plug(QUECTEL)
    assert bench.modem.profile.audio
    wide = bench.modem.profile.audio.model_copy(update={"kind": AudioKind.ALSA})
    bench.modem.profile = bench.modem.profile.model_copy(update={"audio": wide})
    bench.modem.audio_place = AudioPlace(usb_path="1-1.2")
    audio = bench.modem.audio
    assert audio
    assert type(audio._port).__name__ == "AlsaAudio"
