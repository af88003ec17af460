"""The retained topics: what the gateway is now. Only the newest word counts, so none is queued.

A change goes out at once, and all that stands goes out again when the broker comes back.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

log = logging.getLogger(__name__)

Publish = Callable[[str, bytes], asyncio.Future[None]]


class Board:
    """Retained payloads by topic; `show` replaces one, an empty payload takes it down."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._shown: dict[str, bytes] = {}
        self._sending: dict[str, asyncio.Future[None]] = {}  # the last word on each topic
        self._connected = False

    def show(self, topic: str, payload: bytes) -> None:
        """Put a payload on a topic; the same one again costs nothing."""
        if self._shown.get(topic) == payload:
            return
        self._shown[topic] = payload
        if self._connected:
            self._send(topic, payload)

    def set_connected(self, *, connected: bool) -> None:
        """The broker came (all is shown again) or went."""
        self._connected = connected
        if connected:
            for topic, payload in self._shown.items():
                self._send(topic, payload)

    async def all_sent(self) -> None:
        """Wait until the broker has all of it, or is gone."""
        if self._sending:
            await asyncio.wait(self._sending.values())

    def _send(self, topic: str, payload: bytes) -> None:
        sending = self._publish(topic, payload)
        self._sending[topic] = sending
        sending.add_done_callback(partial(self._sent, topic, payload))

    def _sent(self, topic: str, payload: bytes, sending: asyncio.Future[None]) -> None:
        """Forget what was taken down; what the broker did not take stands until it is back."""
        error = sending.exception()
        if self._sending.get(topic) is not sending:
            return
        del self._sending[topic]
        if error:
            log.debug("%s", error)
        elif not payload and not self._shown[topic]:
            del self._shown[topic]
