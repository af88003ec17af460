"""Sound and codes on the modem's one port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.fxo.shield import Parting, shield


def test_dles_in_sound_are_doubled_and_pairs_shortened() -> None:
    sound = b"a\x10b\x10\x10c\x10\x10\x10"
    assert shield(sound, pairs=False) == b"a\x10\x10b\x10\x10\x10\x10c" + b"\x10\x10" * 3
    assert shield(sound, pairs=True) == b"a\x10\x10b\x10\x1ac\x10\x1a\x10\x10"


@given(
    sound=st.lists(st.sampled_from(b"\x10\x03!\x80"), max_size=40).map(bytes),
    cut=st.integers(0, 80),
)
@pytest.mark.parametrize("dles", [1, 3])
def test_sound_comes_through_whole_however_it_is_cut(dles: int, sound: bytes, cut: int) -> None:
    sent = sound.replace(b"\x10", b"\x10\x10") + b"\x10" * dles + b"\x03"
    parting = Parting(dles)
    pieces = parting.feed(sent[:cut]) + parting.feed(sent[cut:])
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == sound
    assert [piece for piece in pieces if isinstance(piece, int)] == [3]


def test_one_dle_does_not_end_a_conexants_stream_but_one_ends_its_duplex() -> None:
    assert Parting(3).feed(b"ab\x10\x03cd\x10!") == [b"ab", b"cd"]
    assert Parting(3).feed(b"ab\x10^") == [b"ab", ord("^")]
    assert Parting(3).feed(b"\x10\x1a") == [b"\x10\x10"]


def test_endless_dles_are_not_kept() -> None:
    parting = Parting(3)
    heard = b"".join(piece for _ in range(1000) for piece in parting.feed(b"\x10") if piece)  # type: ignore[misc]
    assert len(heard) > 400
