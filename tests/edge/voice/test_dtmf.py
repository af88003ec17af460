"""DTMF by ITU-T Q.24: what must be heard, what must not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.voice.dtmf import HIGH_HZ, LOW_HZ, PLACES, DtmfDetector, dtmf_frames
from edge.voice.tones import amplitude, sines
from modem.pcm import FRAME_BYTES, RATE
from tests.edge.voice.signals import (
    ESPEAK,
    NO_ESPEAK,
    Sound,
    drifted,
    frames,
    joined,
    noise,
    silence,
    speech,
)

KEYS = "1234567890*#ABCD"


def heard(*parts: Sound) -> str:
    detector = DtmfDetector()
    return "".join(key for frame in frames(*parts) if (key := detector.hear(frame)))


def key(name: str, ms: int = 80, twist_db: float = 0, off: float = 0) -> Sound:
    row, column = PLACES[name]
    at = np.arange(RATE * ms // 1000)
    low = amplitude(-12) * sines([LOW_HZ[row] * (1 + off)], at)
    return low + amplitude(-12 + twist_db) * sines([HIGH_HZ[column] * (1 + off)], at)


@pytest.mark.parametrize("level", [-3, -9, -20, -32])
@pytest.mark.parametrize(("on_ms", "off_ms"), [(40, 40), (65, 45), (100, 100)])
def test_all_keys_at_any_place_in_the_frames(level: int, on_ms: int, off_ms: int) -> None:
    for shift in (0, 0.0044, 0.011, 0.0157):
        keys = joined(dtmf_frames(KEYS, on_ms, off_ms, level))
        sound = np.concatenate([silence(0.1 + shift), drifted(keys, 200), silence(0.1)])
        assert heard(sound + noise(2 + len(sound) / RATE, level - 15)[: len(sound)]) == KEYS


@given(st.text(KEYS, min_size=1, max_size=6), st.integers(40, 120), st.integers(40, 200))
@settings(max_examples=30)
def test_what_is_made_is_heard(digits: str, on_ms: int, off_ms: int) -> None:
    assert heard(joined(dtmf_frames(digits, on_ms, off_ms)), silence(0.1)) == digits


def test_a_key_is_told_once_and_at_once() -> None:
    detector = DtmfDetector()
    told = [detector.hear(frame) for frame in dtmf_frames("5", 2000, 100)]
    assert told.index("5") <= 2
    assert told.count(None) == len(told) - 1


@pytest.mark.parametrize("twist", [-7, -4, 0, 4, 5])
def test_twist_of_a_line_is_heard(twist: float) -> None:
    assert "".join(heard(silence(0.03), key(one, 80, twist), silence(0.1)) for one in KEYS) == KEYS


@pytest.mark.parametrize("twist", [-12, 10, -60, 60])
def test_one_frequency_alone_is_no_key(twist: float) -> None:
    assert not any(heard(key(one, 200, twist), silence(0.1)) for one in KEYS)


@pytest.mark.parametrize("off", [-0.018, -0.01, 0.01, 0.018])
def test_frequencies_may_be_off_by_less_than_two_percent(off: float) -> None:
    assert "".join(heard(key(one, 80, 0, off), silence(0.1)) for one in KEYS) == KEYS


@pytest.mark.parametrize("off", [-0.05, 0.05])
def test_but_not_by_five(off: float) -> None:
    assert not any(heard(key(one, 200, 0, off), silence(0.1)) for one in KEYS)


@pytest.mark.parametrize("shift", [0, 0.003, 0.006, 0.009, 0.013, 0.017])
def test_times(shift: float) -> None:
    start = silence(0.1 + shift)
    for one in "159D#":
        assert heard(start, key(one, 24), silence(0.1)) == ""
        assert heard(start, key(one, 50), silence(0.01), key(one, 50), silence(0.1)) == one
        assert heard(start, key(one, 50), silence(0.04), key(one, 50), silence(0.1)) == one * 2


@pytest.mark.skipif(not ESPEAK, reason=NO_ESPEAK)
def test_a_talker_presses_no_key(tmp_path: Path) -> None:
    talkers = [("en", 50), ("en+f3", 80), ("de+m2", 20), ("it+f2", 95)]
    sound = np.concatenate([speech(tmp_path, voice, pitch) for voice, pitch in talkers])
    assert len(sound) / RATE > 60
    assert heard(sound) == ""
    assert heard(sound * 0.2) == ""


def test_a_key_is_heard_while_little_else_is_and_nothing_in_noise() -> None:
    assert heard(key("7", 120) + noise(0.12, -30)[: RATE * 120 // 1000], silence(0.1)) == "7"
    assert heard(noise(5, -10)) == ""


def test_frames_are_whole_and_strange_keys_refused() -> None:
    assert {len(frame) for frame in dtmf_frames("12", 45, 33)} == {FRAME_BYTES}
    with pytest.raises(ValueError, match="'x' is no key"):
        list(dtmf_frames("1x"))
