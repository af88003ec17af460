"""The retained topics: what the gateway is now. Only the newest word counts, so none is queued.

A change goes out at once, what follows it closely goes out together, and all of it goes out again
when the broker comes back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mqtt.session import BrokerAway, PublishRefused

log = logging.getLogger(__name__)

PAUSE_S = 0.05  # between two rounds: a line that is busy for less is not worth a message

Publish = Callable[[str, bytes], Awaitable[None]]


class Board:
    """Retained payloads by topic; `show` replaces one, an empty payload takes it down."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._shown: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._connected = asyncio.Event()

    def show(self, topic: str, payload: bytes) -> None:
        """Put a payload on a topic; the same one again costs nothing."""
        if self._shown.get(topic) == payload:
            return
        self._shown[topic] = payload
        self._changed.pop(topic, None)  # told in the order of the last changes
        self._changed[topic] = None
        self._wake.set()

    def take_down(self, topic: str) -> None:
        """Clear a topic, if anything stands there."""
        if topic in self._shown:
            self.show(topic, b"")

    def set_connected(self, *, connected: bool) -> None:
        """The broker came (all is shown again) or went."""
        if connected:
            self._changed = dict.fromkeys(self._shown)
            self._connected.set()
            self._wake.set()
        else:
            self._connected.clear()

    async def run(self) -> None:
        """Publish changes for ever."""
        while True:
            await self._connected.wait()
            await self._wake.wait()
            self._wake.clear()
            await self.flush()
            await asyncio.sleep(PAUSE_S)

    async def flush(self) -> None:
        """Publish what changed; what the broker did not take is tried when it is back."""
        changed = {topic: self._shown[topic] for topic in self._changed}
        self._changed = {}
        try:
            await asyncio.gather(*(self._publish(*each) for each in changed.items()))
        except (BrokerAway, PublishRefused) as error:
            log.debug("%s", error)
            return
        for topic, payload in changed.items():
            if not payload and topic not in self._changed:
                del self._shown[topic]
