from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.at.framing import MAX_LINE, Assembler, Framer, Message

# A complete PDU: no SMSC address, then 7 octets of TPDU.
PDU = "0004038121F30000"

STREAMS = [
    b"\r\nOK\r\n",
    b'\r\n+CSQ: 17,99\r\n\r\n+CREG: 1,"00AA","00BB"\r\n\r\nOK\r\n',
    b'\r\n+CMGL: 1,0,,7\r\n00040\r\n+CMTI: "SM",4\r\n38121F30000\r\n\r\nOK\r\n',
    b"\r\n^SYSIN\r\n^RSSI: 12\r\nFO:2,3,0,5,1\r\n\r\nOK\r\n",
    b'\r\n+CUSD: 0,"your credit\r\nis 3 EUR",15\r\n\r\nRING\r\n',
    b"\x00\r\r\n+CRING: VOICE\r\r\n\x00\r\nNO CARRIER\r\n",
    b'+CLIP: "123",129\nRING\rOK\n',
    b"\r\nQuectel\r\n\r\n^RSSI: 12\r\n\r\nEC25\r\n\r\nOK\r\n",
]


def read(chunks: Iterable[bytes]) -> list[Message]:
    framer, assembler = Framer(), Assembler()
    lines = [line for chunk in chunks for line in framer.feed(chunk)]
    return [*(m for line in lines for m in assembler.feed(line)), *assembler.flush()]


@pytest.mark.parametrize("stream", STREAMS)
def test_where_the_bytes_are_cut_changes_nothing(stream: bytes) -> None:
    whole = read([stream])
    assert read(bytes([octet]) for octet in stream) == whole
    for at in range(len(stream)):
        assert read([stream[:at], stream[at:]]) == whole


PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b"OK", b"RING", b"^SYSIN", b"FO:1,2", b'+CMTI: "SM",1'),
    *(b"+CMGL: 1,0,,7", PDU.encode(), b'+CUSD: 0,"a', b'b",15', b"+CREG: 1", b"> "),
]
pieces_of_streams = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)


@given(st.binary(max_size=400) | pieces_of_streams, st.lists(st.integers(0, 400), max_size=6))
def test_garbage_cut_anywhere_is_read_alike_and_never_raises(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert read(pieces) == read([data])


def test_a_line_without_end_is_bounded() -> None:
    framer = Framer()
    for _ in range(100):
        framer.feed(b"x" * 1000)
    assert len(framer.rest) == MAX_LINE


def test_a_pdu_comes_with_its_header() -> None:
    assert read([f"\r\n+CMT: ,7\r\n{PDU}\r\n".encode()]) == [Message("+CMT: ,7", PDU)]


def test_a_urc_inside_a_pdu_is_lifted_out() -> None:
    messages = read([f'\r\n+CMGL: 1,0,,7\r\n{PDU[:6]}\r\n+CMTI: "SM",4\r\n{PDU[6:]}\r\n'.encode()])
    assert messages == [
        Message('+CMTI: "SM",4'),
        Message("+CMGL: 1,0,,7", PDU),
    ]


def test_hex_after_a_whole_pdu_is_a_line_of_its_own() -> None:
    messages = read([f"\r\n+CMGR: 0,,7\r\n{PDU}\r\n\r\nABCD\r\n".encode()])
    assert messages[1] == Message("ABCD")


def test_a_line_that_a_urc_cut_in_two_is_put_together() -> None:
    messages = read([b"\r\n^SYSIN\r\n^RSSI: 12\r\nFO:2,3,0,5,1\r\n\r\nOK\r\n"])
    assert [message.text for message in messages] == ["^RSSI: 12", "^SYSINFO:2,3,0,5,1", "OK"]


def test_lines_that_stand_apart_are_not_joined() -> None:
    messages = read([b"\r\nQuectel\r\n\r\n^RSSI: 12\r\n\r\nEC25\r\n\r\nOK\r\n"])
    assert [message.text for message in messages] == ["^RSSI: 12", "Quectel", "EC25", "OK"]


def test_line_ends_inside_a_ussd_text_belong_to_it() -> None:
    messages = read([b'\r\n+CUSD: 1,"1 credit\r\n2 bundles\r\n3 end",15\r\n'])
    assert messages == [Message('+CUSD: 1,"1 credit\n2 bundles\n3 end",15')]


def test_a_ussd_text_that_never_closes_swallows_no_final_result() -> None:
    messages = read([b'\r\n+CUSD: 1,"broken\r\n\r\nOK\r\n'])
    assert [message.final is not None for message in messages] == [False, True]
