"""A typed client for dialers: commands as methods, events as objects, each of them once."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypedDict, Unpack
from uuid import uuid4
from weakref import WeakSet

from pydantic import ValidationError

from config.models import Mqtt
from mqtt import topics
from mqtt.catalog import EVENTS, PER_CALL
from mqtt.messages import (
    Agent,
    AnyCommand,
    Broadcast,
    CallEvent,
    Cdr,
    Dial,
    Event,
    Hangup,
    Reply,
    Sms,
    Snapshot,
    Sync,
    Ussd,
    UssdEvent,
)
from mqtt.session import SESSION_EXPIRY_S, BrokerSession, Inbound, LinkState
from mqtt.vocabulary import CallState, Purpose, Result

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10
REPLY_TIMEOUT_S = 5  # a gateway answers in under a second
COMMAND_LIFE_S = 10  # a call that waits longer for a line is no longer wanted
USSD_TIMEOUT_S = 90
LAST_STATE_S = 1.0  # after its CDR, for the last state of a call
SEEN_MAX = 20_000  # event ids remembered, to drop repeats
UNREAD_MAX = 10_000  # events kept for a slow reader


class CommandRefused(Exception):  # noqa: N818  # reads as what happened
    """The gateway said no; `reply` says why, and when to try again if that can help."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.reason}: {reply.message}")
        self.reply = reply


class DialOptions(TypedDict, total=False):
    """What may be said about a call beside its number."""

    line: str
    purpose: Purpose
    ring_timeout_s: float
    max_duration_s: float
    tag: str
    wait: bool
    bridge: Agent
    broadcast: Broadcast
    record: bool


class Call:
    """An outgoing call: iterate for its states, ask for its CDR."""

    def __init__(self, dialer: "Dialer") -> None:
        self.call_id = ""
        self._dialer = dialer
        self._states: asyncio.Queue[CallEvent | None] = asyncio.Queue()
        self._cdr: asyncio.Future[Cdr] = asyncio.get_running_loop().create_future()

    async def __aiter__(self) -> AsyncIterator[CallEvent]:
        """Give each event of the call, to its end."""
        while event := await self._states.get():
            yield event
            if event.state is CallState.ENDED:
                return

    async def cdr(self) -> Cdr:
        """Wait for the record that closes the call."""
        return await asyncio.shield(self._cdr)

    async def hangup(self) -> None:
        """End the call; raises CommandRefused when it is over already."""
        await self._dialer.ask(Hangup(id=new_id(), call_id=self.call_id))

    def take(self, event: Event) -> None:
        """Note an event of this call."""
        if isinstance(event, CallEvent):
            self._states.put_nowait(event)
        elif isinstance(event, Cdr) and not self._cdr.done():
            self._cdr.set_result(event)
            # not every broker keeps the order between topics: the last state may come behind it
            asyncio.get_running_loop().call_later(LAST_STATE_S, self._states.put_nowait, None)


class Dialer:
    """The dialer's side of one gateway, as an async context manager.

    `access` brings user name, TLS and version. With a client_id in it the broker keeps events for
    this dialer while it is away; without, it sees what happens from now on.
    """

    def __init__(self, host: str, port: int, gateway: str, access: Mqtt | None = None) -> None:
        given = access or Mqtt()
        name = given.client_id or f"dialer-{uuid4().hex[:12]}"
        own = topics.Topics(gateway)
        self._own = own
        self._reply_to = f"{own.of(topics.REPLY)}/{name}"
        self._session = BrokerSession(
            given.model_copy(update={"host": host, "port": port, "client_id": name}),
            gateway,
            None,
            self._receive,
            self._link_changed,
            subscriptions=(
                self._reply_to,
                *(f"{own.of(kind)}/+" if kind in PER_CALL else own.of(kind) for kind in EVENTS),
            ),
            session_expiry_s=SESSION_EXPIRY_S if given.client_id else 0,
        )
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self._watchers: dict[str, Callable[[Event], None]] = {}
        self._readers: WeakSet[Events] = WeakSet()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._up = asyncio.Event()
        self._trouble = "no answer"

    async def __aenter__(self) -> Self:
        """Connect; raises ConnectionError with the reason when the broker is not to be had."""
        self._task = asyncio.create_task(self._session.run(), name="dialer session")
        try:
            await asyncio.wait_for(self._up.wait(), CONNECT_TIMEOUT_S)
        except TimeoutError as error:
            raise ConnectionError(self._trouble) from error
        finally:
            if not self._up.is_set():
                await self._stop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say goodbye to the broker."""
        await self._stop()

    async def ask(self, command: AnyCommand, timeout_s: float = REPLY_TIMEOUT_S) -> Reply:
        """Send a command and give its answer; raises CommandRefused, BrokerAway, TimeoutError.

        After the last two the same command may be sent again: its id never acts twice.
        """
        topic = self._own.of(topics.COMMAND, command.verb)
        payload = command.model_copy(update={"reply_to": self._reply_to}).encode()
        future = asyncio.get_running_loop().create_future()
        self._replies[command.id] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self._session.publish(topic, payload, expiry_s=max(1, int(timeout_s)))
                reply: Reply = await future
        finally:
            del self._replies[command.id]
        if reply.result is Result.REFUSED:
            raise CommandRefused(reply)
        return reply

    async def dial(self, to: str, **options: Unpack[DialOptions]) -> Call:
        """Place a call; returns when the gateway has accepted it."""
        command = Dial(id=new_id(), expires_at=soon(COMMAND_LIFE_S), to=to, **options)
        call = Call(self)
        self._watchers[command.id] = call.take
        try:
            reply = await self.ask(command)
        except BaseException:
            del self._watchers[command.id]
            raise
        call.call_id = reply.call_id or ""
        return call

    async def sms(self, to: str, text: str, line: str | None = None) -> str:
        """Send a message and give its `sms_id`; what becomes of it comes through `events`."""
        expires_at = soon(COMMAND_LIFE_S)
        reply = await self.ask(Sms(id=new_id(), expires_at=expires_at, to=to, text=text, line=line))
        return reply.sms_id or ""

    async def ussd(self, line: str, text: str, session_id: str | None = None) -> UssdEvent:
        """Send a code, or an answer in a session, and wait for what the network says."""
        command = Ussd(
            id=new_id(),
            expires_at=soon(COMMAND_LIFE_S),
            line=line,
            text=text,
            session_id=session_id,
        )
        said: asyncio.Queue[Event] = asyncio.Queue()
        self._watchers[command.id] = said.put_nowait
        try:
            await self.ask(command)
            async with asyncio.timeout(USSD_TIMEOUT_S):
                while not isinstance(event := await said.get(), UssdEvent):
                    log.debug("%s is no answer to a USSD command", type(event).__name__)
        finally:
            del self._watchers[command.id]
        return event

    async def sync(self) -> Snapshot:
        """Ask for all lines and live calls."""
        reply = await self.ask(Sync(id=new_id()))
        if not isinstance(reply.data, Snapshot):
            raise CommandRefused(reply)
        return reply.data

    def events(self) -> "Events":
        """Give all events of the gateway from now on, those of incoming calls and SMS too."""
        reader = Events()
        self._readers.add(reader)
        return reader

    async def _stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _link_changed(self, state: LinkState, why: str) -> None:
        self._trouble = why
        if state is LinkState.UP:
            self._up.set()

    def _receive(self, inbound: Inbound) -> None:
        try:
            if inbound.topic == self._reply_to:
                self._take_reply(Reply.decode(inbound.payload))
            elif (topic := topics.parse(inbound.topic)) and topic.kind in EVENTS:
                self._take_event(EVENTS[topic.kind].decode(inbound.payload))
        except ValidationError as error:
            log.warning("%s: not understood: %s", inbound.topic, error)

    def _take_reply(self, reply: Reply) -> None:
        future = self._replies.get(reply.id or "")
        if future is not None and not future.done():
            future.set_result(reply)

    def _take_event(self, event: Event) -> None:
        """Hand an event on, unless it came before."""
        if event.event_id in self._seen:
            return
        self._seen[event.event_id] = None
        if len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        command = event.cmd_id or ""
        watcher = self._watchers.get(command)
        if watcher is not None:
            watcher(event)
        if isinstance(event, Cdr):
            self._watchers.pop(command, None)
        for reader in self._readers:
            reader.put(event)


class Events:
    """Events in the order in which they came, for one reader; the oldest go when too many wait."""

    def __init__(self) -> None:
        self._unread: asyncio.Queue[Event] = asyncio.Queue(UNREAD_MAX)

    def put(self, event: Event) -> None:
        """Add an event."""
        if self._unread.full():
            log.warning("an event was dropped: %d wait unread", UNREAD_MAX)
            self._unread.get_nowait()
        self._unread.put_nowait(event)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._unread.get()


def new_id() -> str:
    """Make a command id that nobody used before."""
    return uuid4().hex


def soon(seconds: float) -> datetime:
    """Tell the time so many seconds from now, UTC."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
