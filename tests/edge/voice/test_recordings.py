"""The folder of recordings: its budget, and what a crash left in it."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from config.voice import RecordingFormat
from edge.voice import recording_file
from edge.voice import recordings as module
from edge.voice.recorder import Finished
from edge.voice.recording_name import Condition
from edge.voice.recordings import Recordings, listing
from modem.pcm import SILENCE

WAV = RecordingFormat.WAV


class Queue:
    """Uploads that only wait."""

    def __init__(self) -> None:
        self.waiting: set[str] = set()
        self.forgotten: list[str] = []
        self.forgot = asyncio.Event()

    def add(self, name: str) -> None:
        self.waiting.add(name)

    def waits(self, name: str) -> bool:
        return name in self.waiting

    def forget(self, names: Collection[str]) -> None:
        self.forgotten += names
        self.forgot.set()


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
async def recordings(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recordings]:
    monkeypatch.setattr(recording_file, "RESERVE_OCTETS", 0)
    made = Recordings(tmp_path, 10_000, queue)
    yield made
    await made.stop()


def put(folder: Path, name: str, octets: int, at: int) -> Path:
    path = folder / name
    path.write_bytes(bytes(octets))
    os.utime(path, (at, at))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_oldest_go_first(
    tmp_path: Path, recordings: Recordings, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        put(tmp_path, f"c-{number}.wav", 3000, at=1000 + number)
    await recordings.hold_budget()
    assert names(tmp_path) == ["c-2.wav", "c-3.wav", "c-4.wav"]
    assert queue.forgotten == ["c-0.wav", "c-1.wav"]
    assert "recording c-0.wav deleted: the budget is used" in caplog.text


async def test_what_waits_for_its_upload_goes_last(
    tmp_path: Path, recordings: Recordings, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        put(tmp_path, f"c-{number}.wav", 3000, at=1000 + number)
    queue.waiting = {"c-0.wav", "c-1.wav"}
    await recordings.hold_budget()
    assert names(tmp_path) == ["c-0.wav", "c-1.wav", "c-4.wav"]
    queue.waiting |= {"c-4.wav"}
    put(tmp_path, "c-5.wav", 4000, at=2000)
    put(tmp_path, "c-6.wav", 6000, at=2001)
    queue.waiting |= {"c-6.wav"}
    await recordings.hold_budget()
    assert names(tmp_path) == ["c-4.wav", "c-6.wav"]
    assert "recording c-0.wav deleted before it was uploaded" in caplog.text


async def test_what_is_not_ours_or_being_written_stays(
    tmp_path: Path, recordings: Recordings, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "holiday.mp3", 50_000, at=1)
    put(tmp_path, "c-1.wav.part", 20_000, at=2)
    put(tmp_path, "c-2.cut.opus", 100, at=3)
    put(tmp_path, "c-3.wav.broken", 100, at=3)
    await recordings.hold_budget()
    await recordings.hold_budget()
    assert names(tmp_path) == ["c-1.wav.part", "holiday.mp3"]
    assert caplog.text.count("larger than the budget") == 1


async def test_a_start_mends_what_a_crash_left(
    tmp_path: Path, recordings: Recordings, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "c-1.wav.part", 444, at=1)
    put(tmp_path, "c-2.opus.part", 444, at=1)
    put(tmp_path, "c-3.wav.part", 7, at=1)
    await recordings.start()
    assert names(tmp_path) == ["c-1.cut.wav", "c-2.opus.broken"]
    conditions = {entry.name.call_id: entry.name.condition for entry in listing(tmp_path)}
    assert conditions == {"c-1": Condition.CUT, "c-2": Condition.BROKEN}
    assert "recording c-1.wav.part was cut off: kept as c-1.cut.wav" in caplog.text
    assert "recording c-3.wav.part was cut off: it held no sound and is deleted" in caplog.text


async def test_a_file_that_cannot_be_mended_does_not_stop_the_others(
    tmp_path: Path, recordings: Recordings, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "c-1.wav.part").mkdir()
    (tmp_path / "c-1.wav.part" / "x").write_bytes(bytes(5000))
    put(tmp_path, "c-2.wav.part", 444, at=9)
    await recordings.start()
    assert "c-2.cut.wav" in names(tmp_path)
    assert "recording c-1.wav.part was cut off: it cannot be mended" in caplog.text


async def test_the_budget_is_held_while_calls_are_recorded(
    tmp_path: Path, recordings: Recordings, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEND_S", 0.01)
    put(tmp_path, "c-old.wav", 9000, at=1)
    await recordings.start()
    recorder = recordings.record("c-new", WAV, lambda _: None)
    for _ in range(50):
        recorder.hear(SILENCE, SILENCE)
    async with asyncio.timeout(5):
        await queue.forgot.wait()
    assert names(tmp_path) == ["c-new.wav.part"]
    assert (await recorder.stop()).complete


async def test_a_stop_finishes_what_is_recorded_and_queues_it(
    tmp_path: Path, recordings: Recordings, queue: Queue
) -> None:
    ends: list[Finished] = []
    await recordings.start()
    recorder = recordings.record("c-1", WAV, ends.append)
    recorder.hear(SILENCE, SILENCE)
    await recordings.stop()
    assert [end.path for end in ends] == [tmp_path / "c-1.wav"]
    assert queue.waiting == {"c-1.wav"}


async def test_a_folder_that_is_none_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recordings = Recordings(tmp_path / "file", 10_000)
    await recordings.start()
    finished = await recordings.record("c-1", WAV, lambda _: None).stop()
    await recordings.stop()
    assert finished.reason == "the disk does not take it: File exists"
    assert "Not a directory" in caplog.text


@pytest.mark.parametrize("call_id", ["../c-1", "", "a b", "c" * 65, "c.1"])
async def test_only_a_plain_call_id_names_a_file(recordings: Recordings, call_id: str) -> None:
    with pytest.raises(ValueError, match="no recording can be named"):
        recordings.record(call_id, WAV, lambda _: None)


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert listing(tmp_path / "later") == []
