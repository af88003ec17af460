"""The sound card of a modem: the driver and its thread on a pyalsaaudio that is not there."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from drivers.audio.alsa import LEAD_FRAMES, MISSING, AlsaAudio, find_card
from drivers.audio.port import Trouble
from modem.pcm import FRAME_BYTES, SILENCE
from tests.drivers.audio.fake_alsa import FakeCard
from tests.drivers.audio.test_tty import PATIENCE_S, Ear, noise

LEAD = bytes(LEAD_FRAMES * FRAME_BYTES)


@pytest.fixture
def card(mocker: MockerFixture, tmp_path: Path) -> FakeCard:
    made = FakeCard()
    mocker.patch("drivers.audio.alsa.import_module", return_value=made.module())
    mocker.patch("drivers.audio.alsa.CARDS", tmp_path / "sound")
    mocker.patch("drivers.audio.alsa.OPEN_AGAIN_S", (0.001,) * 5)
    plug(tmp_path, 3, "usb1/1-1/1-1.2/1-1.2:1.5")
    return made


@pytest.fixture
async def ear() -> Ear:
    return Ear()


@pytest.fixture
async def audio(card: FakeCard, ear: Ear) -> AsyncIterator[AlsaAudio]:
    del card
    made = AlsaAudio("1-1.2")
    made.start(ear.on_frame, ear.on_trouble)
    yield made
    await stopped(made)


def plug(root: Path, number: int, device: str) -> None:
    """Put a card into a made-up sysfs."""
    interface = root / "devices" / device
    (interface / "sound" / f"card{number}").mkdir(parents=True)
    (root / "sound").mkdir(exist_ok=True)
    (interface / "sound" / f"card{number}" / "device").symlink_to(interface)
    (root / "sound" / f"card{number}").symlink_to(interface / "sound" / f"card{number}")


async def stopped(audio: AlsaAudio) -> None:
    reader = audio._reader
    audio.stop()
    if reader:
        await asyncio.to_thread(reader.join, PATIENCE_S)
        assert not reader.is_alive()


async def until_open(card: FakeCard, ear: Ear) -> None:
    """Wait for a first frame of silence."""
    card.say(SILENCE)
    await ear.until(lambda: bool(ear.frames))


async def test_frames_come_from_the_card_of_the_modem(
    card: FakeCard, ear: Ear, audio: AlsaAudio
) -> None:
    sound = noise(4)
    card.say(sound[:1000])
    card.say(sound[1000:])
    await ear.until(lambda: len(ear.frames) == 4)
    assert b"".join(ear.frames) == sound
    assert audio.counters.frames_in == 4
    assert [each["device"] for each in card.opened] == ["plughw:3,0"] * 2
    assert {(each["rate"], each["periodsize"]) for each in card.opened} == {(8000, 160)}


async def test_frames_are_played_behind_a_lead_of_silence(
    card: FakeCard, ear: Ear, audio: AlsaAudio
) -> None:
    await until_open(card, ear)
    audio.write(noise(1))
    assert card.played == [LEAD, noise(1)]
    assert (audio.counters.frames_out, audio.counters.dropped) == (1, 0)


async def test_a_full_card_drops_and_a_dry_one_gets_its_lead_again(
    card: FakeCard, ear: Ear, audio: AlsaAudio
) -> None:
    await until_open(card, ear)
    card.answers = [0, -errno.EPIPE]
    audio.write(noise(1))
    assert audio.counters.dropped == 1
    audio.write(noise(1))
    assert audio.counters.late == 1
    assert card.played == [LEAD, LEAD + noise(1)]


async def test_a_card_that_is_not_ready_is_tried_again(card: FakeCard, ear: Ear) -> None:
    card.refusals = 4
    audio = AlsaAudio("1-1.2")
    audio.start(ear.on_frame, ear.on_trouble)
    await until_open(card, ear)
    assert ear.troubles == []
    await stopped(audio)
    assert card.closed == len(card.opened)


async def test_a_card_that_never_opens_is_gone(
    card: FakeCard, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    card.refusals = 100
    audio = AlsaAudio("1-1.2")
    audio.start(ear.on_frame, ear.on_trouble)
    audio.write(SILENCE)
    assert audio.counters.dropped == 1
    await ear.until(lambda: ear.troubles == [Trouble.GONE])
    assert "Device or resource busy" in caplog.text


async def test_a_modem_without_a_card_is_gone(
    card: FakeCard, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    del card
    audio = AlsaAudio("1-1.3")
    audio.start(ear.on_frame, ear.on_trouble)
    await ear.until(lambda: ear.troubles == [Trouble.GONE])
    assert "no sound card on USB device 1-1.3" in caplog.text


async def test_unplugged_is_gone(card: FakeCard, ear: Ear, audio: AlsaAudio) -> None:
    await until_open(card, ear)
    reader = audio._reader
    assert reader
    card.unplug()
    await ear.until(lambda: ear.troubles == [Trouble.GONE])
    audio.write(SILENCE)
    assert audio.counters.dropped == 1
    await asyncio.to_thread(reader.join, PATIENCE_S)
    assert card.closed == 2


async def test_without_pyalsaaudio_a_sentence_says_what_to_install(
    mocker: MockerFixture, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch("drivers.audio.alsa.import_module", side_effect=ImportError("alsaaudio"))
    audio = AlsaAudio("1-1.2")
    audio.start(ear.on_frame, ear.on_trouble)
    await ear.until(lambda: ear.troubles == [Trouble.GONE])
    assert MISSING in caplog.text


async def test_nothing_is_told_after_stop_and_it_starts_again(
    card: FakeCard, ear: Ear, audio: AlsaAudio
) -> None:
    await until_open(card, ear)
    await stopped(audio)
    card.say(noise(1))
    await asyncio.sleep(0.03)
    assert ear.frames == [SILENCE]
    audio.start(ear.on_frame, ear.on_trouble)
    await ear.until(lambda: ear.frames == [SILENCE, noise(1)])
    assert ear.troubles == []


def test_a_card_is_found_by_its_usb_path(tmp_path: Path) -> None:
    plug(tmp_path, 0, "pci0/codec")
    plug(tmp_path, 1, "usb1/1-1/1-1.2/1-1.2:1.5")
    plug(tmp_path, 12, "usb1/1-1/1-1.20/1-1.20:1.0")
    found = {path: find_card(path, tmp_path / "sound") for path in ("1-1", "1-1.2", "1-1.20")}
    assert found == {"1-1": None, "1-1.2": 1, "1-1.20": 12}
    assert find_card("1-1.2", tmp_path / "nothing") is None
