import asyncio

from edge.tasks import Tasks


async def test_what_is_started_after_the_end_never_runs() -> None:
    tasks, ran = Tasks("test"), []

    async def work(name: str) -> None:
        ran.append(name)
        await asyncio.Event().wait()

    tasks.spawn(work("before"))
    asyncio.get_running_loop().call_soon(lambda: tasks.spawn(work("while it ends")))
    await tasks.end()
    tasks.spawn(work("after"))
    await asyncio.sleep(0)
    assert ran == ["before"]
