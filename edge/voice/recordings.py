"""The folder of recordings: starts them, holds their disk budget, mends what a crash left half.

Files that are not recordings of ours are never touched.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.voice import RecordingFormat
from edge.tasks import Tasks
from edge.voice.recorder import Finished, Recorder
from edge.voice.recording_file import RecordingFile, mend
from edge.voice.recording_name import Condition, Name
from edge.worker import Worker

log = logging.getLogger(__name__)

TEND_S = 30.0  # between two looks at the budget while calls are recorded: a megabyte each


class Uploads(Protocol):
    """What the folder must know of uploads."""

    def add(self, name: str) -> None:
        """A recording is finished."""

    def waits(self, name: str) -> bool:
        """Whether a recording still has to be uploaded."""

    def forget(self, names: Collection[str]) -> None:
        """Recordings are deleted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording on disk."""

    path: Path
    name: Name
    octets: int
    at: float  # Unix time of its last octet


class Recordings:
    """Constructed cheap; start() does the I/O; stop() finishes what is being recorded."""

    def __init__(self, folder: Path, max_octets: int, uploads: Uploads | None = None) -> None:
        self._folder = folder
        self._max_octets = max_octets
        self._uploads = uploads
        self._worker = Worker("recordings")
        self._tasks = Tasks("recordings")
        self._due = asyncio.Event()
        self._open: set[Recorder] = set()
        self._over = False

    async def start(self) -> None:
        """Mend what an earlier run left half, and hold the budget from now on."""
        try:
            await self._worker.run(_mend_all, self._folder)
        except OSError as error:
            log.error("recordings in %s: %s", self._folder, error.strerror)  # noqa: TRY400 - all said
        self._tasks.spawn(self._tend())

    def record(
        self, call_id: str, kind: RecordingFormat, on_end: Callable[[Finished], None]
    ) -> Recorder:
        """Start to record a call; `on_end` is told once what became of it."""

        def ended(finished: Finished) -> None:
            self._ended(recorder, finished)
            on_end(finished)

        name = Name.read(f"{call_id}.{kind}")
        if name is None or name.call_id != call_id:
            raise ValueError(f"no recording can be named by {call_id!r}")
        file = RecordingFile(self._folder, call_id, kind)
        recorder = Recorder(call_id, file, self._worker, ended)
        self._open.add(recorder)
        self._due.set()
        recorder.start()
        return recorder

    async def stop(self) -> None:
        """Finish all recordings."""
        await asyncio.gather(*(recorder.stop() for recorder in list(self._open)))
        await self._tasks.end()
        self._worker.stop()

    def _ended(self, recorder: Recorder, finished: Finished) -> None:
        self._open.discard(recorder)
        self._due.set()
        if finished.path and self._uploads:
            self._uploads.add(finished.path.name)

    async def _tend(self) -> None:
        while True:
            self._due.clear()
            try:
                await self.hold_budget()
            except OSError as error:
                log.warning("recordings in %s: %s", self._folder, error.strerror)
            with suppress(TimeoutError):
                async with asyncio.timeout(TEND_S if self._open else None):
                    await self._due.wait()

    async def hold_budget(self) -> None:
        """Delete the oldest until the rest fits; what waits for its upload goes last."""
        entries = await self._worker.run(listing, self._folder)
        at_rest = [entry for entry in entries if not self._is_open(entry)]
        busy = sum(entry.octets for entry in entries) - sum(entry.octets for entry in at_rest)
        doomed, over = _too_much(at_rest, self._max_octets - busy, self._waits)
        for entry in doomed:
            await self._worker.run(_delete, entry.path)
            lost = " before it was uploaded" if self._waits(entry) else ""
            log.warning("recording %s deleted%s: the budget is used", entry.path.name, lost)
        if doomed and self._uploads:
            self._uploads.forget([entry.path.name for entry in doomed])
        if over and not self._over:
            log.warning("the recordings under way are larger than the budget")
        self._over = over

    def _is_open(self, entry: Entry) -> bool:
        """Whether it is being written, or added up before its end is told."""
        writing = entry.name.condition is Condition.WRITING
        return writing or any(each.call_id == entry.name.call_id for each in self._open)

    def _waits(self, entry: Entry) -> bool:
        return self._uploads is not None and self._uploads.waits(entry.path.name)


def listing(folder: Path) -> list[Entry]:
    """All recordings in a folder, the oldest first; raises OSError but for a missing folder."""
    found = []
    for path in folder.iterdir() if folder.exists() else ():
        if name := Name.read(path.name):
            try:
                facts = path.stat()
            except FileNotFoundError:  # renamed or deleted since
                continue
            found.append(Entry(path, name, facts.st_size, facts.st_mtime))
    return sorted(found, key=lambda entry: (entry.at, entry.path.name))


def _too_much(
    entries: Sequence[Entry], max_octets: int, waits: Callable[[Entry], bool]
) -> tuple[list[Entry], bool]:
    """Which to delete, and whether that is not enough."""
    total = sum(entry.octets for entry in entries)
    doomed = []
    for entry in sorted(entries, key=waits):  # stable: the oldest first among equals
        if total <= max_octets:
            break
        doomed.append(entry)
        total -= entry.octets
    return doomed, total > max_octets


def _mend_all(folder: Path) -> None:
    for entry in listing(folder):
        if entry.name.condition is Condition.WRITING:
            try:
                path = mend(entry.path)
                became = f"kept as {path.name}" if path else "it held no sound and is deleted"
            except OSError as error:
                became = f"it cannot be mended, {error.strerror}"
            log.warning("recording %s was cut off: %s", entry.path.name, became)


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
