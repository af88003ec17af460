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
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                result = work(*args)
            except Exception as error:  # noqa: BLE001 - it belongs to who waits for the future
                told = partial(_fail, done, error)
            else:
                told = partial(_succeed, done, result)
            if not loop.is_closed():  # else who waited is gone: a job may outlast its loop
                loop.call_soon_threadsafe(told)

        self._jobs.put(job)
        return done

    def stop(self) -> None:
        """Finish what was asked and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while job := self._jobs.get():
            job()


def _succeed(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[T], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
