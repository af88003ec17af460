import numpy as np
import pytest

from config.tones import ProgressTone
from edge.voice.spectrum import dbov, power_of, samples_of
from edge.voice.tones import WARNING, WARNING_MS, ToneSource, tone_frames
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, RATE
from tests.edge.voice.signals import joined, tone

A = ProgressTone(freqs_hz=(440,))


def test_a_tone_goes_on_where_the_last_frame_ended() -> None:
    at = np.arange(50 * FRAME_SAMPLES)
    sound = tone(A, 1, 0)
    whole = np.sin(2 * np.pi * 440 / RATE * at) * np.abs(sound).max()
    assert np.abs(sound - whole).max() < 40


@pytest.mark.parametrize("freqs", [(425,), (350, 440)])
@pytest.mark.parametrize("am", [None, 25])
@pytest.mark.parametrize("level", [-3.0, -13.0, -35.0])
def test_its_level_is_that_of_all_it_is_made_of(
    freqs: tuple[int, ...], am: int | None, level: float
) -> None:
    sound = tone(ProgressTone(freqs_hz=freqs, am_hz=am), 2, min(level, -9) if am else level)
    power = dbov(power_of((sound / 32768).astype(np.float32)))
    assert power == pytest.approx((min(level, -9) if am else level) - 6.15, abs=0.2)


def test_its_cadence_is_exact_to_the_sample() -> None:
    sound = tone(ProgressTone(freqs_hz=(1000,), cadence_ms=(175, 125, 50, 150)), 5)
    on = (np.arange(len(sound)) % 4000 < 1400) | (
        (np.arange(len(sound)) % 4000 >= 2400) & (np.arange(len(sound)) % 4000 < 2800)
    )
    assert not sound[~on].any()
    assert np.count_nonzero(sound[on]) > 0.7 * on.sum()


def test_frames_are_whole_and_as_many_as_asked_for() -> None:
    frames = list(tone_frames(A, 90))
    assert [len(frame) for frame in frames] == [FRAME_BYTES] * 5
    assert len(ToneSource(A).frame()) == FRAME_BYTES


def test_the_warning_is_two_beeps() -> None:
    loud = [power_of(samples_of(frame)) > 0 for frame in tone_frames(WARNING, WARNING_MS)]
    assert loud == [True] * 6 + [False] * 6 + [True] * 6 + [False] * 6


def test_the_loudest_is_clipped_rather_than_wrapped() -> None:
    sound = joined(tone_frames(ProgressTone(freqs_hz=(400, 450)), 200, 3))
    assert np.abs(np.diff(sound)).max() < 32768
