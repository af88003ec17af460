import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.voice.spectrum import Bank, around, dbov, power_of, samples_of
from edge.voice.tones import amplitude, octets
from modem.pcm import FRAME_SAMPLES, RATE, SILENCE

AT = np.arange(FRAME_SAMPLES)


def sine(hz: float, phase: float = 0.0) -> bytes:
    return octets(amplitude(0) * np.sin(2 * np.pi * hz / RATE * AT + phase))


@pytest.mark.parametrize(("level", "shown"), [(0.0, -6.15), (-13.0, -19.15), (3.0, -3.15)])
def test_dbm0_in_dbov(level: float, shown: float) -> None:
    wave = octets(amplitude(level) * np.sin(2 * np.pi * 1000 / RATE * AT))
    assert dbov(power_of(samples_of(wave))) == pytest.approx(shown, abs=0.02)


def test_silence_and_the_loudest() -> None:
    assert dbov(power_of(samples_of(SILENCE))) == -127
    assert dbov(power_of(samples_of(b"\x00\x80" * FRAME_SAMPLES))) == 0


@given(off=st.floats(-25, 25), phase=st.floats(0, 6.3), centre=st.sampled_from([400, 425, 620]))
def test_a_tone_within_the_width_is_in_the_band(off: float, phase: float, centre: int) -> None:
    samples = samples_of(sine(centre + off, phase))
    power = Bank([around([centre], 25)]).powers(samples)[0]
    assert power == pytest.approx(power_of(samples), rel=0.08)


@given(off=st.floats(75, 400), phase=st.floats(0, 6.3), below=st.booleans())
def test_a_tone_far_off_is_not(off: float, phase: float, below: bool) -> None:  # noqa: FBT001
    samples = samples_of(sine(850 - off if below else 850 + off, phase))
    assert Bank([around([850], 25)]).powers(samples)[0] < 0.1 * power_of(samples)


def test_bands_do_not_disturb_each_other() -> None:
    bands = [around([425], 25), around([480, 620], 25), around([1400], 50)]
    samples = samples_of(sine(1400))
    alone = [float(Bank([band]).powers(samples)[0]) for band in bands]
    assert Bank(bands).powers(samples).tolist() == pytest.approx(alone, rel=1e-4)
    assert Bank(bands).powers(np.stack([samples] * 2)).shape == (2, 3)
