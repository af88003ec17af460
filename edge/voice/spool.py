"""Uploads of finished recordings: each is tried until the target has it, across restarts.

What waits is in the store. A target that fails gets a growing pause; the file that failed goes
behind all others, so that one bad file holds nobody up.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path

from edge import clock
from edge.store import Op, Store
from edge.tasks import Tasks
from edge.voice.recording_name import Condition
from edge.voice.recordings import listing
from edge.voice.upload_targets import Target, UploadError
from edge.worker import Worker

log = logging.getLogger(__name__)

AT_ONCE = 2
FIRST_PAUSE_S = 5.0  # after a failure; doubled with each more
MAX_PAUSE_S = 3600.0
STOP_S = 3.0  # for an upload to notice that the gateway stops

_UPLOADED = (Condition.WHOLE, Condition.CUT)


class Spool:
    """Constructed cheap; start() after the folder was mended; stop() cuts uploads short."""

    def __init__(
        self, store: Store, folder: Path, target: Target, on_health: Callable[[str | None], None]
    ) -> None:
        self._store = store
        self._folder = folder
        self._target = target
        self._on_health = on_health
        self._tasks = Tasks("uploads")
        self._tries: dict[str, int] = {}  # of what waits, in its order
        self._busy: set[str] = set()
        self._wake = asyncio.Event()
        self._failures = 0  # in a row
        self._resume_at = 0.0
        self._workers: list[Worker] = []

    async def start(self) -> None:
        """Take up what an earlier run left, and what no run ever saw; raises StoreError."""
        rows = await self._store.read("SELECT name, tries, done_at FROM upload ORDER BY queued_at")
        self._tries = {name: tries for name, tries, done_at in rows if done_at is None}
        await self._compare({name for name, _, done_at in rows if done_at is not None})
        self._workers = [Worker(f"upload {number}") for number in range(AT_ONCE)]
        for worker in self._workers:
            self._tasks.spawn(self._lane(worker))

    async def stop(self) -> None:
        """End; what is under way is uploaded anew after the next start."""
        await self._tasks.end()
        self._target.abort()
        if not self._workers:
            return
        idle = [worker.run(int) for worker in self._workers]
        _, stuck = await asyncio.wait(idle, timeout=STOP_S)
        if stuck:
            log.warning("an upload does not end; it is left behind")
            return
        for worker in self._workers:
            worker.stop()

    def add(self, name: str) -> None:
        """Upload a recording as soon as it can be."""
        self._tries[name] = 0
        values = (name, clock.now().timestamp())
        self._write("INSERT OR IGNORE INTO upload VALUES (?, ?, 0, NULL, NULL)", *values)
        self._wake.set()

    def waits(self, name: str) -> bool:
        """Whether a recording still has to be uploaded."""
        return name in self._tries

    def forget(self, names: Collection[str]) -> None:
        """Recordings are deleted."""
        for name in names:
            self._tries.pop(name, None)
            self._write("DELETE FROM upload WHERE name = ?", name)

    async def _compare(self, done: set[str]) -> None:
        """Forget the uploaded that are deleted; add what nobody queued, as after a crash."""
        try:
            entries = await asyncio.to_thread(listing, self._folder)
        except OSError as error:
            log.warning("recordings in %s: %s", self._folder, error.strerror)
            return
        there = [e.path.name for e in entries if e.name.condition in _UPLOADED]
        self.forget(done.difference(there))
        for name in there:
            if name not in done and name not in self._tries:
                self.add(name)

    async def _lane(self, worker: Worker) -> None:
        while True:
            name = await self._next()
            try:
                await worker.run(self._put, name)
            except FileNotFoundError:
                log.warning("recording %s is not uploaded: it is gone", name)
                self.forget([name])
            except (UploadError, OSError) as error:
                self._failed(name, str(error))
            else:
                self._succeeded(name)
            finally:
                self._busy.discard(name)
                self._wake.set()

    async def _next(self) -> str:
        """Wait for something to do; a target that failed is tried with one file at a time."""
        loop = asyncio.get_running_loop()
        while True:
            idle = [name for name in self._tries if name not in self._busy]
            free = bool(idle) and not (self._failures and self._busy)
            pause = self._resume_at - loop.time()
            if free and pause <= 0:
                name = min(idle, key=self._tries.__getitem__)
                self._busy.add(name)
                return name
            self._wake.clear()
            timer = loop.call_later(pause, self._wake.set) if free else None
            await self._wake.wait()
            if timer:
                timer.cancel()

    def _put(self, name: str) -> None:
        with (self._folder / name).open("rb") as file:
            self._target.put(name, file)

    def _succeeded(self, name: str) -> None:
        if self._failures:
            log.info("recordings are uploaded again, after %d failures", self._failures)
            self._failures = 0
            self._on_health(None)
        if self._tries.pop(name, None) is not None:
            at = clock.now().timestamp()
            self._write("UPDATE upload SET done_at = ?, error = NULL WHERE name = ?", at, name)
        log.debug("recording %s uploaded", name)

    def _failed(self, name: str, why: str) -> None:
        level = logging.DEBUG if self._failures else logging.WARNING
        log.log(level, "recording %s is not uploaded yet: %s", name, why)
        if not self._failures:
            self._on_health(why)
        self._failures += 1
        pause = min(FIRST_PAUSE_S * 2 ** min(self._failures - 1, 16), MAX_PAUSE_S)
        self._resume_at = asyncio.get_running_loop().time() + pause
        if name in self._tries:
            self._tries[name] += 1
            values = (self._tries[name], why, name)
            self._write("UPDATE upload SET tries = ?, error = ? WHERE name = ?", *values)

    def _write(self, sql: str, *values: object) -> None:
        self._store.write(Op(sql, values), keep=True)
