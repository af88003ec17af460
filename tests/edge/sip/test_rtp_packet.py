from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sip.events import DIGITS, Reader, packets
from edge.sip.rtp_packet import Order, Packet, Passed, parse


def made(sequence: int, source: int = 1) -> Packet:
    return Packet(
        8,
        marker=False,
        sequence=sequence % 65536,
        timestamp=sequence * 160,
        source=source,
        payload=b"x",
    )


def handed(sequences: list[int]) -> tuple[list[int | None], Passed]:
    passed = Passed()
    order = Order(passed)
    turns = [turn for number in sequences for turn in order.add(made(number))]
    return [None if turn is None else turn.sequence for turn in turns], passed


def test_a_packet_is_written_as_it_is_read() -> None:
    packet = Packet(101, marker=True, sequence=65535, timestamp=2**32 - 1, source=7, payload=b"abc")
    assert parse(packet.pack()) == packet


def test_contributors_extension_and_padding_are_no_payload() -> None:
    head = bytes([0x80 | 0x20 | 0x10 | 2, 0x80 | 8]) + bytes(10)
    data = head + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"sound" + b"\x00\x00\x03"
    packet = parse(data)
    assert packet is not None
    assert (packet.payload, packet.marker, packet.payload_type) == (b"sound", True, 8)


@settings(deadline=None)
@given(st.binary(max_size=1600))
def test_garbage_is_no_packet_or_one(data: bytes) -> None:
    packet = parse(data)
    assert packet is None or len(packet.payload) <= len(data) - 12


@settings(deadline=None)
@given(st.binary(min_size=12, max_size=40))
def test_garbage_with_the_right_version_never_raises(data: bytes) -> None:
    parse(bytes([data[0] & 0x3F | 0x80]) + data[1:])


def test_packets_in_their_turn_are_handed_on_at_once() -> None:
    order = Order(Passed())
    for number in range(65530, 65550):
        assert [turn and turn.sequence for turn in order.add(made(number))] == [number % 65536]


def test_neighbours_that_changed_places_are_put_right() -> None:
    got, passed = handed([1, 3, 2, 4, 5])
    assert got == [1, 2, 3, 4, 5]
    assert (passed.reordered, passed.lost, passed.late) == (1, 0, 0)


def test_a_lost_packet_is_told_when_the_second_behind_it_comes() -> None:
    got, passed = handed([1, 3, 4, 5])
    assert got == [1, None, 3, 4, 5]
    assert passed.lost == 1


def test_what_comes_after_its_turn_is_dropped() -> None:
    got, passed = handed([1, 3, 4, 2, 2, 5])
    assert got == [1, None, 3, 4, 5]
    assert passed.late == 2


def test_a_stream_that_begins_anew_is_followed() -> None:
    passed = Passed()
    order = Order(passed)
    order.add(made(10))
    assert [t and t.sequence for t in order.add(made(30_000))] == [30_000]
    assert [t and t.sequence for t in order.add(made(5, source=2))] == [5]
    assert passed == Passed()


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), max_size=300))
def test_what_is_handed_on_goes_up_within_a_stream(sequences: list[int]) -> None:
    passed = Passed()
    order = Order(passed)
    for number in sequences:
        turns = order.add(made(number))
        assert len(turns) <= 60
        assert len(order._waiting) <= 2


def test_keys_are_told_once_when_they_begin() -> None:
    reader = Reader()
    told = [
        reader.read(payload, 160 * index, marker=marker)
        for index, digit in enumerate("12#")
        for payload, marker in packets(digit)
    ]
    assert [digit for digit in told if digit] == ["1", "2", "#"]


def test_a_key_whose_end_was_lost_and_one_whose_beginning_was() -> None:
    reader = Reader()
    first, second = list(packets("5")), list(packets("5"))
    told = [reader.read(p, 0, marker=m) for p, m in first[:2]]
    told += [reader.read(p, 1000, marker=m) for p, m in second[-1:] + second[-1:]]
    assert told == ["5", None, "5", None]


def test_a_sender_that_counts_the_time_on_within_a_key_presses_once() -> None:
    reader = Reader()
    told = [reader.read(p, 160 * n, marker=m) for n, (p, m) in enumerate(packets("7"))]
    assert told[0] == "7"
    assert told.count("7") == 1


@settings(deadline=None)
@given(st.binary(max_size=8), st.integers(0, 2**32 - 1))
def test_garbage_is_no_key_or_one(payload: bytes, timestamp: int) -> None:
    digit = Reader().read(payload, timestamp, marker=True)
    assert digit is None or digit in DIGITS
