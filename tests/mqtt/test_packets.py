import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion

from mqtt.packets import (
    MAX_PACKET,
    BadPacket,
    Inbound,
    Splitter,
    parse_puback,
    parse_publish,
    properties_of,
    puback,
    publish,
)

TOPICS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="+#\0"), min_size=1)
MIDS = st.integers(1, 0xFFFF)


def one(data: bytes) -> tuple[bytes, int]:
    [packet] = Splitter(MAX_PACKET).feed(data)
    return packet


@given(
    topic=TOPICS,
    payload=st.binary(max_size=20_000),
    mid=MIDS,
    schema=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40),
    correlation=st.none() | st.binary(max_size=300),
    expiry_s=st.none() | st.integers(0, 0xFFFFFFFF),
    retain=st.booleans(),
)
def test_what_we_publish_is_what_another_reads(
    *,
    topic: str,
    payload: bytes,
    mid: int,
    schema: str,
    correlation: bytes | None,
    expiry_s: int | None,
    retain: bool,
) -> None:
    properties = properties_of(schema, correlation, expiry_s)
    packet, body = one(publish(topic, payload, mid, properties, retain=retain))
    read = decode_publish(packet[0], packet[body:], MQTTProtocolVersion.MQTTv5)
    assert (read.topic, read.payload, read.mid) == (topic.encode(), payload, mid)
    assert (read.qos, read.retain, read.dup) == (1, retain, False)
    assert read.properties is not None
    assert getattr(read.properties, "UserProperty", None) == [("schema", schema)]
    assert getattr(read.properties, "CorrelationData", None) == correlation
    assert getattr(read.properties, "MessageExpiryInterval", None) == expiry_s
    assert parse_publish(packet, body, v5=True) == (
        mid,
        Inbound(topic, payload, retain, None, correlation),
    )


@given(TOPICS, st.binary(max_size=300), MIDS)
def test_3_1_1_has_no_properties(topic: str, payload: bytes, mid: int) -> None:
    packet, body = one(publish(topic, payload, mid, b"", retain=False))
    assert parse_publish(packet, body, v5=False) == (mid, Inbound(topic, payload, retained=False))


@given(st.lists(st.tuples(TOPICS, st.binary(max_size=300)), max_size=8), st.data())
def test_where_reads_fall_changes_nothing(
    messages: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    made = [publish(topic, load, 7, b"", retain=False) for topic, load in messages]
    stream = b"".join(made)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    splitter = Splitter(MAX_PACKET)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [packet for piece in pieces for packet, _ in splitter.feed(piece)] == made


@given(data=st.binary(max_size=400), v5=st.booleans())
def test_hostile_octets_are_read_or_refused(*, data: bytes, v5: bool) -> None:
    with contextlib.suppress(BadPacket):
        for packet, body in Splitter(MAX_PACKET).feed(data):
            mid, inbound = parse_publish(packet, body, v5=v5)
            assert mid <= 0xFFFF
            assert inbound.topic
            parse_puback(packet, body)


def publish_with(properties: bytes) -> tuple[bytes, int]:
    return one(publish("t", b"load", 1, bytes((len(properties),)) + properties, retain=False))


def test_all_properties_of_a_message_are_passed_over() -> None:
    each = {
        1: b"\x01",
        2: b"\0\0\0\x0a",
        3: b"\0\x01j",
        11: b"\xff\x7f",
        38: b"\0\x01k\0\x01v",
        8: b"\0\x04back",
        9: b"\0\x02\0\x07",
    }
    packet, body = publish_with(b"".join(bytes((name,)) + value for name, value in each.items()))
    assert parse_publish(packet, body, v5=True)[1] == Inbound(
        "t", b"load", retained=False, response_topic="back", correlation=b"\0\x07"
    )


@pytest.mark.parametrize(
    "properties", [b"\x23\0\x01", b"\x02\0", b"\x09\0\x05a", b"\x08\0\x01\xff"]
)
def test_wrong_properties_are_refused(properties: bytes) -> None:
    with pytest.raises(BadPacket):
        parse_publish(*publish_with(properties), v5=True)


@pytest.mark.parametrize("topic", ["", "a/+", "#", "nul\0", "x" * 65_536])
def test_nobody_publishes_to_such_a_topic(topic: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        publish(topic, b"", 1, b"", retain=False)


def test_a_puback_says_yes_or_why_not() -> None:
    assert parse_puback(*one(puback(0x1234))) == (0x1234, None)
    assert parse_puback(*one(b"\x40\x03\x00\x01\x10")) == (1, None)  # no subscribers
    assert parse_puback(*one(b"\x40\x04\x00\x01\x87\x00")) == (1, "Not authorized")
    with pytest.raises(BadPacket, match="reason code"):
        parse_puback(*one(b"\x40\x03\x00\x01\xfe"))


@pytest.mark.parametrize("length", [MAX_PACKET + 1, 1 << 27])
def test_no_packet_is_waited_for_that_is_too_long(length: int) -> None:
    octets = [length >> 7 * n & 0x7F | (0x80 if n < 3 else 0) for n in range(4)]
    splitter = Splitter(MAX_PACKET)
    assert splitter.feed(puback(1) + bytes((0x32, *octets))) == [(puback(1), 2)]
    with pytest.raises(BadPacket):
        splitter.feed(b"")
