"""Learning a disconnect tone: what was generated is found, and nothing where there is none."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.tones import SHIPPED, ProgressTone, load_tones
from config.voice import Tone
from edge.voice.learn import learn
from modem.pcm import RATE
from tests.edge.voice.signals import (
    ESPEAK,
    NO_ESPEAK,
    Sound,
    chord,
    frames,
    noise,
    silence,
    speech,
    talk,
    tone,
)

TONES = load_tones([SHIPPED])
TALK = talk([(0.3, 0.15, 520.0), (0.2, 0.1, 640.0), (0.5, 0.3, 450.0)] * 4, 118)
ENDS = sorted(
    {
        (one.freqs_hz, one.cadence_ms)
        for tones in TONES.by_name.values()
        for one in (*tones.busy, *tones.congestion)
    }
)


def learned(*parts: Sound, noise_dbm0: float = -50) -> Tone | None:
    sound = np.concatenate(parts)
    return learn(frames(sound + noise(1 + len(sound) / RATE, noise_dbm0)[: len(sound)]))


def is_like(found: Tone | None, freqs: tuple[int, ...], cadence: tuple[int, ...]) -> bool:
    if not found or len(found.freqs_hz) != len(freqs) or len(found.cadence_ms) != len(cadence):
        return False
    near = all(abs(a - b) <= 5 for a, b in zip(found.freqs_hz, freqs, strict=True))
    return near and all(abs(a - b) <= 10 for a, b in zip(found.cadence_ms, cadence, strict=True))


@pytest.mark.parametrize(("freqs", "cadence"), ENDS)
@pytest.mark.parametrize(("level", "noise_dbm0"), [(-13, -60), (-28, -45)])
def test_every_countrys_end_of_a_call_is_found_again(
    freqs: tuple[int, ...], cadence: tuple[int, ...], level: float, noise_dbm0: float
) -> None:
    sound = tone(ProgressTone(freqs_hz=freqs, cadence_ms=cadence), 8, level)
    found = learned(TALK, silence(0.713), sound, noise_dbm0=noise_dbm0)
    assert is_like(found, freqs, cadence), found


@given(
    first=st.integers(300, 1400),
    apart=st.one_of(st.just(0), st.integers(80, 400)),
    on_ms=st.integers(150, 700),
    off_ms=st.integers(150, 700),
)
@settings(max_examples=25, deadline=None)
def test_any_tone_is_found(first: int, apart: int, on_ms: int, off_ms: int) -> None:
    freqs = (first, first + apart) if apart else (first,)
    sound = tone(ProgressTone(freqs_hz=freqs, cadence_ms=(on_ms, off_ms)), 9, -15)
    assert is_like(learned(silence(1), sound), freqs, (on_ms, off_ms))


@pytest.mark.parametrize("freqs", [(425,), (350, 440)])
def test_a_tone_without_pauses(freqs: tuple[int, ...]) -> None:
    found = learned(TALK, silence(0.5), tone(ProgressTone(freqs_hz=freqs), 6))
    assert is_like(found, freqs, ())


def test_the_latest_tone_counts() -> None:
    tones = TONES.of("DE")
    found = learned(tone(tones.congestion[0], 5), silence(2), tone(tones.busy[0], 6))
    assert is_like(found, (425,), (480, 480))


@pytest.mark.parametrize(
    "sound",
    [
        silence(5),
        silence(0.01),
        np.zeros(0),
        noise(10, -25),
        np.concatenate([TALK, TALK]),
        tone(TONES.of("DE").busy[0], 2),
        np.concatenate([TALK, tone(TONES.of("DE").ringback[0], 30)]),
        np.concatenate([chord([57, 61, 64], 0.4), chord([62, 66, 69], 0.4), silence(0.3)] * 5),
    ],
    ids=["silence", "no time", "nothing", "noise", "talk", "short", "ringback", "music"],
)
def test_where_there_is_none_none_is_found(sound: Sound) -> None:
    assert learned(sound, noise_dbm0=-60) is None


@pytest.mark.skipif(not ESPEAK, reason=NO_ESPEAK)
def test_words_are_no_tone(tmp_path: Path) -> None:
    assert learned(speech(tmp_path, "de+f2", 90, 120)) is None


def test_an_hour_is_heard_from_its_end() -> None:
    quiet = (frame for _ in range(60) for frame in frames(noise(60, -60)))
    ends = frames(tone(TONES.of("FR").busy[0], 6))
    assert is_like(learn(chain(quiet, ends)), (440,), (500, 500))
