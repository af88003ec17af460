"""One call's recording: frames in from the loop, a file out from the one thread of all recordings.

Nothing here waits for a disk: what it is too slow for is dropped and counted, and a disk that takes
no more ends this recording, keeps what is there, and touches nothing else.
"""

import asyncio
import errno
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVarTuple

from edge.voice.recording_file import RecordingFile, hash_slice
from edge.worker import Worker
from modem.pcm import FRAME_S

log = logging.getLogger(__name__)

CHUNK_FRAMES = 50  # written at once: a second
MAX_WAITING = 8  # chunks that wait for a slow disk: a quarter of a megabyte each recording

_FULL = (errno.ENOSPC, errno.EDQUOT)

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a recording; without a path nothing of it is on disk."""

    call_id: str
    path: Path | None
    seconds: float
    octets: int
    sha256: str | None
    complete: bool
    reason: str | None  # a sentence, where it is not complete


class Recorder:
    """Records a call from start() to stop(); parts in which it is paused are left out."""

    def __init__(
        self,
        call_id: str,
        file: RecordingFile,
        worker: Worker,
        on_end: Callable[[Finished], None],
    ) -> None:
        self.call_id = call_id
        self._file = file
        self._worker = worker
        self._on_end = on_end
        self._line: list[bytes] = []
        self._office: list[bytes] = []
        self._waiting = 0
        self._paused = False
        self._reason: str | None = None
        self._ending: asyncio.Task[Finished] | None = None
        self.dropped = 0  # frames for which the disk was too slow

    def start(self) -> None:
        """Begin; a disk that does not take it is told by `on_end`."""
        self._do(self._file.open)

    def hear(self, line: bytes, office: bytes) -> None:
        """Take 20 ms of each side."""
        if self._paused or self._ending:
            return
        self._line.append(line)
        self._office.append(office)
        if len(self._line) >= CHUNK_FRAMES:
            self._flush()

    def pause(self) -> None:
        """Leave out what is heard from now on."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        self._paused = False

    async def stop(self) -> Finished:
        """Finish the recording; safe to call twice, and after it ended by itself."""
        if not self._ending:
            self._flush()
        return await asyncio.shield(self._end())

    def _flush(self) -> None:
        line, office = b"".join(self._line), b"".join(self._office)
        frames = len(self._line)
        self._line.clear()
        self._office.clear()
        if self._waiting >= MAX_WAITING:
            self._drop(frames)
        elif frames:
            self._do(self._file.add, line, office)

    def _drop(self, frames: int) -> None:
        if not self.dropped:
            log.warning("recording of call %s: the disk is too slow", self.call_id)
        self.dropped += frames

    def _do(self, work: Callable[[*Ts], None], *args: *Ts) -> None:
        self._waiting += 1
        self._worker.run(work, *args).add_done_callback(self._done)

    def _done(self, work: asyncio.Future[None]) -> None:
        self._waiting -= 1
        if (error := work.exception()) and not self._reason:
            self._reason = _sentence(error)
            log.error("recording of call %s ends: %s", self.call_id, self._reason)
            self._end()

    def _end(self) -> asyncio.Task[Finished]:
        if not self._ending:
            name = f"end of recording {self.call_id}"
            self._ending = asyncio.get_running_loop().create_task(self._finish(), name=name)
        return self._ending

    async def _finish(self) -> Finished:
        finished = await self._close()
        self._on_end(finished)
        return finished

    async def _close(self) -> Finished:
        """Write what waits, close, add up."""
        path, octets, sha256 = None, 0, None
        try:
            path = await self._worker.run(self._close_file)
            if path:
                octets, sha256 = await self._add_up(path)
        except OSError as error:
            self._reason = self._reason or _sentence(error)
            log.exception("recording of call %s could not be finished", self.call_id)
        reason = self._reason or self._lacking() or (None if path else "nothing was heard")
        seconds = self._file.seconds if path else 0.0
        return Finished(self.call_id, path, seconds, octets, sha256, reason is None, reason)

    def _close_file(self) -> Path | None:
        """Runs in the thread, after all chunks: only then it is known whether they went well."""
        return self._file.close(whole=not self.dropped)

    async def _add_up(self, path: Path) -> tuple[int, str]:
        total, octets = hashlib.sha256(), 0
        while more := await self._worker.run(hash_slice, path, total, octets):
            octets += more
        return octets, total.hexdigest()

    def _lacking(self) -> str | None:
        if self._file.trouble:
            return _sentence(self._file.trouble)
        if self.dropped:
            return f"{self.dropped * FRAME_S:.1f} s were not written: the disk was too slow"
        return None


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError):
        full = error.errno in _FULL
        return "the disk is full" if full else f"the disk does not take it: {error.strerror}"
    return f"it could not be written: {error}"
