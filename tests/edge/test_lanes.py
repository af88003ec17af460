"""Lanes: one after the other, beside each other, and never lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.lanes import Lanes
from edge.tasks import Tasks


async def test_work_that_fails_does_not_stop_its_lane(caplog: pytest.LogCaptureFixture) -> None:
    tasks, done = Tasks("test"), asyncio.Event()
    seen: list[str] = []

    def work(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            seen.append(name)
            if name == "bad":
                raise ValueError("no")
            if name == "last":
                done.set()

        return run

    lanes = Lanes(tasks.spawn)
    for name in ("first", "bad", "last"):
        lanes.put("desk", work(name))
    assert lanes.depth("desk") == 3
    async with asyncio.timeout(5):
        await done.wait()
    assert seen == ["first", "bad", "last"]
    assert [record.getMessage() for record in caplog.records] == [
        "work of lane desk failed; the next goes on"
    ]
    done.clear()
    await asyncio.sleep(0)
    assert lanes.depth("desk") == 0
    lanes.put("desk", work("last"))
    async with asyncio.timeout(5):
        await done.wait()
    await tasks.end()
