"""One sample more or less: nobody hears it, and levels come back to where they settled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.audio.slip import LEARN, SETTLED, Steer, resize
from modem.pcm import FRAME_SAMPLES, RATE


def sine(samples: int, hz: float, level: float = 10_000) -> bytes:
    wave = level * np.sin(2 * np.pi * hz / RATE * np.arange(samples) + 0.3)
    return bytes(np.rint(wave).astype("<i2").data)


@pytest.mark.parametrize("samples", [FRAME_SAMPLES - 1, FRAME_SAMPLES, FRAME_SAMPLES + 1])
@pytest.mark.parametrize("hz", [300, 1000, 2000, 3000])
def test_a_tone_stays_the_tone_that_it_was(samples: int, hz: float) -> None:
    """It is as loud in the middle, and its ends are where they were."""
    before = np.frombuffer(sine(FRAME_SAMPLES, hz), "<i2").astype(float)
    after = np.frombuffer(resize(sine(FRAME_SAMPLES, hz), samples), "<i2").astype(float)
    assert len(after) == samples
    assert (after[0], after[-1]) == pytest.approx((before[0], before[-1]), abs=1)
    wanted = 10_000 * np.sin(
        2 * np.pi * hz / RATE * np.linspace(0, FRAME_SAMPLES - 1, samples) + 0.3
    )
    error = np.sqrt(np.mean((after - wanted)[8:-8] ** 2))
    assert error < 10_000 * (0.005 if hz <= 2000 else 0.05)


@given(st.lists(st.integers(-32768, 32767), min_size=FRAME_SAMPLES, max_size=FRAME_SAMPLES))
def test_what_is_loud_is_clipped_and_never_wraps(samples: list[int]) -> None:
    loud = np.sign(np.array(samples) + 0.5) * 32767
    made = np.frombuffer(resize(bytes(loud.astype("<i2").data), 161), "<i2").astype(float)
    near = np.interp(np.linspace(0, 159, 161), np.arange(160), loud)
    assert np.abs(made - near).max() < 65535 * 0.75  # a wrap would be nearly all of it


def test_a_level_is_kept_where_it_settled() -> None:
    steer, level, slips = Steer(), 500.0, 0
    for _ in range(20_000):
        level += 0.05  # 310 ppm
        slip = steer.step(level)
        level -= slip
        slips += slip
    assert level == pytest.approx(500, abs=SETTLED + LEARN * 0.05 + 8)
    assert slips == pytest.approx(1000, abs=SETTLED + LEARN * 0.05 + 8)


def test_jitter_alone_moves_nothing() -> None:
    steer = Steer()
    jitter = np.random.default_rng(1).uniform(-80, 80, 20_000)
    assert {steer.step(float(level)) for level in jitter} == {0}


def test_a_new_level_is_learned_when_the_old_one_means_nothing() -> None:
    steer = Steer()
    for _ in range(1000):
        assert steer.step(0.0) == 0
    steer.forget()
    assert {steer.step(5000.0) for _ in range(1000)} == {0}
