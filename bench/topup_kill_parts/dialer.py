"""What the world hears of the gateway over MQTT, and the commands that it gives."""

import asyncio
import json
from collections.abc import Callable, Collection
from typing import Any
from uuid import uuid4

from bench.topup_kill_parts.gateway import NAME
from config.models import Mqtt
from mqtt import topics
from mqtt.client import new_id, soon
from mqtt.messages import MoneyEvent, Reply, TopUp
from mqtt.session import BrokerSession, Inbound, LinkState
from mqtt.vocabulary import MoneyKind, TopUpAction

LIFE_S = 10.0  # of a command: it may wait at the broker for the next life of the gateway
PATIENCE_S = 2.0


class Dialer:
    """`told` has each entry of the ledger by its number; what stands is in `lines`, `alarms`."""

    def __init__(self, port: int) -> None:
        self._topics = topics.Topics(NAME)
        self.told: dict[int, MoneyEvent] = {}
        self.contradictions: list[int] = []  # numbers that were told of two entries
        self.lines: dict[str, dict[str, Any]] = {}
        self.alarms: dict[str, str] = {}
        self.begun: set[str] = set()
        self.sent_at: dict[str, float] = {}  # by top-up, seconds of the epoch
        self.on_money: Callable[[MoneyEvent], None] = lambda _: None
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self._up = asyncio.Event()
        self._line_came = asyncio.Event()
        self._session = BrokerSession(
            Mqtt(host="127.0.0.1", port=port, client_id=f"bench-{uuid4().hex[:8]}"),
            NAME,
            None,
            self._receive,
            self._link_changed,
            subscriptions=[f"{topics.ROOT}/{NAME}/#"],
            session_expiry_s=0,
        )

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._session.run()

    async def connected(self) -> None:
        """Wait for the broker."""
        async with asyncio.timeout(PATIENCE_S):
            await self._up.wait()

    async def topup(self, action: TopUpAction, **fields: str) -> Reply | None:
        """Give a command; None when no answer comes: the gateway was killed."""
        command = TopUp(id=new_id(), expires_at=soon(LIFE_S), action=action, **fields)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[command.id] = reply
        self._session.publish(self._topics.of(topics.COMMAND, command.verb), command.encode())
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await reply
        except TimeoutError:
            return None

    async def line(self, place: int) -> str:
        """Wait until the n-th line is there; gives its name."""
        while len(self.lines) <= place:
            self._line_came.clear()
            await self._line_came.wait()
        return sorted(self.lines)[place]

    def count(self, kinds: Collection[MoneyKind]) -> int:
        """How many top-ups stand there."""
        return sum(step.kind in kinds for step in self.last_steps().values())

    def last_steps(self) -> dict[str, MoneyEvent]:
        """The last entry of each top-up, by its id."""
        steps = (self.told[number] for number in sorted(self.told))
        return {step.topup_id: step for step in steps if step.topup_id}

    def _receive(self, inbound: Inbound) -> None:
        topic = topics.parse(inbound.topic)
        match topic.kind if topic else "":
            case topics.MONEY:
                self._take(MoneyEvent.decode(inbound.payload))
            case topics.REPLY:
                reply = Reply.decode(inbound.payload)
                future = self._replies.pop(reply.id or "", None)
                if future and not future.done():
                    future.set_result(reply)
            case topics.LINE:
                _stand(self.lines, inbound)
                self._line_came.set()
            case topics.ALARM:
                _stand(self.alarms, inbound)
            case _:
                pass

    def _take(self, event: MoneyEvent) -> None:
        known = self.told.setdefault(event.entry, event)
        if known is not event:
            if known.event_id != event.event_id:
                self.contradictions.append(event.entry)
            return
        if event.kind is MoneyKind.TOPUP_RESERVED and event.topup_id:
            self.begun.add(event.topup_id)
        if event.kind is MoneyKind.TOPUP_SENT and event.topup_id:
            self.sent_at[event.topup_id] = event.ts.timestamp()
        self.on_money(event)

    def _link_changed(self, state: LinkState, _why: str) -> None:
        if state is LinkState.UP:
            self._up.set()


def _stand(standing: dict[str, Any], inbound: Inbound) -> None:
    name = inbound.topic.rpartition("/")[2]
    if inbound.payload:
        standing[name] = json.loads(inbound.payload)
    else:
        standing.pop(name, None)
