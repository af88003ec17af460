"""Sound over a real pty, with a modem at the other end whose clock is the test's."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest

from drivers.audio.port import Trouble
from drivers.audio.tty import MAX_WAITING, TtyAudio
from modem.pcm import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, RATE, SILENCE
from tests.drivers.test_port import Pty

PATIENCE_S = 5


class Device(Pty):
    """The sound of a modem behind a pty."""

    def say(self, sound: bytes) -> None:
        os.write(self.peer, sound)

    def read(self) -> bytes:
        """All that was written to it by now."""
        got = b""
        while True:
            try:
                got += os.read(self.peer, 65536)
            except BlockingIOError:
                return got


class Ear:
    """What a port told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.troubles: list[Trouble] = []
        self._news = asyncio.Event()

    def on_frame(self, frame: bytes) -> None:
        self.frames.append(frame)
        self._news.set()

    def on_trouble(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        self._news.set()

    async def until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not there():
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.unplug()


@pytest.fixture
async def ear() -> Ear:
    return Ear()


@pytest.fixture
async def audio(device: Device, ear: Ear) -> AsyncIterator[TtyAudio]:
    made = TtyAudio(device.path)
    made.start(ear.on_frame, ear.on_trouble)
    yield made
    made.stop()


def noise(frames: int) -> bytes:
    return np.random.default_rng(1).integers(-9000, 9000, frames * FRAME_SAMPLES, "<i2").tobytes()


def sine(samples: int, rate: int = RATE, hz: float = 1000.0) -> bytes:
    wave = 8000 * np.sin(2 * np.pi * hz / rate * np.arange(samples))
    return bytes(np.rint(wave).astype("<i2").data)


def share_of(hz: float, sound: bytes, rate: int = RATE) -> float:
    """How much of the energy is at `hz`."""
    wave = np.frombuffer(sound, "<i2").astype(float)
    at = np.exp(-2j * np.pi * hz / rate * np.arange(len(wave)))
    return float(2 * abs(wave @ at) ** 2 / len(wave) / (wave @ wave))


@pytest.mark.parametrize("chunk", [1, 7, 319, 320, 321, 640, 1600])
async def test_chunks_of_any_size_are_whole_frames_in_order(
    device: Device, ear: Ear, audio: TtyAudio, chunk: int
) -> None:
    sound = noise(10)
    for start in range(0, len(sound), chunk):
        device.say(sound[start : start + chunk])
        await asyncio.sleep(0)
    await ear.until(lambda: len(ear.frames) == 10)
    assert b"".join(ear.frames) == sound
    assert audio.counters.frames_in == 10


async def test_frames_go_out_at_once_and_untouched(
    device: Device, ear: Ear, audio: TtyAudio
) -> None:
    for number in range(5):
        device.say(SILENCE)
        await ear.until(lambda: len(ear.frames) > number)  # noqa: B023 - waited for in this turn
        audio.write(noise(1))
        assert device.read() == noise(1)
    assert (audio.counters.frames_out, audio.counters.dropped) == (5, 0)


async def test_the_flow_urc_stops_and_starts_what_goes_out(device: Device, audio: TtyAudio) -> None:
    frames = [sine(FRAME_SAMPLES, hz=300 + 100 * number) for number in range(8)]
    audio.flow(go=False)
    for frame in frames[:6]:
        audio.write(frame)
    assert device.read() == b""
    assert audio.counters.dropped == 6 - MAX_WAITING
    audio.flow(go=True)
    audio.write(frames[6])
    assert device.read() == b"".join(frames[4:7])
    assert audio.counters.frames_out == 3


async def test_a_device_that_takes_nothing_blocks_nobody_and_is_told_once(
    device: Device, ear: Ear, audio: TtyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = asyncio.get_running_loop().time()
    monkeypatch.setattr(audio._loop, "time", lambda: now)
    for _ in range(3000):
        audio.write(noise(1))
        now += FRAME_S
    assert audio._port.waiting < 2 * FRAME_BYTES
    assert len(audio._out) == MAX_WAITING
    assert ear.troubles == [Trouble.STUCK]
    assert audio.counters.dropped > 2000
    device.read()
    monkeypatch.undo()
    async with asyncio.timeout(PATIENCE_S):
        while audio._port.waiting:
            await asyncio.sleep(0)
            device.read()
    audio.write(SILENCE)
    assert device.read().endswith(SILENCE)
    assert not audio._out


async def test_a_stop_whose_end_is_lost_does_not_last_for_ever(
    device: Device, ear: Ear, audio: TtyAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = asyncio.get_running_loop().time()
    monkeypatch.setattr(audio._loop, "time", lambda: now)
    audio.flow(go=False)
    for _ in range(60):
        audio.write(SILENCE)
        now += FRAME_S
    assert len(device.read()) > FRAME_BYTES
    assert ear.troubles == [Trouble.STUCK]


@pytest.mark.parametrize("ppm", [-200, 200])
async def test_as_much_is_written_as_is_read_for_ever(
    audio: TtyAudio, monkeypatch: pytest.MonkeyPatch, ppm: int
) -> None:
    """Ten minutes of a device that is fast or slow, in 40 ms chunks; our ticks are exact."""
    written: list[bytes] = []
    monkeypatch.setattr(audio._port, "write", written.append)
    now = asyncio.get_running_loop().time()
    start = now
    monkeypatch.setattr(audio._loop, "time", lambda: now)
    wave = sine(160 * 50)
    frames = [wave[n : n + FRAME_BYTES] for n in range(0, len(wave), FRAME_BYTES)]
    read = 0
    for tick in range(30_000):
        while (due := (read + 320) / RATE / (1 + ppm / 1e6)) <= tick * FRAME_S:
            now = start + due
            read += 320
            audio._read(bytes(640))
        now = start + tick * FRAME_S
        audio.write(frames[tick % 50])
    sound = np.frombuffer(b"".join(written), "<i2").astype(float)
    assert len(sound) - 30_000 * FRAME_SAMPLES == pytest.approx(ppm * 4.8, abs=40)
    assert abs(len(sound) - read) < 2 * 320
    bend = sound[2:] - 2 * np.cos(2 * np.pi / 8) * sound[1:-1] + sound[:-2]
    assert np.abs(bend).max() < 400  # a pure tone throughout: a click would be thousands


async def test_unplugged_is_gone_once_and_writing_goes_on_harmlessly(
    device: Device, ear: Ear, audio: TtyAudio
) -> None:
    device.unplug()
    await ear.until(lambda: bool(ear.troubles))
    audio.write(SILENCE)
    assert ear.troubles == [Trouble.GONE]
    assert audio.counters.dropped == 1


async def test_a_port_that_does_not_open_is_gone(ear: Ear, tmp_path: os.PathLike[str]) -> None:
    audio = TtyAudio(f"{tmp_path}/ttyUSB1")
    audio.start(ear.on_frame, ear.on_trouble)
    assert ear.troubles == []  # never from inside start
    await ear.until(lambda: ear.troubles == [Trouble.GONE])
    audio.stop()
    audio.stop()


async def test_nothing_is_told_after_stop(device: Device, ear: Ear, audio: TtyAudio) -> None:
    device.say(noise(3))
    audio.stop()
    audio.write(SILENCE)
    await asyncio.sleep(0.01)
    assert (ear.frames, ear.troubles) == ([], [])


async def test_who_hears_a_frame_may_stop_the_port(device: Device, ear: Ear) -> None:
    audio = TtyAudio(device.path)

    def once(frame: bytes) -> None:
        audio.stop()
        ear.on_frame(frame)

    audio.start(once, ear.on_trouble)
    device.say(noise(4))
    await ear.until(lambda: bool(ear.frames))
    assert len(ear.frames) == 1


async def test_wide_sound_is_made_narrow_and_back(device: Device, ear: Ear) -> None:
    audio = TtyAudio(device.path, 16_000)
    audio.start(ear.on_frame, ear.on_trouble)
    wide = sine(16_000, 16_000)
    for start in range(0, len(wide), 1000):
        device.say(wide[start : start + 1000])
        await ear.until(lambda: len(ear.frames) >= start // 640 - 1)  # noqa: B023 - in this turn
    await ear.until(lambda: len(ear.frames) >= 48)
    heard = b"".join(ear.frames)[2 * 800 :]
    assert share_of(1000, heard) > 0.999
    said = b""
    for start in range(0, 16_000, FRAME_BYTES):
        audio.write(sine(8000)[start : start + FRAME_BYTES])
        said += device.read()
    said = said[2 * 1600 :]
    assert len(said) > 2 * 13_000
    assert share_of(1000, said, 16_000) > 0.999
    audio.stop()
