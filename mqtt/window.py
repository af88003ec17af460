"""QoS 1 messages on their way: some at the broker, the rest waiting in order."""

from collections import deque

import aiomqtt

from mqtt.link import Link, Outbound

MAX_MID = 0xFFFF  # packet identifiers, MQTT 5 2.2.1
MAX_WAITING = 8192  # messages; who publishes more than that without waiting is told to


class BrokerAway(Exception):  # noqa: N818  # a state of the world, read as one: except BrokerAway
    """The broker did not take the message: publish it again when the session is up."""


class PublishRefused(Exception):  # noqa: N818
    """The broker took the message and threw it away: again is of no use before its ACL changes."""


class Window:
    """Keeps at most as many messages unacknowledged as the broker allows."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._waiting: deque[Outbound] = deque()
        self._sent: dict[int, Outbound] = {}
        self._last_mid = 0

    def open(self, link: Link) -> None:
        """Send over this link from now on."""
        self._link = link

    def close(self, why: str) -> None:
        """Stop sending; all that was not acknowledged fails with BrokerAway."""
        self._link = None
        lost = [*self._sent.values(), *self._waiting]
        self._sent.clear()
        self._waiting.clear()
        for message in lost:
            _fail(message, BrokerAway(why))

    def add(self, message: Outbound) -> None:
        """Send a message, or let it wait for its turn."""
        if self._link is None:
            _fail(message, BrokerAway("there is no broker now"))
        elif len(self._waiting) >= MAX_WAITING:
            _fail(message, BrokerAway(f"{MAX_WAITING} messages already wait for the broker"))
        else:
            self._waiting.append(message)
            self._send()

    def acknowledged(self, mid: int, refused: str | None) -> None:
        """Note the answer to message `mid`; `refused` says why the broker threw it away."""
        message = self._sent.pop(mid, None)
        if message is not None and refused is not None:
            _fail(message, PublishRefused(f"{message.topic}: {refused}"))
        elif message is not None and not message.done.done():
            message.done.set_result(None)
        if self._waiting:
            self._send()

    def _send(self) -> None:
        link = self._link
        while link and self._waiting and len(self._sent) < link.max_unacknowledged:
            message = self._waiting.popleft()
            if message.done.done():
                continue
            mid = self._free_mid()
            try:
                link.send(mid, message)
            except aiomqtt.MqttError as error:
                _fail(message, BrokerAway(str(error)))
            except ValueError as error:
                _fail(message, PublishRefused(f"{message.topic[:64]!r}: {error}"))
            else:
                self._sent[mid] = message

    def _free_mid(self) -> int:
        """The next packet identifier that no message on its way has."""
        while True:
            self._last_mid = self._last_mid % MAX_MID + 1
            if self._last_mid not in self._sent:
                return self._last_mid


def _fail(message: Outbound, error: Exception) -> None:
    if not message.done.done():
        message.done.set_exception(error)
