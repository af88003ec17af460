"""PUBLISH and PUBACK as octets (MQTT 3.1.1 and 5, 3.3 and 3.4): the packets that calls are made of.

paho takes 0.1 ms and more for each of them, most of it for properties that are not there. All other
packets, those that open, keep and close a link, are paho's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

MAX_PACKET = 2 * 1024 * 1024  # octets, as we tell an MQTT 5 broker
MAX_PACKET_311 = 0xFFF_FFFF  # one of 3.1.1 cannot be told: all that the length can say, 2.2.3
MAX_STRING = 0xFFFF  # octets of a topic, 1.5.4
_MAX_LENGTH_OCTETS = 4  # of a packet's length, 1.5.5
_CUT_OFF = "a packet that is cut off"
_FAILURE = 0x80  # reason codes from here on say no, 2.4

_CONTENT_TYPE, _RESPONSE_TOPIC, _CORRELATION, _EXPIRY, _USER = 3, 8, 9, 2, 38  # 2.2.2.2


class BadPacket(Exception):  # noqa: N818 - says what is the case
    """The broker sent octets that are no MQTT: the link cannot go on."""


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


class Splitter:
    """Cuts what a broker sends into packets of at most `limit` octets, wherever the reads fall."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, int]]:
        """Give whole packets, each with the place where its body begins.

        Raises BadPacket for what comes first; what comes behind whole packets has until the next.
        """
        self._buffer += data
        packets: list[tuple[bytes, int]] = []
        start = 0
        try:
            while found := self._next(start):
                body, end = found
                packets.append((bytes(self._buffer[start:end]), body - start))
                start = end
        except BadPacket:
            if not packets:
                raise
        del self._buffer[:start]
        return packets

    def _next(self, start: int) -> tuple[int, int] | None:
        """Where the body of a packet begins and ends; None while some of it is missing."""
        found = _varint(self._buffer, start + 1)
        if found is None:
            return None
        length, body = found
        if length > self._limit:
            raise BadPacket(f"a packet of {length} octets")
        return (body, body + length) if body + length <= len(self._buffer) else None


def publish(topic: str, payload: bytes, mid: int, properties: bytes, *, retain: bool) -> bytes:
    """Make a PUBLISH with QoS 1; raises ValueError for what no broker takes."""
    name = topic.encode()
    if not name or len(name) > MAX_STRING or "+" in topic or "#" in topic or "\0" in topic:
        raise ValueError("not a topic that can be published to")
    head = b"\x33" if retain else b"\x32"
    size = _length(4 + len(name) + len(properties) + len(payload))
    identifier = mid.to_bytes(2)
    return b"".join((head, size, _data(name), identifier, properties, payload))


def puback(mid: int) -> bytes:
    """Acknowledge a PUBLISH; the reason, success, goes without saying."""
    return b"\x40\x02" + mid.to_bytes(2)


@lru_cache(maxsize=64)
def properties_of(schema: str, correlation: bytes | None, expiry_s: int | None) -> bytes:
    """The properties of a PUBLISH (MQTT 5 alone has them), their length included."""
    made = bytearray((_CONTENT_TYPE, *_data(b"application/json")))
    made += bytes((_USER, *_data(b"schema"), *_data(schema.encode())))
    if correlation is not None:
        made += bytes((_CORRELATION, *_data(correlation)))
    if expiry_s is not None:
        made += bytes((_EXPIRY, *expiry_s.to_bytes(4)))
    return _length(len(made)) + made


def parse_publish(packet: bytes, at: int, *, v5: bool) -> tuple[int, Inbound]:
    """Read a PUBLISH whose body begins `at`: its identifier, 0 with QoS 0, and the message.

    Raises BadPacket.
    """
    qos = packet[0] >> 1 & 3
    if qos > 1:
        raise BadPacket("a message with a QoS that was not asked for")
    topic, at = _read_data(packet, at)
    mid = 0
    if qos:
        mid, at = _read_number(packet, at, 2)
    said: dict[int, Any] = {}
    if v5:
        length, at = _read_varint(packet, at)
        properties, at = _read(packet, at, length)
        said = _read_properties(properties)
    try:
        response = said[_RESPONSE_TOPIC].decode() if _RESPONSE_TOPIC in said else None
        named = topic.decode()
    except UnicodeDecodeError as error:
        raise BadPacket(f"a topic that is no UTF-8: {topic[:64]!r}") from error
    if not named:
        raise BadPacket("a message without a topic")
    return mid, Inbound(named, packet[at:], bool(packet[0] & 1), response, said.get(_CORRELATION))


def parse_puback(packet: bytes, at: int) -> tuple[int, str | None]:
    """Read a PUBACK: its identifier, and why the message was refused, if it was."""
    mid, at = _read_number(packet, at, 2)
    code = packet[at] if at < len(packet) else 0  # left out for success, 3.4.2.1
    if code < _FAILURE:
        return mid, None
    try:
        return mid, str(ReasonCode(PacketTypes.PUBACK, identifier=code))
    except (KeyError, ValueError) as error:
        raise BadPacket(f"an unknown reason code, {code}") from error


def _read_properties(data: bytes) -> dict[int, Any]:
    """Properties by identifier."""
    said: dict[int, Any] = {}
    at = 0
    while at < len(data):
        name = data[at]
        if name not in _READERS:
            raise BadPacket(f"a property that no message has, {name}")
        said[name], at = _READERS[name](data, at + 1)
    return said


def _read(data: bytes, at: int, octets: int) -> tuple[bytes, int]:
    if at + octets > len(data):
        raise BadPacket(_CUT_OFF)
    return data[at : at + octets], at + octets


def _read_number(data: bytes, at: int, octets: int) -> tuple[int, int]:
    number, at = _read(data, at, octets)
    return int.from_bytes(number), at


def _read_data(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _read_number(data, at, 2)
    return _read(data, at, length)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    found = _varint(data, at)
    if found is None:
        raise BadPacket(_CUT_OFF)
    return found


def _read_pair(data: bytes, at: int) -> tuple[bytes, int]:
    name, at = _read_data(data, at)
    _, at = _read_data(data, at)
    return name, at


_READERS: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    1: partial(_read_number, octets=1),  # payload format indicator
    _EXPIRY: partial(_read_number, octets=4),
    _CONTENT_TYPE: _read_data,
    _RESPONSE_TOPIC: _read_data,
    _CORRELATION: _read_data,
    11: _read_varint,  # subscription identifier
    _USER: _read_pair,
}


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Read a variable byte integer and where it ends; None while octets are missing."""
    value = 0
    for n, octet in enumerate(data[at : at + _MAX_LENGTH_OCTETS]):
        value |= (octet & 0x7F) << 7 * n
        if octet < 0x80:  # noqa: PLR2004 - the bit that says: more follows
            return value, at + n + 1
    if at + _MAX_LENGTH_OCTETS <= len(data):
        raise BadPacket("a length of more than four octets")
    return None


def _length(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _data(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value
