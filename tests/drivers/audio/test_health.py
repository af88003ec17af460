"""Troubles of a device over given time: told once, and again after they were over."""

import pytest

from drivers.audio.health import Health
from drivers.audio.port import Trouble


def told_of(rate: float, seconds: float, chunk_s: float = 0.02) -> list[Trouble]:
    """What is told of a device that sends `rate` samples a second, in chunks."""
    told: list[Trouble] = []
    health = Health(8000, 0.0, told.append)
    for number in range(1, int(seconds / chunk_s)):
        health.hear(round(rate * chunk_s), number * chunk_s)
        health.look(number * chunk_s)
    return told


def test_no_frames_is_told_once_and_again_after_some_came() -> None:
    told: list[Trouble] = []
    health = Health(8000, 0.0, told.append)
    for now in (0.5, 1.0):
        health.look(now)
    assert told == []
    for now in (1.5, 2.0, 2.5):
        health.look(now)
    assert told == [Trouble.NO_FRAMES]
    health.hear(160, 3.0)
    health.look(3.5)
    assert told == [Trouble.NO_FRAMES]
    health.look(4.5)
    assert told == [Trouble.NO_FRAMES] * 2


@pytest.mark.parametrize("rate", [8000, 8050, 7950])
@pytest.mark.parametrize("chunk_s", [0.02, 0.04, 0.1])
def test_a_rate_that_is_nearly_right_is_right(rate: int, chunk_s: float) -> None:
    assert told_of(rate, 35, chunk_s) == []


@pytest.mark.parametrize("rate", [16_000, 8200, 7800, 4000])
def test_a_wrong_rate_is_told_once(rate: int) -> None:
    assert told_of(rate, 9) == []
    assert told_of(rate, 60) == [Trouble.WRONG_RATE]


def test_a_pause_is_no_wrong_rate() -> None:
    told: list[Trouble] = []
    health = Health(8000, 0.0, told.append)
    now = 0.0
    for _ in range(10):
        for _ in range(250):
            now += 0.02
            health.hear(160, now)
        now += 2.0
    assert told == []
