"""What is told to the world: each event gets its number here and goes to disk with its facts."""

import asyncio
from datetime import datetime
from typing import Any, TypeVar

from edge import clock
from edge.outbox import Message, Outbox
from edge.store import Op
from mqtt.messages import Event, Reply
from mqtt.topics import Topics

E = TypeVar("E", bound=Event)


class Journal:
    """Numbers events and hands them to the outbox, together with the facts they tell of."""

    def __init__(self, outbox: Outbox, gateway: str, boot_id: str) -> None:
        self.gateway = gateway
        self.boot_id = boot_id
        self.seq = 0
        self.topics = Topics(gateway)
        self._outbox = outbox

    def event(self, kind: type[E], /, at: datetime | None = None, **fields: Any) -> E:
        """Make an event of `kind` with the next number."""
        self.seq += 1
        return kind(
            event_id=f"{self.boot_id}-{self.seq}",
            boot_id=self.boot_id,
            seq=self.seq,
            ts=at or clock.now(),
            gateway=self.gateway,
            **fields,
        )

    def message(self, topic: str, event: Event | Reply) -> Message:
        """Encode an event for its topic."""
        return Message(topic, event.encode())

    def write(
        self, *messages: Message, facts: tuple[Op, ...] = (), keep: bool = True
    ) -> asyncio.Future[None]:
        """Write messages and facts in one commit; done when on disk, sent from then on."""
        return self._outbox.add(*messages, facts=facts, keep=keep)

    def tell_now(self, message: Message) -> None:
        """Send an answer that the disk does not take; it is lost if the broker is away too."""
        self._outbox.send_unwritten(message)
