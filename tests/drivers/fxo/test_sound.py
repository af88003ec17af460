import asyncio

import pytest

from drivers.audio.port import Trouble
from drivers.fxo.judge import Verdict
from drivers.fxo.sound import KEPT_FRAMES, LEAD_FRAMES
from modem.pcm import FRAME_BYTES, SILENCE
from modem.v253.formats import Format, to_pcm
from tests.drivers.fxo.conftest import Open
from tests.drivers.fxo.fake import QUIET

LOUD = b"\x10\x90" * 80  # octets that need a shield
LOUD_FRAME = to_pcm(LOUD, Format.UNSIGNED)


async def test_sound_goes_both_ways_shielded(bench: Open) -> None:
    line = await bench()
    await line.talk()
    line.fake.sound(LOUD)
    line.fake.sound()
    await line.until(lambda: len(line.frames) == 2)
    assert line.frames == [LOUD_FRAME, SILENCE]
    line.modem.audio.write(LOUD_FRAME)
    await line.until(lambda: line.fake.played == LOUD)
    counters = line.modem.audio.counters
    assert (counters.frames_in, counters.frames_out, counters.dropped) == (4, 1, 0)


async def test_the_modem_is_sent_no_more_than_its_clock_can_play(bench: Open) -> None:
    line = await bench()
    await line.talk()
    for _ in range(LEAD_FRAMES + 3):
        line.modem.audio.write(LOUD_FRAME)
    assert line.modem.audio.counters.dropped == 3
    line.fake.sound()
    await line.until(lambda: line.frames)
    line.modem.audio.write(LOUD_FRAME)
    line.modem.audio.write(LOUD_FRAME)
    assert line.modem.audio.counters.dropped == 4
    assert line.modem.audio.counters.frames_out == LEAD_FRAMES + 1


async def test_nothing_is_said_on_the_hook_and_nothing_odd_ever(bench: Open) -> None:
    line = await bench()
    line.modem.audio.write(LOUD_FRAME)
    await line.talk()
    line.modem.audio.write(LOUD_FRAME[:-1])
    assert line.modem.audio.counters.dropped == 2
    assert line.fake.played == b""


async def test_no_frame_after_the_stop(bench: Open) -> None:
    line = await bench()
    await line.talk()
    line.modem.audio.end()
    line.modem.audio.end()
    line.fake.sound()
    await line.until(lambda: line.judge.frames == 3)
    assert line.frames == []


async def test_a_modem_without_frames_is_told_once(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.fxo.sound.NO_FRAMES_S", 0.02)
    line = await bench()
    await line.talk()
    await line.until(lambda: line.troubles)
    await asyncio.sleep(0.05)
    assert line.troubles == ["no_frames"]
    line.fake.sound()
    await line.until(lambda: len(line.troubles) == 2)  # it came, and stayed away again


async def test_a_modem_with_another_rate_is_told_once(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.fxo.sound.NO_FRAMES_S", 0.02)
    monkeypatch.setattr("drivers.fxo.sound.RATE_S", 0.03)
    line = await bench()
    await line.talk()
    while "wrong_rate" not in line.troubles:
        line.fake.sound(QUIET * 8)
        await asyncio.sleep(0.005)
    for _ in range(20):
        line.fake.sound(QUIET * 8)
        await asyncio.sleep(0.005)
    assert line.troubles.count(Trouble.WRONG_RATE) == 1


async def test_a_modem_that_starves_is_counted(bench: Open) -> None:
    line = await bench()
    await line.talk()
    line.fake.tell("u")
    await line.until(lambda: line.modem.audio.counters.late == 1)


async def test_half_duplex_plays_what_is_said_and_listens_again(bench: Open) -> None:
    line = await bench("usr-5637")
    await line.talk()
    assert line.fake.mode == "AT+VRX"
    line.modem.audio.write(SILENCE)  # nothing to say: it goes on listening
    line.fake.sound(LOUD)
    await line.until(lambda: line.frames == [LOUD_FRAME])
    assert line.modem.audio.counters.dropped == 0
    line.modem.audio.write(LOUD_FRAME)
    line.modem.audio.write(LOUD_FRAME)
    await line.until(lambda: line.fake.mode == "AT+VTX" and len(line.fake.played) == 320)
    assert line.fake.played == LOUD * 2
    assert line.fake.words[-1] == b"\x10!"
    for _ in range(20):
        line.modem.audio.write(SILENCE)
    await line.until(lambda: line.fake.mode == "AT+VRX")
    assert line.fake.words[-1] == b"\x10\x03"
    assert line.frames == [LOUD_FRAME] + [SILENCE] * 20
    await line.rule(Verdict.BUSY)
    await line.told_of("active voice", "released normal")


async def test_half_duplex_hangs_up_while_it_plays(bench: Open) -> None:
    line = await bench("usr-5637")
    key = await line.talk()
    line.modem.audio.write(LOUD_FRAME)
    await line.until(lambda: line.fake.mode == "AT+VTX")
    await line.modem.calls.hang_up(key)
    assert line.calls == ["active voice", "released normal us"]
    assert line.fake.sent[-3:] == ["AT+VSM=128,8000", "AT+VSD=128,0", "AT+VCID=1"]


async def test_half_duplex_keeps_little_of_what_nobody_hears(bench: Open) -> None:
    line = await bench("usr-5637")
    await line.dial()
    line.listen()
    for _ in range(KEPT_FRAMES + 5):
        line.modem.audio.write(LOUD_FRAME)
    assert line.modem.audio.counters.dropped == 5
    await line.rule(Verdict.RINGBACK)
    await line.told_of("alerting")
    assert line.fake.mode == "AT+VRX"  # progress is listened to until the answer
    assert len(LOUD_FRAME) == FRAME_BYTES
