"""A dialer that hears everything: each message of one gateway, typed, in order, as it came."""

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import aiomqtt

from mqtt import topics
from mqtt.catalog import CHANNELS
from mqtt.fields import Model
from mqtt.messages import (
    Alarm,
    CallEvent,
    Capacity,
    Cdr,
    Event,
    LineStatus,
    Reply,
    SmsEvent,
    Status,
    UssdEvent,
)
from mqtt.vocabulary import CallState, LineKind
from tests.brokers import Broker

PATIENCE_S = 10.0
MODELS: dict[str, type[Model]] = {channel.kind: channel.model for channel in CHANNELS}

M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class Heard:
    """All that came, in order, and what stands on the retained topics now."""

    models: list[Model] = field(default_factory=list)
    standing: dict[str, Model] = field(default_factory=dict)

    def of(self, kind: type[M]) -> list[M]:
        return [model for model in self.models if isinstance(model, kind)]


class Ear:
    """Subscribed to one gateway from entering to leaving; `heard` grows by itself.

    Under a `name` the broker keeps what it could not deliver, for the next ear of that name.
    """

    def __init__(self, broker: Broker, gateway: str, name: str = "") -> None:
        self.heard = Heard()
        self._gateway = gateway
        self._topics = topics.Topics(gateway)
        self._news = asyncio.Event()
        version = aiomqtt.ProtocolVersion
        self._client = aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            protocol=version.V311 if name else version.V5,
            identifier=name or None,
            clean_session=False if name else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        await self._client.subscribe(f"{topics.ROOT}/{self._gateway}/#", 1)
        self._task = asyncio.create_task(self._listen(), name="ear")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(aiomqtt.MqttError):  # a test may have ended the broker
            await self._client.__aexit__(kind, error, trace)

    async def _listen(self) -> None:
        async for message in self._client.messages:
            topic = topics.parse(message.topic.value)
            if topic is None or topic.kind == topics.COMMAND:
                continue
            self._take(message.topic.value, topic.kind, bytes(message.payload))
            self._news.set()
            await asyncio.sleep(0)  # a burst must not hold the loop that the gateway runs on

    def _take(self, name: str, kind: str, payload: bytes) -> None:
        if not payload:
            self.heard.standing.pop(name, None)
            return
        model = MODELS[kind].decode(payload)
        self.heard.models.append(model)
        self.heard.standing[name] = model

    async def until(self, holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Wait until what was heard makes it true."""
        try:
            async with asyncio.timeout(patience_s):
                while not holds():
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            heard = "\n".join(repr(model) for model in self.heard.models[-12:])
            raise AssertionError(f"never came to be; the last that came:\n{heard}") from None

    async def publish(self, verb: str, payload: bytes) -> None:
        await self._client.publish(self._topics.of(topics.COMMAND, verb), payload, 1)

    async def ask(self, verb: str, **fields: Any) -> Reply:
        """Send a command and give its answer."""
        fields.setdefault("id", uuid4().hex)
        before = len(self.replies(fields["id"]))
        await self.publish(verb, json.dumps(fields).encode())
        await self.until(lambda: len(self.replies(fields["id"])) > before)
        return self.replies(fields["id"])[-1]

    async def answer_to(self, verb: str, payload: bytes) -> Reply:
        """Send octets as a command and give the next answer, whatever its id."""
        before = len(self.heard.of(Reply))
        await self.publish(verb, payload)
        await self.until(lambda: len(self.heard.of(Reply)) > before)
        return self.heard.of(Reply)[-1]

    def replies(self, command_id: str) -> list[Reply]:
        return [reply for reply in self.heard.of(Reply) if reply.id == command_id]

    def events(self, call_id: str) -> list[CallEvent]:
        """Each event of a call once, in the order in which it came."""
        mine = (event for event in self.heard.of(CallEvent) if event.call_id == call_id)
        return list({event.event_id: event for event in mine}.values())

    def states(self, call_id: str) -> list[str]:
        return [event.state.value for event in self.events(call_id) if event.dtmf is None]

    def cdrs(self, call_id: str) -> list[Cdr]:
        mine = (cdr for cdr in self.heard.of(Cdr) if cdr.call_id == call_id)
        return list({cdr.event_id: cdr for cdr in mine}.values())

    def sms(self, sms_id: str | None = None) -> list[SmsEvent]:
        return [event for event in self.heard.of(SmsEvent) if sms_id in {None, event.sms_id}]

    def ussd(self) -> list[UssdEvent]:
        return self.heard.of(UssdEvent)

    def line(self, name: str) -> LineStatus | None:
        standing = self.heard.standing.get(self._topics.of(topics.LINE, name))
        return standing if isinstance(standing, LineStatus) else None

    def lines(self) -> list[LineStatus]:
        return [model for model in self.heard.standing.values() if isinstance(model, LineStatus)]

    def alarm(self, name: str) -> Alarm | None:
        standing = self.heard.standing.get(self._topics.of(topics.ALARM, name))
        return standing if isinstance(standing, Alarm) else None

    def status(self) -> Status | None:
        standing = self.heard.standing.get(self._topics.of(topics.STATUS))
        return standing if isinstance(standing, Status) else None

    def ready(self) -> int:
        """How many lines can take a call now; -1 while capacity and lines do not agree."""
        standing = self.heard.standing.get(self._topics.of(topics.CAPACITY))
        count = standing.ready.get(LineKind.GSM, 0) if isinstance(standing, Capacity) else 0
        return count if count == sum(line.state == "ready" for line in self.lines()) else -1

    async def state(self, call_id: str, wanted: str) -> CallEvent:
        """Wait for a call to enter a state."""
        await self.until(lambda: wanted in self.states(call_id))
        return next(event for event in self.events(call_id) if event.state.value == wanted)

    async def cdr(self, call_id: str) -> Cdr:
        """Wait for the record that closes a call."""
        await self.until(lambda: self.cdrs(call_id))
        return self.cdrs(call_id)[0]

    def check(self) -> None:
        """What holds of all that a gateway ever tells, whatever happened to it."""
        events = list({event.event_id: event for event in self.heard.of(Event)}.values())
        by_boot: dict[str, list[int]] = {}
        for event in events:
            by_boot.setdefault(event.boot_id, []).append(event.seq)
        for numbers in by_boot.values():
            assert numbers == sorted(set(numbers)), "events came out of order"
        calls = {event.call_id for event in events if isinstance(event, CallEvent)}
        for call in calls:
            self._check_call(call)
        assert {cdr.call_id for cdr in self.heard.of(Cdr)} <= calls
        assert all(times == 1 for times in Counter(c.call_id for c in events_of(events)).values())

    def _check_call(self, call_id: str) -> None:
        story = self.events(call_id)
        assert [event.call_seq for event in story] == list(range(1, len(story) + 1)), story
        assert all(
            after.prev in {before.state, None if after.dtmf else before.state}
            for before, after in pairwise(story)
        ), story
        ended = [event for event in story if event.state is CallState.ENDED]
        assert len(ended) == len(self.cdrs(call_id)), story
        assert not ended or ended == [story[-1]], story


def events_of(events: list[Event]) -> list[Cdr]:
    return [event for event in events if isinstance(event, Cdr)]
