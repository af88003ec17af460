import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from edge.store import Op, Store, StoreError


class Bench:
    """An open store that tells what it committed, and of whose disk a test disposes."""

    def __init__(self, path: Path) -> None:
        self.health: list[str | None] = []
        self.commits: list[int] = []
        self.well = asyncio.Event()
        self.store = Store(path, on_health=self._told)
        self._accept = self.store._accept
        self.store._accept = self._count  # type: ignore[method-assign]

    def _told(self, failure: str | None) -> None:
        self.health.append(failure)
        if failure is None:
            self.well.set()

    def _count(self, batch: Sequence[object]) -> None:
        self.commits.append(len(batch))
        self._accept(batch)  # type: ignore[arg-type]

    async def forbid(self, *, writes: bool) -> None:
        store = self.store
        pragma = f"PRAGMA query_only = {'ON' if writes else 'OFF'}"
        await store._thread.run(store._db.execute, pragma)

    async def ids(self) -> list[str]:
        return [row[0] for row in await self.store.read("SELECT iccid FROM pin_failure")]


def row(name: str) -> Op:
    return Op("INSERT INTO pin_failure VALUES (?, '')", (name,))


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr("edge.store.RETRY_S", 0.01)
    found = Bench(tmp_path / "new" / "trunkline.db")
    await found.store.open()
    yield found
    await found.store.close()


async def test_writes_of_one_turn_are_one_commit(bench: Bench) -> None:
    await asyncio.gather(*(bench.store.write(row(f"{n:03}")) for n in range(100)))
    assert bench.commits == [100]
    assert await bench.ids() == [f"{n:03}" for n in range(100)]


async def test_writes_that_come_during_a_commit_are_the_next_one(bench: Bench) -> None:
    begun, free = Event(), Event()

    def hold() -> str:
        begun.set()
        free.wait()
        return "a"

    bench.store._db.create_function("hold", 0, hold)
    first = bench.store.write(Op("INSERT INTO pin_failure VALUES (hold(), '')"))
    await asyncio.to_thread(begun.wait)
    writes = [bench.store.write(row(name)) for name in "bcd"]
    free.set()
    await asyncio.gather(first, *writes)
    assert bench.commits == [1, 3]


async def test_a_write_is_all_or_nothing(bench: Bench) -> None:
    with pytest.raises(StoreError, match="no such table"):
        await bench.store.write(row("a"), Op("INSERT INTO nowhere VALUES (1)"))
    assert await bench.ids() == []


async def test_what_may_fail_fails_and_what_happened_is_kept(bench: Bench) -> None:
    await bench.forbid(writes=True)
    wish, fact = bench.store.write(row("wish")), bench.store.write(row("fact"), keep=True)
    with pytest.raises(StoreError, match="readonly"):
        await wish
    assert bench.store.failure
    later = bench.store.write(row("later"), keep=True)
    assert not fact.done()
    await bench.forbid(writes=False)
    await asyncio.gather(fact, later)
    assert await bench.ids() == ["fact", "later"]
    assert [bool(told) for told in bench.health] == [True, False]
    assert bench.store.failure is None


async def test_a_disk_that_works_again_is_noticed_without_a_write(bench: Bench) -> None:
    await bench.forbid(writes=True)
    with pytest.raises(StoreError):
        await bench.store.write(row("wish"))
    await bench.forbid(writes=False)
    async with asyncio.timeout(5):
        await bench.well.wait()
    assert bench.store.failure is None
    assert await bench.ids() == []


async def test_closing_commits_what_waits_and_ends_on_a_broken_disk_too(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.db"
    for broken in (False, True):
        bench = Bench(path)
        await bench.store.open()
        await bench.forbid(writes=broken)
        bench.store.write(row(str(broken)), keep=True)
        await asyncio.wait_for(bench.store.close(), 5)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT iccid FROM pin_failure").fetchall() == [("False",)]
    database.close()


async def test_a_store_opens_what_it_wrote_and_nothing_newer(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.db"
    for _ in range(2):
        store = Store(path, on_health=print)
        await store.open()
        await store.close()
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.execute("PRAGMA user_version = 999")
    database.close()
    with pytest.raises(StoreError, match="newer version"):
        await Store(path, on_health=print).open()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be taken for one"])
async def test_a_file_that_is_no_database_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trunkline.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot open"):
        await Store(path, on_health=print).open()
