"""Events on their way to the broker: on disk first, sent in order, kept until acknowledged.

While the broker is there, an event goes out as soon as it is on disk. When it was away, what waits
on disk goes out first, in order and marked replayed, and then the outbox is live again. A message
that was sent but not acknowledged when the link broke is sent again, and all that was sent behind
it: readers know them by event_id.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from edge.store import Op, Store, StoreError
from mqtt.messages import mark_replayed
from mqtt.session import BrokerAway, PublishRefused

log = logging.getLogger(__name__)

WINDOW = 256  # messages sent and not yet acknowledged
FORGET_S = 0.05  # until acknowledged messages are deleted, if no other commit does it before

_DELETE = "DELETE FROM outbox WHERE id <= ?"

Publish = Callable[["Message"], asyncio.Future[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """A payload, its topic, and the correlation data that an answer carries back (MQTT 5)."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


Entry = tuple[int, Message]  # with its place in the order


class Outbox:
    """Sends what `add` was given, in that order; `run` is its one task.

    `written` hears of each message when it is on disk, whether or not the broker is there.
    """

    def __init__(
        self, store: Store, publish: Publish, written: Callable[["Message"], None]
    ) -> None:
        self._store = store
        self._publish = publish
        self._written = written
        self._last_id = 0
        self._committed = 0
        self._fresh: deque[Entry] = deque()
        self._live = False
        self._breaks = 0
        self._connected = asyncio.Event()
        self._broken = asyncio.Event()
        self._untold: list[Entry] = []
        self._sending: dict[int, asyncio.Future[None]] = {}  # in their order
        self._sent_to = 0
        self._delivered = 0  # the broker has all up to here
        self._lost_some = False  # of what was sent: from there on all is sent again
        self._leaving = self._gone = 0  # and so far it is being deleted, or was
        self._forgetting: asyncio.TimerHandle | None = None

    async def load(self) -> None:
        """Find out what an earlier boot left to send."""
        rows = await self._store.read("SELECT coalesce(max(id), 0) FROM outbox")
        self._last_id = self._committed = int(rows[0][0])

    def add(self, *messages: Message, facts: tuple[Op, ...] = (), keep: bool = True) -> "Committed":
        """Write messages and the facts they tell of in one commit, then send them.

        The future is that of Store.write: done when all is on disk.
        """
        entries = [(self._last_id + n, message) for n, message in enumerate(messages, start=1)]
        self._last_id += len(messages)
        rows = (_insert(entries),) if entries else ()
        return self._write(*facts, *rows, keep=keep, entries=entries)

    def set_connected(self, *, connected: bool) -> None:
        """The broker came or went."""
        self._stop_live()
        if connected:
            self._connected.set()
        else:
            self._connected.clear()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await self._connected.wait()
            self._broken.clear()
            await self._replay()
            if self._live:
                await self._broken.wait()

    def send_unwritten(self, message: Message) -> None:
        """Send a message that is not on disk, ahead of what waits."""
        sending = self._publish(message)
        sending.add_done_callback(_note_failure)

    async def close(self) -> None:
        """Send what was added, as far as disk and broker take it, and forget what arrived."""
        with contextlib.suppress(StoreError):
            await self._store.write()
        while self._connected.is_set() and (self._fresh or self._sending):
            await self._all_answered()
        if self._forgetting:
            self._forgetting.cancel()
            self._forget()

    def _stop_live(self) -> None:
        """What is not acknowledged stays on disk until the next replay."""
        self._live = False
        self._breaks += 1
        self._fresh.clear()
        self._broken.set()

    def _on_disk(self, entries: Sequence[Entry], *, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        self._committed = entries[-1][0]
        if self._live:
            self._fresh.extend(entries)
        if at_once:
            self._pump()
        else:  # after what the commit allows to be done: a dial goes first
            loop.call_soon(self._pump)
        if not self._untold:
            loop.call_soon(self._tell_written)
        self._untold.extend(entries)

    def _tell_written(self) -> None:
        untold, self._untold = self._untold, []
        for _, message in untold:
            self._written(message)

    def _pump(self) -> None:
        """Send what is fresh, as far as there is room."""
        while self._live and self._fresh and len(self._sending) < WINDOW:
            self._send(*self._fresh.popleft())

    async def _replay(self) -> None:
        """Send what is on disk and turn live when nothing is left there."""
        while self._sending:
            await self._all_answered()
        self._lost_some = False
        cursor = self._sent_to = self._delivered
        breaks = self._breaks
        while self._connected.is_set() and breaks == self._breaks:
            committed = self._committed  # a commit may end before what was read is here
            rows = await self._store.read(
                "SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
                cursor,
                WINDOW,
            )
            for number, topic, payload, correlation in rows:
                cursor = number
                await self._room()
                self._send(number, Message(topic, mark_replayed(payload), correlation))
            if not rows:
                cursor = max(cursor, committed)
                if cursor >= self._committed:
                    self._live = breaks == self._breaks
                    return

    async def _room(self) -> None:
        while len(self._sending) >= WINDOW:
            await asyncio.wait(self._sending.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _all_answered(self) -> None:
        """Wait for what is on its way now, and let what comes of it happen."""
        if self._sending:
            await asyncio.wait(self._sending.values())
        await asyncio.sleep(0)

    def _send(self, number: int, message: Message) -> None:
        self._sent_to = number
        self._sending[number] = sending = self._publish(message)
        sending.add_done_callback(partial(self._answered, number))

    def _answered(self, number: int, sending: asyncio.Future[None]) -> None:
        """Note that the broker has a message, or will not have it."""
        del self._sending[number]
        match sending.exception():
            case BrokerAway():
                self._lost_some = True
                self._stop_live()
            case PublishRefused() as error:
                log.error("an event is lost: %s", error)
            case _:
                pass
        if self._lost_some:
            return
        self._delivered = next(iter(self._sending), self._sent_to + 1) - 1
        if self._forgetting is None:
            self._forgetting = asyncio.get_running_loop().call_later(FORGET_S, self._forget)
        self._pump()

    def _forget(self) -> None:
        self._forgetting = None
        if self._delivered > self._leaving:
            self._write(keep=True)

    def _write(self, *ops: Op, keep: bool, entries: Sequence[Entry] = ()) -> "Committed":
        """Write, and delete in the same commit what the broker has by now."""
        gone: tuple[Op, ...] = ()
        if self._delivered > self._leaving:
            self._leaving = self._delivered
            gone = (Op(_DELETE, (self._leaving,)),)
        leaving = self._leaving if gone else 0
        settled = partial(self._settled, entries, leaving, at_once=keep)  # facts have happened
        return self._store.write(*ops, *gone, keep=keep, then=settled)

    def _settled(
        self, entries: Sequence[Entry], leaving: int, failure: StoreError | None, *, at_once: bool
    ) -> None:
        if failure:
            self._leaving = self._gone
            return
        self._gone = max(self._gone, leaving)
        if entries:
            self._on_disk(entries, at_once=at_once)


def _insert(entries: Sequence[Entry]) -> Op:
    """All messages in one statement."""
    values = [(number, m.topic, m.payload, m.correlation) for number, m in entries]
    places = ", ".join(["(?, ?, ?, ?)"] * len(values))
    sql = f"INSERT INTO outbox VALUES {places}"  # noqa: S608 - nothing but question marks
    return Op(sql, list(chain.from_iterable(values)))


def _note_failure(sending: asyncio.Future[None]) -> None:
    if error := sending.exception():
        log.warning("an answer could not be sent: %s", error)


Committed = asyncio.Future[None]
