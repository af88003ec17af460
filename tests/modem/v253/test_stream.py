from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.v253.stream import (
    Code,
    Digit,
    Ended,
    Escape,
    Event,
    Samples,
    VoiceStream,
    Word,
    shield,
    spell,
)

spicy = st.lists(
    st.sampled_from([b"\x10", b"\x03", b"\x1a", b"/", b"~", b"5", b"b", b"\x80", b"^"]), max_size=60
).map(b"".join)


def heard(pieces: Iterable[bytes]) -> list[Event]:
    """What a stream says, sound that lies together in one piece."""
    stream = VoiceStream()
    events: list[Event] = []
    for event in (event for piece in pieces for event in stream.receive(piece)):
        last = events[-1] if events else None
        if isinstance(event, Samples) and isinstance(last, Samples):
            events[-1] = Samples(last.data + event.data)
        else:
            events.append(event)
    return events


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[start:stop] for start, stop in pairwise(edges)]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"\x80\x81", [Samples(b"\x80\x81")]),
        (b"a\x10\x10b", [Samples(b"a\x10b")]),
        (b"a\x10\x1ab", [Samples(b"a\x10\x10b")]),
        (b"a\x10bz", [Samples(b"a"), Code("b"), Samples(b"z")]),
        (b"\x10R", [Code("R")]),
        (b"\x105", [Digit("5")]),
        (b"\x10/\x105\x105\x105\x10~\x105", [Digit("5"), Digit("5")]),
        (b"\x101\x101", [Digit("1"), Digit("1")]),
        (b"\x10/\x10#a\x10~", [Digit("#"), Samples(b"a")]),
        (b"\x10\xff", [Code("\xff")]),
        (b"a\x10\x03\r\nOK\r\n", [Samples(b"a"), Ended()]),
        (b"\x10", []),
    ],
)
def test_a_stream_is_sound_with_events_in_it(data: bytes, events: list[Event]) -> None:
    assert heard([data]) == events
    assert heard(data[at : at + 1] for at in range(len(data))) == events


def test_what_is_behind_the_end_is_kept() -> None:
    stream = VoiceStream()
    stream.receive(b"a\x10\x03\r\nO")
    stream.receive(b"K\r\n\x10b")
    assert stream.ended
    assert stream.rest == b"\r\nOK\r\n\x10b"


@given(st.one_of(st.binary(max_size=200), spicy), st.lists(st.integers(0, 200), max_size=12))
def test_cutting_the_bytes_changes_nothing(data: bytes, places: list[int]) -> None:
    assert heard(cut(data, places)) == heard([data])


@given(st.binary(max_size=400))
def test_sound_comes_back_as_it_was_sent(sound: bytes) -> None:
    assert heard([shield(sound)]) == ([Samples(sound)] if sound else [])


@pytest.mark.parametrize(
    ("word", "escape", "octets"),
    [
        (Word.STOP_PLAYING, Escape.SINGLE, b"\x10\x03"),
        (Word.DROP_SOUND, Escape.SINGLE, b"\x10\x18"),
        (Word.STOP_RECORDING, Escape.SINGLE, b"\x10!"),
        (Word.STOP_PLAYING, Escape.TRIPLE, b"\x10\x10\x10\x03"),
        (Word.STOP_BOTH, Escape.TRIPLE, b"\x10\x10\x10^"),
    ],
)
def test_words_are_spelled_as_the_modem_wants_them(
    word: Word, escape: Escape, octets: bytes
) -> None:
    assert spell(word, escape) == octets
