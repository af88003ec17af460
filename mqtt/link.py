"""One connection to the broker, used once, on aiomqtt.

aiomqtt and paho bring the connection, TLS, subscriptions and keep-alive. Messages pass them by:
paho takes a tenth of a millisecond and more for each, and aiomqtt adds a task and a timer. The
hooks below are aiomqtt's own, hence the pin on its second major version.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.models import Mqtt
from mqtt.catalog import schema_of
from mqtt.packets import (
    MAX_PACKET,
    MAX_PACKET_311,
    Inbound,
    parse_puback,
    parse_publish,
    properties_of,
    puback,
    publish,
)
from mqtt.wire import Wire

HANDSHAKE_TIMEOUT_S = 5
WILL_DELAY_S = 10  # a blink of the link is no "offline"
MAX_UNACKNOWLEDGED = 128  # QoS 1 messages, where the broker does not ask for fewer

logging.getLogger("mqtt").setLevel(logging.NOTSET)  # aiomqtt sets it, and it is our package's
_PAHO_LOG = logging.getLogger("mqtt.paho")
_PAHO_LOG.setLevel(logging.CRITICAL)  # the session says it in its own words


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
class Outbound:
    """A QoS 1 message and the future that its PUBACK resolves."""

    topic: str
    payload: bytes
    retain: bool
    correlation: bytes | None
    expiry_s: int | None
    done: asyncio.Future[None]


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
            properties=_connect_properties(identity) if v5 else None,
            tls_context=_tls(settings),
            logger=_PAHO_LOG,
        )
        self.v5 = v5
        self._wire: Wire | None = None
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

    def send(self, mid: int, message: Outbound) -> None:
        """Hand over a message; raises ValueError for a topic that cannot be, MqttError."""
        if self._wire is None:
            raise aiomqtt.MqttError("the link is not open")
        topic, properties = message.topic, b""
        if self.v5:
            properties = properties_of(schema_of(topic), message.correlation, message.expiry_s)
        self._wire.write(publish(topic, message.payload, mid, properties, retain=message.retain))

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

    def _on_socket_open(self, client: Paho, userdata: Any, sock: Any) -> None:
        """Put the wire between paho and its socket."""
        limit = MAX_PACKET if self.v5 else MAX_PACKET_311
        self._wire = Wire(sock, self._loop, limit, self._take)
        client._sock = self._wire  # type: ignore[assignment]  # noqa: SLF001
        super()._on_socket_open(client, userdata, self._wire)

    def _on_socket_register_write(self, client: Paho, userdata: Any, sock: Any) -> None:  # noqa: ARG002
        """The wire takes all that is written and waits by itself."""
        self._loop.call_soon_threadsafe(client.loop_write)

    def _on_socket_unregister_write(self, client: Paho, userdata: Any, sock: Any) -> None:
        pass

    def _take(self, packet: bytes, body: int) -> bool:
        """Take a message or an acknowledgement; raises BadPacket."""
        kind = packet[0] >> 4
        if not self._connected.done() or kind not in {PacketTypes.PUBLISH, PacketTypes.PUBACK}:
            return False
        if kind == PacketTypes.PUBACK:
            self._on_acknowledged(*parse_puback(packet, body))
            return True
        mid, inbound = parse_publish(packet, body, v5=self.v5)
        if mid and self._wire:
            self._wire.write(puback(mid))
        self._loop.call_soon(self._on_inbound, inbound)  # its failure must not break the link
        return True


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
