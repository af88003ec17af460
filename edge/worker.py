"""A thread that works in order, for what would make the loop wait."""

import asyncio
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_Job = tuple[Callable[[], Callable[[], None]], asyncio.AbstractEventLoop]


class Worker:
    """Runs functions one after the other; results come back to the loop that asked.

    It hands over in half the time of an executor's thread, and every command waits for it twice.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Let the thread do `work`; the future has its result, or what it raised."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def job() -> Callable[[], None]:
            try:
                result = work(*args)
            except Exception as error:  # noqa: BLE001 - it belongs to who waits for the future
                return partial(_fail, done, error)
            return partial(_succeed, done, result)

        self.do(job)
        return done

    def do(self, job: Callable[[], Callable[[], None]]) -> None:
        """Let the thread do a job; the loop calls what it returns."""
        self._jobs.put((job, asyncio.get_running_loop()))

    def stop(self) -> None:
        """Finish what was asked and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while asked := self._jobs.get():
            job, loop = asked
            told = job()
            if not loop.is_closed():  # else who waited is gone: a job may outlast its loop
                loop.call_soon_threadsafe(told)


def _succeed(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[T], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
