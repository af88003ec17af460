"""Uploads: each recording arrives once it can, whatever restarts and refusals lie between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from edge.store import Store
from edge.voice import spool as module
from edge.voice.sigv4 import Key
from edge.voice.spool import Spool
from edge.voice.upload_targets import FolderTarget, S3Target
from tests.edge.voice.stores import KEY_ID, REGION, SECRET, Bucket, bucket


class Office:
    """A gateway's store, its folder of recordings, and the spool of one run after the other."""

    def __init__(self, path: Path, remote: Bucket) -> None:
        self.path = path
        self.folder = path / "recordings"
        self.folder.mkdir()
        self.remote = remote
        self.health: list[str | None] = []
        self.changed = asyncio.Event()

    async def open(self) -> Spool:
        self.store = Store(self.path / "trunkline.db", on_health=lambda _: None)
        await self.store.open()
        key = Key(KEY_ID, SECRET, REGION)
        target = S3Target(f"http://{self.remote.address}", "calls", key)
        self.spool = Spool(self.store, self.folder, target, self._tell)
        written = self.spool._write

        def write(sql: str, *values: object) -> None:
            written(sql, *values)
            self.changed.set()

        self.spool._write = write  # type: ignore[method-assign]
        await self.spool.start()
        return self.spool

    async def close(self) -> None:
        await self.spool.stop()
        await self.store.close()

    def _tell(self, reason: str | None) -> None:
        self.health.append(reason)

    def put(self, name: str) -> str:
        (self.folder / name).write_bytes(name.encode() * 100)
        return name

    async def waits(self, *names: str) -> None:
        """Until just these wait for their upload."""
        await self.until(lambda: set(self.spool._tries) == set(names))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.changed.wait()
                self.changed.clear()

    async def rows(self) -> list[tuple[str, int, str | None, bool]]:
        await self.store.write()
        found = await self.store.read(
            "SELECT name, tries, error, done_at IS NOT NULL FROM upload ORDER BY name"
        )
        return [(name, tries, error, bool(done)) for name, tries, error, done in found]

    def arrived(self) -> list[str]:
        return sorted(path.removeprefix("/calls/") for path in self.remote.objects)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.002)


@pytest.fixture
def remote() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


@pytest.fixture
async def office(tmp_path: Path, remote: Bucket) -> AsyncIterator[Office]:
    made = Office(tmp_path, remote)
    await made.open()
    yield made
    await made.close()


async def test_a_finished_recording_is_uploaded_and_written_down(office: Office) -> None:
    office.spool.add(office.put("c-1.wav"))
    assert office.spool.waits("c-1.wav")
    await office.waits()
    assert office.arrived() == ["c-1.wav"]
    assert office.remote.objects["/calls/c-1.wav"] == b"c-1.wav" * 100
    assert await office.rows() == [("c-1.wav", 0, None, True)]
    assert office.health == []


async def test_a_refused_one_is_tried_again_and_told_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.remote.refuse = [(503, "SlowDown")] * 3
    office.spool.add(office.put("c-1.wav"))
    await office.waits()
    assert office.remote.puts == 4
    assert await office.rows() == [("c-1.wav", 3, None, True)]
    assert office.health == [f"{office.remote.address} answers 503 SlowDown", None]
    assert [r.levelname for r in caplog.records if "SlowDown" in r.message] == ["WARNING"]
    assert SECRET not in caplog.text


async def test_pauses_grow_up_to_an_hour(monkeypatch: pytest.MonkeyPatch, office: Office) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 5)
    loop = asyncio.get_running_loop()
    pauses = []
    for _ in range(40):
        office.spool._failed("c-1.wav", "away")
        pauses.append(round(office.spool._resume_at - loop.time()))
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 3600


async def test_what_an_earlier_run_left_is_taken_up(tmp_path: Path, remote: Bucket) -> None:
    office = Office(tmp_path, remote)
    await office.open()
    remote.stall.set()
    for name in ("c-1.wav", "c-2.wav", "c-3.cut.opus"):
        office.spool.add(office.put(name))
    await asyncio.to_thread(remote.stalled.wait)
    await office.close()
    assert office.arrived() == []
    remote.stall.clear()
    await office.open()
    await office.waits()
    assert office.arrived() == ["c-1.wav", "c-2.wav", "c-3.cut.opus"]
    await office.close()


async def test_what_no_run_ever_queued_is_found(tmp_path: Path, remote: Bucket) -> None:
    office = Office(tmp_path, remote)
    for name in ("c-1.wav", "c-2.cut.opus", "c-3.wav.part", "c-4.wav.broken", "notes.txt"):
        office.put(name)
    await office.open()
    await office.waits()
    assert office.arrived() == ["c-1.wav", "c-2.cut.opus"]
    await office.close()
    await office.open()
    assert not office.spool.waits("c-1.wav")
    await office.close()
    assert remote.puts == 2


async def test_the_uploaded_that_were_deleted_are_forgotten(office: Office) -> None:
    office.spool.add(office.put("c-1.wav"))
    office.spool.add(office.put("c-2.wav"))
    await office.waits()
    office.spool.forget(["c-1.wav"])
    for path in office.folder.iterdir():
        path.unlink()
    await office.close()
    await office.open()
    assert await office.rows() == []


async def test_a_missing_file_is_dropped_with_a_word(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.spool.add("c-gone.wav")
    office.spool.add(office.put("c-1.wav"))
    await office.waits()
    assert office.arrived() == ["c-1.wav"]
    assert await office.rows() == [("c-1.wav", 0, None, True)]
    assert "recording c-gone.wav is not uploaded: it is gone" in caplog.text


async def test_one_bad_file_holds_nobody_up(office: Office) -> None:
    bad = office.folder / "c-bad.wav"
    bad.mkdir()
    for name in ("c-bad.wav", office.put("c-1.wav"), office.put("c-2.wav"), office.put("c-3.wav")):
        office.spool.add(name)
    await office.waits("c-bad.wav")
    await office.until(lambda: office.spool._tries["c-bad.wav"] > 0)
    assert office.arrived() == ["c-1.wav", "c-2.wav", "c-3.wav"]
    [(_, tries, error, done)] = [row for row in await office.rows() if row[0] == "c-bad.wav"]
    assert tries >= 1
    assert "Is a directory" in (error or "")
    assert not done


async def test_at_most_two_are_under_way(office: Office) -> None:
    for number in range(12):
        office.spool.add(office.put(f"c-{number}.wav"))
    await office.waits()
    assert len(office.arrived()) == 12
    assert office.remote.most_at_once <= 2


async def test_a_stop_does_not_wait_for_a_store_that_says_nothing(
    tmp_path: Path, remote: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(tmp_path, remote)
    await office.open()
    remote.stall.set()
    office.spool.add(office.put("c-1.wav"))
    await asyncio.to_thread(remote.stalled.wait)
    async with asyncio.timeout(2):
        await office.close()
    assert "left behind" not in caplog.text


async def test_a_folder_is_a_target_too(tmp_path: Path) -> None:
    share = tmp_path / "share"
    store = Store(tmp_path / "trunkline.db", on_health=lambda _: None)
    await store.open()
    told: asyncio.Queue[str | None] = asyncio.Queue()
    spool = Spool(store, tmp_path, FolderTarget(share), told.put_nowait)
    (tmp_path / "c-1.wav").write_bytes(b"sound")
    await spool.start()
    assert await told.get() == f"{share}: No such file or directory"
    share.mkdir()
    assert await told.get() is None
    assert (share / "c-1.wav").read_bytes() == b"sound"
    await spool.stop()
    await store.close()
