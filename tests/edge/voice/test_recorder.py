"""One call's recording: what is on disk is what was heard, whatever the disk does meanwhile."""

import asyncio
import hashlib
import resource
import signal
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile as sf

from config.voice import RecordingFormat
from edge.voice import recorder as recorder_module
from edge.voice import recording_file
from edge.voice.recorder import CHUNK_FRAMES, MAX_WAITING, Finished, Recorder
from edge.voice.recording_file import RecordingFile, mend, seconds_of
from edge.voice.recording_name import Name
from edge.worker import Worker
from modem.pcm import FRAME_SAMPLES, RATE, SILENCE

WAV, OPUS = RecordingFormat.WAV, RecordingFormat.OPUS
CALL = "c-0123456789abcdef0123456789abcdef"


class Desk:
    """A folder, the thread that writes to it, and what was told at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worker = Worker("recordings")
        self.ends: list[Finished] = []

    def record(self, call_id: str = CALL, kind: RecordingFormat = WAV) -> Recorder:
        file = RecordingFile(self.folder, call_id, kind)
        recorder = Recorder(call_id, file, self.worker, self.ends.append)
        recorder.start()
        return recorder

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    async def drain(self) -> None:
        """Wait until the thread has done what it was asked, and the loop knows."""
        await self.worker.run(int)
        await asyncio.sleep(0)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(recording_file, "RESERVE_OCTETS", 0)
    made = Desk(tmp_path / "recordings")
    yield made
    made.worker.stop()


def tone(hertz: int, frames: int) -> list[bytes]:
    samples = np.sin(np.arange(frames * FRAME_SAMPLES) * 2 * np.pi * hertz / RATE) * 8000
    octets = samples.astype("<i2").tobytes()
    return [octets[at : at + 320] for at in range(0, len(octets), 320)]


def talk(recorder: Recorder, frames: int, line: int = 440, office: int = 1000) -> None:
    for one, other in zip(tone(line, frames), tone(office, frames), strict=True):
        recorder.hear(one, other)


def loudest(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> int:
    second = samples[:RATE].astype(float)
    return int(np.abs(np.fft.rfft(second)).argmax())


@contextmanager
def files_end_at(octets: int) -> Iterator[None]:
    """No file of this process grows beyond so many octets: a disk that is full, by the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_wav_has_every_sample_of_both_sides(desk: Desk) -> None:
    recorder = desk.record()
    talk(recorder, 130)
    finished = await recorder.stop()
    assert finished.path == desk.folder / f"{CALL}.wav"
    with wave.open(str(finished.path)) as file:
        assert file.getparams()[:4] == (2, 2, RATE, 130 * FRAME_SAMPLES)
    sound, _ = sf.read(finished.path, dtype="int16")
    assert sound[:, 0].tobytes() == b"".join(tone(440, 130))
    assert sound[:, 1].tobytes() == b"".join(tone(1000, 130))
    assert (finished.seconds, finished.complete, finished.reason) == (2.6, True, None)
    whole = finished.path.read_bytes()
    assert (finished.octets, finished.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert finished.path.stat().st_mode & 0o007 == 0


async def test_opus_keeps_the_sides_apart(desk: Desk) -> None:
    recorder = desk.record(kind=OPUS)
    talk(recorder, 130)
    finished = await recorder.stop()
    assert finished.path == desk.folder / f"{CALL}.opus"
    assert sf.info(finished.path).subtype == "OPUS"
    sound, rate = sf.read(finished.path, dtype="int16")
    assert (rate, len(sound)) == (RATE, 130 * FRAME_SAMPLES)
    assert [loudest(sound[:, 0]), loudest(sound[:, 1])] == [440, 1000]
    assert finished.octets < 130 * 640 / 4


@pytest.mark.parametrize("kind", RecordingFormat)
async def test_nothing_has_its_final_name_before_it_is_whole(
    desk: Desk, kind: RecordingFormat
) -> None:
    recorder = desk.record(kind=kind)
    talk(recorder, 60)
    await desk.drain()
    assert desk.names() == [f"{CALL}.{kind}.part"]
    await recorder.stop()
    assert desk.names() == [f"{CALL}.{kind}"]


async def test_a_pause_is_left_out(desk: Desk) -> None:
    recorder = desk.record()
    talk(recorder, 20)
    recorder.pause()
    talk(recorder, 500, line=2000)
    recorder.resume()
    talk(recorder, 20)
    finished = await recorder.stop()
    assert (finished.seconds, finished.complete) == (0.8, True)


async def test_stopping_twice_tells_once(desk: Desk) -> None:
    recorder = desk.record()
    talk(recorder, 1)
    first, second = await asyncio.gather(recorder.stop(), recorder.stop())
    recorder.hear(SILENCE, SILENCE)
    assert first is second
    assert await recorder.stop() is first
    assert desk.ends == [first]


async def test_recordings_of_one_call_do_not_overwrite_each_other(desk: Desk) -> None:
    for _ in range(3):
        recorder = desk.record()
        talk(recorder, 2)
        await recorder.stop()
    assert desk.names() == [f"{CALL}.2.wav", f"{CALL}.3.wav", f"{CALL}.wav"]
    names = [Name.read(name) for name in desk.names()]
    assert {name.call_id for name in names if name} == {CALL}


async def test_a_call_of_which_nothing_was_heard_leaves_no_file(desk: Desk) -> None:
    finished = await desk.record().stop()
    assert (finished.path, finished.complete, finished.reason) == (None, False, "nothing was heard")
    assert desk.names() == []


@pytest.mark.parametrize("kind", RecordingFormat)
async def test_a_full_disk_ends_the_recording_and_keeps_what_is_there(
    desk: Desk, kind: RecordingFormat
) -> None:
    recorder, other = desk.record(kind=kind), desk.record("c-2")
    talk(other, 50)
    await desk.drain()
    with files_end_at(40_001):
        while not recorder._ending:
            talk(recorder, 50)
            await desk.drain()
        finished = await recorder.stop()
    assert finished.path == desk.folder / f"{CALL}.cut.{kind}"
    assert not finished.complete
    assert finished.reason == "the disk does not take it: File too large"
    assert sf.info(finished.path).duration == pytest.approx(finished.seconds, abs=0.01)
    assert finished.seconds >= 1
    assert desk.ends == [finished]
    talk(other, 50)
    assert (await other.stop()).seconds == 2


async def test_the_gateways_own_records_keep_their_part_of_the_disk(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_file, "SYNC_OCTETS", 100_000)
    recorder = desk.record()
    talk(recorder, 100)
    await desk.drain()
    monkeypatch.setattr(recording_file, "RESERVE_OCTETS", 1 << 62)
    talk(recorder, 100)
    await desk.drain()
    finished = await recorder.stop()
    assert finished.reason == "the disk is full"
    assert 2 <= finished.seconds < 4
    refused = await desk.record("c-2").stop()
    assert (refused.path, refused.reason) == (None, "the disk is full")


async def test_a_disk_that_fills_with_the_last_words_is_told(desk: Desk) -> None:
    recorder = desk.record(kind=OPUS)
    talk(recorder, 120)
    await desk.drain()
    held = (desk.folder / f"{CALL}.opus.part").stat().st_size
    with files_end_at(held + 100):
        finished = await recorder.stop()
    assert finished.path == desk.folder / f"{CALL}.cut.opus"
    assert finished.reason == "the disk does not take it: File too large"


async def test_a_folder_that_cannot_be_made_is_told(desk: Desk) -> None:
    desk.folder.write_text("in the way")
    finished = await desk.record().stop()
    assert finished.path is None
    assert finished.reason == "the disk does not take it: File exists"
    assert desk.ends == [finished]


async def test_what_a_slow_disk_cannot_take_is_dropped_and_counted(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = desk.record()
    await desk.drain()
    stuck = Event()
    held = desk.worker.run(stuck.wait)
    talk(recorder, (MAX_WAITING + 3) * CHUNK_FRAMES)
    assert recorder._waiting == MAX_WAITING
    assert recorder.dropped == 3 * CHUNK_FRAMES
    stuck.set()
    await held
    finished = await recorder.stop()
    assert finished.path == desk.folder / f"{CALL}.cut.wav"
    assert finished.seconds == MAX_WAITING
    assert finished.reason == "3.0 s were not written: the disk was too slow"
    assert caplog.text.count("too slow") == 1


async def test_all_recordings_share_one_thread(desk: Desk) -> None:
    recorders = [desk.record(f"c-{number}") for number in range(32)]
    for recorder in recorders:
        talk(recorder, 2)
    assert all(end.complete for end in await asyncio.gather(*(r.stop() for r in recorders)))
    assert len(desk.names()) == 32


CHILD = """
import asyncio, sys
from pathlib import Path
from config.voice import RecordingFormat
from edge.voice.recordings import Recordings
async def main():
    recordings = Recordings(Path(sys.argv[1]), 1 << 30)
    await recordings.start()
    for kind in RecordingFormat:
        recorder = recordings.record(f"c-{kind}", kind, print)
        for _ in range(175):
            recorder.hear(b"ab" * 160, b"cd" * 160)
    await recordings._worker.run(int)
    print("talking", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_what_a_kill_left_half_is_mended_and_named_so(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "talking\n"
        child.send_signal(signal.SIGKILL)
    parts = sorted(tmp_path.iterdir())
    assert [part.name for part in parts] == ["c-opus.opus.part", "c-wav.wav.part"]
    assert [mend(part) for part in parts] == [
        tmp_path / "c-opus.cut.opus",
        tmp_path / "c-wav.cut.wav",
    ]
    with wave.open(str(tmp_path / "c-wav.cut.wav")) as file:
        assert file.getnframes() == 3 * RATE
        assert file.readframes(1) == b"abcd"
    assert seconds_of(tmp_path / "c-opus.cut.opus", OPUS) >= 1.9


@pytest.mark.parametrize("octets", [0, 10, 44])
def test_a_half_file_without_sound_is_deleted(tmp_path: Path, octets: int) -> None:
    part = tmp_path / "c-1.wav.part"
    part.write_bytes(bytes(octets))
    assert mend(part) is None
    assert list(tmp_path.iterdir()) == []


def test_a_half_file_that_does_not_play_is_called_broken(tmp_path: Path) -> None:
    part = tmp_path / "c-1.2.opus.part"
    part.write_bytes(b"OggS" + bytes(500))
    assert mend(part) == tmp_path / "c-1.2.opus.broken"


def test_a_sample_cut_in_two_is_cut_off(tmp_path: Path) -> None:
    part = tmp_path / "c-1.wav.part"
    part.write_bytes(bytes(44) + bytes(4 * 100 + 3))
    assert mend(part) == tmp_path / "c-1.cut.wav"
    assert sf.info(tmp_path / "c-1.cut.wav").frames == 100


def test_a_reason_names_the_fault() -> None:
    assert recorder_module._sentence(RuntimeError("odd")) == "it could not be written: odd"
