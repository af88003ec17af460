from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.v253.border import Border, Left, Text
from modem.v253.stream import Code, Digit, Ended, Event, Samples

Found = Text | Event | Left
SPICY = [b"\x10", b"\x03", b"\r\n", b"\r", b"\n", b"CONNECT", b"OK", b"VCON", b"\x80", b"R", b"/"]
spicy = st.lists(st.sampled_from(SPICY), max_size=40).map(b"".join)


def playing_stops(border: Border) -> None:
    border.expect()
    border.receive(b"CONNECT\r\n")
    border.leave()


SETTERS: list[Callable[[Border], None]] = [
    lambda _border: None,
    Border.expect,
    Border.leave,
    playing_stops,
]


def joined(found: Iterable[Found]) -> list[Found]:
    """What lies together in one piece."""
    pieces: list[Found] = []
    for piece in found:
        last = pieces[-1] if pieces else None
        match last, piece:
            case Text(), Text():
                pieces[-1] = Text(last.data + piece.data)
            case Samples(), Samples():
                pieces[-1] = Samples(last.data + piece.data)
            case _:
                pieces.append(piece)
    return pieces


def split(pieces: Iterable[bytes], setter: Callable[[Border], None] = SETTERS[0]) -> list[Found]:
    border = Border()
    setter(border)
    return joined(found for piece in pieces for found in border.receive(piece))


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize(
    ("setter", "data", "found"),
    [
        (0, b"\r\nRING\r\n", [Text(b"\r\nRING\r\n")]),
        (0, b"\r\nOK\r\n", [Text(b"\r\nOK\r\n")]),
        (0, b"\r\nRI\x10RNG\r\n", [Text(b"\r\nRI"), Code("R"), Text(b"NG\r\n")]),
        (0, b"\r\nCONNECT\r\n\x80", [Text(b"\r\nCONNECT\r\n\x80")]),
        (1, b"\r\nCONNECT\r\n\r\nOK", [Text(b"\r\nCONNECT\r\n"), Samples(b"\r\nOK")]),
        (1, b"\r\nCONNECT 8000\r\nx", [Text(b"\r\nCONNECT 8000\r\n"), Samples(b"x")]),
        (1, b"\r\nERROR\r\nx", [Text(b"\r\nERROR\r\nx")]),
        (1, b"\r\nDISCONNECT\r\nx", [Text(b"\r\nDISCONNECT\r\nx")]),
        (
            1,
            b"CONNECT\r\na\x10\x03\r\nOK\r\nRING\r\n",
            [
                Text(b"CONNECT\r\n"),
                Samples(b"a"),
                Ended(),
                Text(b"\r\n"),
                Left(),
                Text(b"RING\r\n"),
            ],
        ),
        (2, b"\x10u\r\nVCON\r\nx", [Code("u"), Text(b"\r\n"), Left(), Text(b"x")]),
        (
            3,
            b"\x80\x80\x101\x80\x10\x03\r\nOK\r\nx",
            [Digit("1"), Ended(), Text(b"\r\n"), Left(), Text(b"x")],
        ),
        (3, b"\x80\x80\r\nOK\r\n\x10bx", [Ended(), Left(), Code("b"), Text(b"x")]),
    ],
)
def test_text_and_sound_are_told_apart(setter: int, data: bytes, found: list[Found]) -> None:
    assert split([data], SETTERS[setter]) == found
    assert split(bytewise(data), SETTERS[setter]) == found


@pytest.mark.parametrize("setter", [0, 1, 2, 3])
@given(st.one_of(st.binary(max_size=200), spicy), st.lists(st.integers(0, 200), max_size=12))
def test_cutting_the_bytes_changes_nothing(setter: int, data: bytes, places: list[int]) -> None:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    pieces = [data[start:stop] for start, stop in pairwise(edges)]
    assert split(pieces, SETTERS[setter]) == split([data], SETTERS[setter])


def test_what_was_given_up_is_text_again() -> None:
    border = Border()
    border.expect()
    border.give_up()
    assert border.receive(b"\r\nCONNECT\r\nx") == [Text(b"\r\nCONNECT\r\nx")]


def test_a_line_without_an_end_fills_no_memory() -> None:
    border = Border()
    border.expect()
    for _ in range(100):
        border.receive(b"x" * 4096)
    assert border.receive(b"\nCONNECT\r\ny")[-1] == Samples(b"y")
