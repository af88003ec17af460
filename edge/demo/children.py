"""Child processes that never outlive the demo, not even when it is killed."""

import asyncio
import ctypes
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable
from pathlib import Path

from edge.demo.options import DemoFailed

PR_SET_PDEATHSIG = 1  # prctl(2)
STOP_S = 5  # then it is killed
TAIL = 2000  # characters of a child's log that are worth showing

_libc = ctypes.CDLL(None)


class Children:
    """Starts children, stops them in the reverse order; each has a log in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, Process] = {}

    async def start(self, name: str, *command: str, talks: bool = False) -> Process:
        """Start a program; one that `talks` has its stdout piped to us."""
        with (self._folder / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=DEVNULL,
                stdout=PIPE if talks else log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us alone
                preexec_fn=_die_with_parent,
            )
        self._running[name] = process
        return process

    async def watch(self) -> None:
        """Wait until a child ends by itself; raises DemoFailed."""
        waiting = {
            asyncio.create_task(process.wait()): name for name, process in self._running.items()
        }
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        raise DemoFailed(self.last_words(waiting[done.pop()]))

    def last_words(self, name: str) -> str:
        """Say how a child stands, with the end of its log."""
        log = (self._folder / f"{name}.log").read_text(errors="replace")[-TAIL:]
        code = self._running[name].returncode
        how = "runs" if code is None else f"ended with code {code}"
        return f"The {name} {how}; its last words:\n{log}" if log else f"The {name} {how}."

    async def stop(self, name: str) -> None:
        """Ask a child to end, and make it."""
        process = self._running.pop(name)
        if process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def stop_all(self) -> None:
        """Stop all of them, the last one first."""
        for name in reversed(list(self._running)):
            await self.stop(name)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def cancel_on(*numbers: signal.Signals) -> None:
    """Have these signals cancel the task that calls us."""
    if task := asyncio.current_task():
        for number in numbers:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def first_of(*works: Awaitable[None]) -> None:
    """Run them until one ends, cancel the others; raises what the first one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
