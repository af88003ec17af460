"""A thread that works in order, for what would make the loop wait."""

import asyncio
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Worker:
    """Runs functions one after the other; results come back to the loop that asked.

    It hands over in half the time of an executor's thread, and every command waits for it twice.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Let the thread do `work`; the future has its result, or what it raised."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.call(partial(_settle, done), work, *args)
        return done

    def call(
        self, then: Callable[[T | Exception], None], work: Callable[[*Ts], T], *args: *Ts
    ) -> None:
        """Let the thread do `work`; `then` is called in the loop with its result or what it raised.

        That is one turn of the loop sooner than a callback of `run`'s future.
        """
        loop = asyncio.get_running_loop()

        def job() -> None:
            result: T | Exception
            try:
                result = work(*args)
            except Exception as error:  # noqa: BLE001 - it belongs to who waits for it
                result = error
            if not loop.is_closed():  # else who waited is gone: a job may outlast its loop
                loop.call_soon_threadsafe(then, result)

        self._jobs.put(job)

    def stop(self) -> None:
        """Finish what was asked and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while job := self._jobs.get():
            job()


def _settle(done: asyncio.Future[T], result: T | Exception) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
