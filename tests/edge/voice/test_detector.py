"""Every country's tones from generated sound, off in every way; and nobody who talks is a tone."""

from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.tones import SHIPPED, CountryTones, ProgressTone, load_tones
from edge.voice.detector import Heard, ToneDetector
from edge.voice.tones import amplitude, sines
from modem.pcm import RATE
from tests.edge.voice.signals import (
    ESPEAK,
    NO_ESPEAK,
    Sound,
    chord,
    drifted,
    frames,
    noise,
    off,
    silence,
    speech,
    talk,
    tone,
)

TONES = load_tones([SHIPPED])
KINDS = (Heard.BUSY, Heard.CONGESTION, Heard.DIAL, Heard.RINGBACK)
ENDS = {Heard.BUSY, Heard.CONGESTION, Heard.DISCONNECT, Heard.SIT}
# How much higher, slower, in dBm0, by which clock: each tone meets two of them, all are met.
LINES = [
    (1.01, 1.08, -13.0, 200),
    (0.99, 0.92, -3.0, -200),
    (0.99, 1.08, -30.0, 200),
    (1.01, 0.92, -20.0, -200),
    (1.0, 1.0, -35.0, 200),
]


def listed(country: CountryTones) -> list[tuple[Heard, ProgressTone]]:
    """Return every tone, the main ones before their variants."""
    firsts = [(kind, getattr(country, kind)[0]) for kind in KINDS]
    return firsts + [(kind, one) for kind in KINDS for one in getattr(country, kind)[1:]]


def meaning(country: CountryTones, wanted: ProgressTone) -> Heard:
    """Return the first meaning of a tone: some countries have one tone for two things."""

    def shape(one: ProgressTone) -> object:
        return one.freqs_hz, one.cadence_ms, one.am_hz

    return next(kind for kind, one in listed(country) if shape(one) == shape(wanted))


def swells(wanted: ProgressTone) -> bool:
    """Say whether a tone fades 25 or 50 times a second: in much noise it is lost then."""
    close = np.ptp(wanted.freqs_hz) in range(1, 60)
    return wanted.am_hz is not None or close


def heard(country: CountryTones, *parts: Sound, dialled: bool = True) -> list[Heard]:
    detector = ToneDetector(country)
    detector.dialled = dialled
    return [found for frame in frames(*parts) if (found := detector.hear(frame))]


@pytest.mark.parametrize("country", sorted(TONES.by_name))
def test_every_tone_of_a_country_is_itself_and_no_other(country: str) -> None:
    tones = TONES.of(country)
    lines = cycle(LINES)
    for _, wanted in listed(tones):
        for freq, cadence, level, ppm in (next(lines), next(lines)):
            sound = np.concatenate([silence(0.313), tone(off(wanted, freq, cadence), 7, level)])
            sound = drifted(sound, ppm)
            quiet = min(-40.0, level - 10) if swells(wanted) else -40.0
            found = set(heard(tones, sound + noise(8, quiet)[: len(sound)]))
            assert found == {meaning(tones, wanted)}, (wanted, freq, cadence, level, ppm)


@pytest.mark.parametrize("country", ["de", "us", "gb", "it", "in", "th"])
def test_a_dial_tone_is_heard_within_a_second_before_the_number(country: str) -> None:
    tones = TONES.of(country)
    sound = tone(tones.dial[0], 8.0 if tones.dial[0].cadence_ms else 1.0)
    assert set(heard(tones, silence(0.2), sound, dialled=False)) == {Heard.DIAL}


@pytest.mark.parametrize("country", ["de", "us", "gb", "jp"])
def test_ringback_is_heard_in_the_first_pause_and_each_ring_after(country: str) -> None:
    tones = TONES.of(country)
    ring = tones.ringback[0]
    period = sum(ring.cadence_ms) / 1000
    first = period - ring.cadence_ms[-1] / 1000 + 0.7
    assert heard(tones, silence(0.5), tone(ring, first), silence(0.1)) == [Heard.RINGBACK]
    rings = heard(tones, silence(0.5), tone(ring, 3 * period), silence(1))
    assert rings == [Heard.RINGBACK] * 3


def test_busy_takes_as_many_cycles_as_asked_for() -> None:
    tones = TONES.of("de")
    for cycles in (2, 4, 8):
        detector = ToneDetector(tones, cycles=cycles)
        times = [
            at for at, frame in enumerate(frames(tone(tones.busy[0], 9))) if detector.hear(frame)
        ]
        assert times[0] * 0.02 == pytest.approx(0.96 * cycles - 0.48, abs=0.06)


def test_lost_frames_do_not_hide_a_tone() -> None:
    tones = TONES.of("de")
    sound = tone(tones.busy[0], 6)
    for at in range(960, len(sound) - 160, 4320):
        sound[at : at + 160] = 0
    assert Heard.BUSY in heard(tones, sound)


def test_one_frequency_of_two_is_none() -> None:
    alone = ProgressTone(freqs_hz=(480,), cadence_ms=(500, 500))
    assert not heard(TONES.of("US"), tone(alone, 9))


@pytest.mark.parametrize("hz", [360, 500, 850, 2100])
def test_another_frequency_is_none(hz: int) -> None:
    other = ProgressTone(freqs_hz=(hz,), cadence_ms=(480, 480))
    assert not heard(TONES.of("DE"), tone(other, 9))


@pytest.mark.parametrize("hum_dbm0", [-30, -15])
def test_hum_and_offset_of_cheap_modems_hide_nothing(hum_dbm0: float) -> None:
    tones = TONES.of("FR")
    at = np.arange(9 * RATE)
    hum = amplitude(hum_dbm0) * sines([50, 100], at) + 900
    assert set(heard(tones, tone(tones.busy[0], 9, -20) + hum)) == {Heard.BUSY}


def test_clipped_tones_are_heard() -> None:
    tones = TONES.of("AU")
    sound = np.clip(tone(tones.busy[0], 9, 0), -9000, 9000)
    assert set(heard(tones, sound)) == {Heard.BUSY}


def sit(lengths_ms: tuple[int, ...], freqs: tuple[int, ...] = (950, 1400, 1800)) -> Sound:
    parts = [silence(0.5)]
    for ms, hz in zip(lengths_ms, freqs, strict=True):
        parts.append(amplitude(-15) * sines([hz], np.arange(ms * 8)))
    return np.concatenate([*parts, silence(0.5)])


@pytest.mark.parametrize("country", ["us", "de", "ke"])
@pytest.mark.parametrize(
    ("lengths", "freqs"),
    [
        ((330, 330, 330), (950, 1400, 1800)),
        ((380, 274, 380), (985, 1371, 1777)),
        ((270, 400, 330), (914, 1429, 1780)),
    ],
)
def test_special_information_tones(
    country: str, lengths: tuple[int, ...], freqs: tuple[int, ...]
) -> None:
    sound = sit(lengths, freqs)
    assert heard(TONES.of(country), sound + noise(5, -40)[: len(sound)]) == [Heard.SIT]


def test_their_three_sounds_in_another_order_or_too_long_are_none() -> None:
    assert not heard(TONES.of("US"), sit((330, 330, 330), (1400, 950, 1800)))
    assert not heard(TONES.of("US"), sit((330, 700, 330)))
    assert not heard(TONES.of("US"), sit((330, 330)[:1] * 3, (950, 1400, 1400)))


@pytest.mark.skipif(not ESPEAK, reason=NO_ESPEAK)
def test_talkers_are_no_tones(tmp_path: Path) -> None:
    talkers = [("en", 50, 160), ("en+f3", 70, 110), ("de+f2", 95, 100), ("it+m3", 20, 200)]
    said = np.concatenate([speech(tmp_path, *one) for one in talkers])
    assert len(said) / RATE > 60
    for country, gain in (("de", 1), ("us", 0.2), ("gb", 1), ("in", 1), ("th", 0.2)):
        assert not set(heard(TONES.of(country), said * gain)) & {*ENDS, Heard.DIAL}, country


Syllables = st.lists(
    st.tuples(st.floats(0.1, 0.8), st.floats(0.05, 0.8), st.floats(300, 700)),
    min_size=8,
    max_size=12,
)


@given(syllables=Syllables, pitch=st.floats(80, 330))
@settings(max_examples=15, deadline=None)
def test_no_talker_is_busy(syllables: list[tuple[float, float, float]], pitch: float) -> None:
    for country in ("de", "us", "in"):
        assert not set(heard(TONES.of(country), talk(syllables, pitch))) & ENDS


@given(
    beat=st.sampled_from([0.2, 0.24, 0.25, 0.35, 0.375, 0.4, 0.5, 0.75]),
    formant=st.floats(400, 480),
    pitch=st.sampled_from([106.0, 120.0, 141.7, 200.0, 212.5, 225.0]),
)
@settings(max_examples=15, deadline=None)
def test_nor_one_who_keeps_the_beat_of_busy(beat: float, formant: float, pitch: float) -> None:
    chant = talk([(beat, beat, formant)] * 9, pitch)
    for country in ("de", "gb", "fr", "cn"):
        assert not set(heard(TONES.of(country), chant)) & ENDS


@given(
    beat=st.sampled_from([0.2, 0.25, 0.375, 0.5, 0.75]),
    root=st.integers(57, 81),
    third=st.sampled_from([3, 4, 5, 7, 9]),
)
@settings(max_examples=15, deadline=None)
def test_no_chords_are_busy(beat: float, root: int, third: int) -> None:
    bar = np.concatenate([chord([root, root + third, root + 7], beat), silence(beat)])
    for country in ("de", "us", "gb", "jp"):
        assert not set(heard(TONES.of(country), np.tile(bar, 8))) & ENDS


def test_noise_is_no_tone() -> None:
    for country in ("de", "us", "th"):
        assert not heard(TONES.of(country), noise(20, -15))
