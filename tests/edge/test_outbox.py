"""The outbox against a broker that comes and goes at any moment: all arrives, in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox import Message, Outbox
from edge.store import Row, Store
from mqtt.session import BrokerAway, PublishRefused


class Edge:
    """The broker as the outbox sees it: takes, keeps one waiting, is away, refuses."""

    def __init__(self) -> None:
        self.arrived: list[tuple[int, bool]] = []
        self.up = False
        self.lazy = False
        self.held: list[tuple[Message, asyncio.Future[None]]] = []
        self.on_held: Callable[[], object] = list

    def publish(self, message: Message) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if message.topic == "forbidden":
            done.set_exception(PublishRefused("no"))
        elif not self.up:
            done.set_exception(BrokerAway("away"))
        elif self.lazy:
            self.held.append((message, done))
            self.on_held()
        else:
            self._take(message, done)
        return done

    def _take(self, message: Message, done: asyncio.Future[None]) -> None:
        body = json.loads(message.payload)
        self.arrived.append((body["n"], body["replayed"]))
        done.set_result(None)

    def release(self) -> None:
        held, self.held = self.held, []
        for message, done in held:
            self._take(message, done)

    def drop(self, *, heard: bool) -> None:
        """The link breaks; what was on its way arrived without an answer, or did not."""
        self.up = False
        held, self.held = self.held, []
        for message, done in held:
            if heard:
                body = json.loads(message.payload)
                self.arrived.append((body["n"], body["replayed"]))
            done.set_exception(BrokerAway("gone"))


class Rig:
    """An outbox on a real store, running."""

    def __init__(self, store: Store) -> None:
        self.edge = Edge()
        self.written: list[Message] = []
        self.box = Outbox(store, self.edge.publish, self.written.append)
        self.count = 0

    def add(self, topic: str = "t") -> None:
        body = json.dumps({"n": self.count, "replayed": False}, separators=(",", ":"))
        self.count += 1
        self.box.add(Message(topic, body.encode()))

    def connect(self) -> None:
        self.edge.up = True
        self.box.set_connected(connected=True)

    def disconnect(self, *, heard: bool = False) -> None:
        self.edge.drop(heard=heard)
        self.box.set_connected(connected=False)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110 - nothing tells of every fact asked here
                await asyncio.sleep(0.001)

    async def all_arrived(self) -> None:
        await self.until(lambda: {n for n, _ in self.edge.arrived} >= set(range(self.count)))


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Rig]:
    store = Store(path, on_health=print)
    await store.open()
    rig = Rig(store)
    await rig.box.load()
    task = asyncio.create_task(rig.box.run())
    try:
        yield rig
        await rig.box.close()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


async def test_events_go_out_live_in_order(path: Path) -> None:
    async with running(path) as rig:
        rig.connect()
        await rig.until(lambda: rig.box._live)
        for _ in range(1000):
            rig.add()
        await rig.all_arrived()
        assert rig.edge.arrived == [(n, False) for n in range(1000)]


async def test_what_waited_goes_out_first_and_is_marked(path: Path) -> None:
    async with running(path) as rig:
        for _ in range(600):
            rig.add()
        await rig.until(lambda: len(rig.written) == 600)
        rig.connect()
        await rig.until(lambda: rig.box._live)
        rig.add()
        await rig.all_arrived()
        assert rig.edge.arrived == [*((n, True) for n in range(600)), (600, False)]


async def test_what_was_not_acknowledged_is_sent_again(path: Path) -> None:
    async with running(path) as rig:
        rig.connect()
        await rig.until(lambda: rig.box._live)
        rig.edge.lazy = True
        for _ in range(10):
            rig.add()
        await rig.until(lambda: len(rig.edge.held) == 10)
        rig.disconnect(heard=True)
        rig.edge.lazy = False
        rig.connect()
        await rig.until(lambda: len(rig.edge.arrived) == 20)
        assert rig.edge.arrived == [(n, again) for again in (False, True) for n in range(10)]


async def test_a_break_in_the_middle_of_a_replay_loses_nothing(path: Path) -> None:
    async with running(path) as rig:
        for _ in range(10):
            rig.add()
        await rig.until(lambda: len(rig.written) == 10)
        loop = asyncio.get_running_loop()

        def blink() -> None:
            rig.edge.lazy = False
            rig.disconnect()
            rig.connect()

        rig.edge.lazy = True
        rig.edge.on_held = lambda: len(rig.edge.held) == 10 and loop.call_soon(blink)
        rig.connect()
        await rig.all_arrived()
        assert rig.edge.arrived == [(n, True) for n in range(10)]


async def test_a_refused_event_stops_no_other(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(path) as rig:
        rig.connect()
        for topic in ("t", "forbidden", "t"):
            rig.add(topic)
        await rig.until(lambda: [n for n, _ in rig.edge.arrived] == [0, 2])
        await rig.until(lambda: "an event is lost" in caplog.text)


async def test_nothing_that_arrived_is_kept(path: Path) -> None:
    async with running(path) as rig:
        rig.connect()
        for _ in range(10):
            rig.add()
        await rig.all_arrived()
    async with running(path) as rig:
        rig.connect()
        await rig.until(lambda: rig.box._live)
        assert rig.edge.arrived == []


async def test_what_is_committed_before_an_empty_read_is_heard_of_is_not_passed_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(path) as rig:
        read = rig.box._store.read

        async def read_slowly(sql: str, *values: object) -> list[Row]:
            rows = await read(sql, *values)
            if not rig.count:
                rig.add()
                await rig.until(lambda: len(rig.written) == 1)
            return rows

        monkeypatch.setattr(rig.box._store, "read", read_slowly)
        rig.connect()
        await rig.until(lambda: rig.edge.arrived == [(0, True)])


async def test_closing_sends_what_was_only_just_added(path: Path) -> None:
    async with running(path) as rig:
        rig.connect()
        await rig.until(lambda: rig.box._live)
        for _ in range(300):
            rig.add()
        await rig.box.close()
        assert [n for n, _ in rig.edge.arrived] == list(range(300))


steps = st.lists(
    st.sampled_from(["add", "add", "add", "up", "down", "break", "lazy", "go", "turn", "restart"]),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_the_broker_does_every_event_arrives_in_order(actions: list[str]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_play(Path(folder, "trunkline.db"), actions))


async def _play(path: Path, actions: list[str]) -> None:
    parts: list[list[str]] = [[]]
    for action in actions:
        if action == "restart":
            parts.append([])
        else:
            parts[-1].append(action)
    arrived: list[tuple[int, bool]] = []
    count = 0
    for number, part in enumerate(parts):
        async with running(path) as rig:
            rig.count, rig.edge.arrived = count, arrived
            for action in part:
                await _act(rig, action)
            if number == len(parts) - 1:
                rig.edge.lazy = False
                rig.edge.release()
                if not rig.edge.up:
                    rig.connect()
                await rig.all_arrived()
            else:
                await rig.until(lambda: len(rig.written) == rig.count - count)  # noqa: B023
                rig.edge.lazy = False
                rig.edge.release()
            count = rig.count
    first = list(dict.fromkeys(n for n, _ in arrived))
    assert first == list(range(count))


async def _act(rig: Rig, action: str) -> None:
    match action:
        case "add":
            rig.add()
        case "up":
            rig.connect()
        case "down":
            rig.disconnect(heard=True)
        case "break":
            rig.disconnect()
            rig.connect()  # back before anybody noticed
        case "lazy":
            rig.edge.lazy = True
        case "go":
            rig.edge.lazy = False
            rig.edge.release()
        case _:
            await asyncio.sleep(0.002)
