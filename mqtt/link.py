"""One connection to the broker, used once, on aiomqtt.

aiomqtt brings the connection, TLS and the event loop. Its `publish` costs a task, a timer and a
walk over all pending calls per message, and hides reason codes; so messages go in and out through
the hooks below, which are aiomqtt's own (hence the pin on its second major version).
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.models import Mqtt

HANDSHAKE_TIMEOUT_S = 5
WILL_DELAY_S = 10  # a blink of the link is no "offline"
MAX_PACKET = 2 * 1024 * 1024  # octets that an MQTT 5 broker may send us at once
MAX_UNACKNOWLEDGED = 128  # QoS 1 messages, where the broker does not ask for fewer

logging.getLogger("mqtt").setLevel(logging.NOTSET)  # aiomqtt sets it, and it is our package's
_PAHO_LOG = logging.getLogger("mqtt.paho")
_PAHO_LOG.setLevel(logging.CRITICAL)  # the session says it in its own words

NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the link is lost without a word."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Who connects, and how long the broker keeps the session (0: no longer than the link)."""

    client_id: str
    session_expiry_s: int
    will: Will | None


@dataclass(frozen=True, slots=True)
class Extras:
    """MQTT 5 properties of a message; left out where the broker speaks 3.1.1."""

    schema: str
    correlation: bytes | None = None
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from the broker; `retained`: it was stored there, not sent just now."""

    topic: str
    payload: bytes
    retained: bool
    response_topic: str | None = None
    correlation: bytes | None = None

    @property
    def verb(self) -> str:
        """The last level of the topic: of a command, its verb."""
        return self.topic.rpartition("/")[2]


class PackedProperties(Properties):
    """Properties of a PUBLISH, packed once: paho takes 13 us to do it again for each message."""

    def __init__(self, extras: Extras) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho
        self.ContentType = "application/json"
        self.UserProperty = ("schema", extras.schema)
        if extras.correlation is not None:
            self.CorrelationData = extras.correlation
        if extras.expiry_s is not None:
            self.MessageExpiryInterval = extras.expiry_s
        self.__dict__["packed"] = super().pack()  # type: ignore[no-untyped-call]

    def pack(self) -> bytes:
        """Give the octets that were packed at the start."""
        packed: bytes = self.__dict__["packed"]
        return packed


pack = lru_cache(maxsize=64)(PackedProperties)


class TlsSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho forgets to."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # as its base
        """Shake hands; raises OSError."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Link(aiomqtt.Client):
    """One connection: `open`, then `send` until `closed` returns; `hang_up` in every case."""

    def __init__(
        self,
        settings: Mqtt,
        version: aiomqtt.ProtocolVersion,
        identity: Identity,
        on_inbound: Callable[[Inbound], None],
        on_acknowledged: Callable[[int, str | None], None],
    ) -> None:
        v5 = version is aiomqtt.ProtocolVersion.V5
        super().__init__(
            settings.host,
            settings.port,
            username=settings.username,
            password=_read_password(settings),
            identifier=identity.client_id,
            protocol=version,
            will=_will(identity.will, v5=v5),
            clean_session=None if v5 else identity.session_expiry_s == 0,
            clean_start=False if v5 else 3,  # paho: 3 says nothing
            timeout=HANDSHAKE_TIMEOUT_S,
            keepalive=settings.keepalive_s,
            max_inflight_messages=0,  # no limit in paho: the Window sees to it
            properties=_connect_properties(identity) if v5 else None,
            tls_context=_tls(settings),
            socket_options=[NODELAY],
            logger=_PAHO_LOG,
        )
        self.v5 = v5
        self.session_present = False
        self.max_unacknowledged = MAX_UNACKNOWLEDGED
        self._on_inbound = on_inbound
        self._on_acknowledged = on_acknowledged
        for end in (self._connected, self._disconnected):
            end.add_done_callback(_see)

    async def open(self) -> None:
        """Connect; raises aiomqtt.MqttError. A cancelled attempt ends in its time, then closes."""
        entering = asyncio.ensure_future(super().__aenter__())
        try:
            await asyncio.shield(entering)
        except asyncio.CancelledError:
            await asyncio.gather(entering, return_exceptions=True)
            raise

    async def listen(self, filters: Sequence[str]) -> None:
        """Subscribe with QoS 1; raises aiomqtt.MqttError, also when the broker says no."""
        for answer in await self.subscribe([(topic, 1) for topic in filters]):
            if isinstance(answer, ReasonCode) and answer.is_failure:
                raise aiomqtt.MqttCodeError(answer)

    def send(self, topic: str, payload: bytes, *, retain: bool, extras: Extras) -> int:
        """Hand over a QoS 1 message and give its packet identifier; raises MqttCodeError."""
        properties = pack(extras) if self.v5 else None
        sent = self._client.publish(topic, payload, 1, retain, properties)
        if sent.rc:
            raise aiomqtt.MqttCodeError(sent.rc)
        return sent.mid

    async def closed(self) -> aiomqtt.MqttError:
        """Wait for the end of the connection and say what ended it."""
        await asyncio.wait([self._disconnected])
        error = self._disconnected.exception()
        if isinstance(error, aiomqtt.MqttError):
            return error
        return aiomqtt.MqttError(f"the broker broke off ({error!r})")  # also bytes that are no MQTT

    def hang_up(self) -> None:
        """Say goodbye if there is someone to say it to, and let go of the socket."""
        self._client.disconnect()
        self._client.loop_write()
        if isinstance(sock := self._client.socket(), socket.socket):  # goodbye stuck behind data
            self._loop.remove_writer(sock.fileno())
            self._on_socket_close(self._client, None, sock)
            sock.close()

    def _on_connect(
        self,
        client: Paho,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.session_present = flags.session_present
        allowed = getattr(properties, "ReceiveMaximum", MAX_UNACKNOWLEDGED)
        self.max_unacknowledged = min(allowed, MAX_UNACKNOWLEDGED)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(
        self,
        client: Paho,
        userdata: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if not self._connected.done():  # aiomqtt would wait for the time-out
            self._connected.set_exception(aiomqtt.MqttCodeError(reason_code))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_message(self, client: Paho, userdata: Any, message: MQTTMessage) -> None:  # noqa: ARG002
        properties = message.properties
        inbound = Inbound(
            message.topic,
            bytes(message.payload),
            message.retain,
            getattr(properties, "ResponseTopic", None),
            getattr(properties, "CorrelationData", None),
        )
        self._loop.call_soon(self._on_inbound, inbound)  # its failure must not break the link

    def _on_publish(
        self,
        client: Paho,  # noqa: ARG002  # the signature is paho's
        userdata: Any,  # noqa: ARG002
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,  # noqa: ARG002
    ) -> None:
        self._on_acknowledged(mid, str(reason_code) if reason_code.is_failure else None)

    def _on_socket_register_write(self, client: Paho, userdata: Any, sock: Any) -> None:
        """Write at the end of this loop turn instead of asking epoll first: 60 us sooner."""
        self._loop.call_soon_threadsafe(self._flush, client, userdata, sock)

    def _flush(self, client: Paho, userdata: Any, sock: Any) -> None:
        client.loop_write()
        if client.socket() is sock and client.want_write():
            super()._on_socket_register_write(client, userdata, sock)


def _see(end: asyncio.Future[None]) -> None:
    """An error that comes after the last question need not be complained about."""
    if not end.cancelled():
        end.exception()


def _will(will: Will | None, *, v5: bool) -> aiomqtt.Will | None:
    if will is None:
        return None
    properties = None
    if v5:
        properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        properties.WillDelayInterval = WILL_DELAY_S
        properties.ContentType = "application/json"
    return aiomqtt.Will(will.topic, will.payload, 1, retain=True, properties=properties)


def _connect_properties(identity: Identity) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = identity.session_expiry_s
    properties.MaximumPacketSize = MAX_PACKET
    return properties


def _read_password(settings: Mqtt) -> str | None:
    """Read the first line of the password file anew for each connection; raises OSError."""
    if settings.password_file is None:
        return None
    return (settings.password_file.read_text().splitlines() or [""])[0]


def _tls(settings: Mqtt) -> ssl.SSLContext | None:
    """TLS with the host name checked, if a CA file is set; raises OSError, ssl.SSLError."""
    if settings.ca_file is None:
        return None
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.sslsocket_class = TlsSocket
    if settings.cert_file and settings.key_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
