"""Tasks of one owner: named by their work, ended together, never failing in silence."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Tasks:
    """Starts tasks and ends all of them at once."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: set[asyncio.Task[None]] = set()
        self._over = False

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Start a task; after the end, when a timer comes late, none is."""
        if self._over:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(
            work, name=f"{self._owner} {getattr(work, '__qualname__', '')}"
        )
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def end(self) -> None:
        """Cancel what runs and wait until it has stopped."""
        self._over = True
        await asyncio.sleep(0)  # what was only just started begins: no coroutine is left unawaited
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("task %s failed", task.get_name(), exc_info=error)
