from pathlib import Path

import numpy as np
import pytest

from config.tones import ProgressTone
from edge.voice.meter import Meter, Speech, Talk
from edge.voice.spectrum import dbov, power_of, samples_of
from modem.pcm import RATE
from tests.edge.voice.signals import (
    ESPEAK,
    NO_ESPEAK,
    Sound,
    frames,
    noise,
    silence,
    speech,
    talk,
    tone,
)


def levels(sound: Sound) -> list[float]:
    return [dbov(power_of(samples_of(frame))) for frame in frames(sound)]


def test_a_meter_tells_mean_and_peak_and_begins_anew() -> None:
    meter = Meter()
    for frame in frames(tone(ProgressTone(freqs_hz=(1000,)), 1, 0), silence(1)):
        meter.hear(frame)
    read = meter.take()
    assert read.mean_dbov == pytest.approx(-9.16, abs=0.05)
    assert read.peak_dbov == pytest.approx(-3.14, abs=0.05)
    assert meter.take().mean_dbov == -127


@pytest.mark.parametrize("noise_dbm0", [-70, -50, -40])
def test_speech_is_told_from_noise(noise_dbm0: float) -> None:
    said = talk([(0.3, 0.1, 500.0)] * 5, 140)
    background = noise(9 + len(said) / RATE, noise_dbm0)
    background[4 * RATE : 4 * RATE + len(said)] += said
    speaks = Speech()
    found = [speaks.hear(level) for level in levels(background)]
    begin, end = 200, 200 + len(said) // 160
    assert sum(found[begin:end]) > 0.6 * (end - begin)
    assert not any(found[:begin])
    assert not any(found[end + 1 :])


@pytest.mark.skipif(not ESPEAK, reason=NO_ESPEAK)
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_a_talker_is_heard_and_silence_counted(tmp_path: Path, gain: float) -> None:
    said = speech(tmp_path, "en")[: 8 * RATE] * gain
    talk_of = Talk()
    for level in levels(np.concatenate([silence(2), said, silence(6)])):
        talk_of.hear(level, tonal=False)
        if talk_of.voice_s > 0.4:
            break
    else:
        pytest.fail("no voice")
    for level in levels(silence(6)):
        talk_of.hear(level, tonal=False)
    assert talk_of.quiet_s == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("hz", [425, 1000, 2100])
def test_level_tones_are_no_voice(hz: int) -> None:
    talk_of = Talk()
    beeps = ProgressTone(freqs_hz=(hz,), cadence_ms=(500, 500))
    for level in levels(np.concatenate([silence(1), tone(beeps, 20)])):
        talk_of.hear(level, tonal=False)
        assert talk_of.voice_s < 0.1


def test_a_click_ends_no_silence() -> None:
    talk_of = Talk()
    for level in [*[-90.0] * 100, -20.0, -20.0, *[-90.0] * 100]:
        talk_of.hear(level, tonal=False)
    assert talk_of.quiet_s == pytest.approx(4, abs=0.1)
    talk_of.forget()
    assert talk_of.quiet_s == 0
