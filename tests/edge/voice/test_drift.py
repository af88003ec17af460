"""The drift buffer over simulated time: two clocks, jitter, loss, and no click that we made."""

from collections.abc import Iterable, Iterator
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.voice.drift import LEAST, MOST_LEAST, OVERFLOW, WINDOW, DriftBuffer
from modem.pcm import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, RATE, SILENCE

TONE_HZ = 1004.0
LEVEL = 10_000


def tone(number: int, hz: float = TONE_HZ) -> bytes:
    """Frame `number` of an endless tone."""
    at = np.arange(number * FRAME_SAMPLES, (number + 1) * FRAME_SAMPLES)
    return bytes(np.rint(LEVEL * np.sin(2 * np.pi * hz / RATE * at)).astype("<i2").data)


def arrivals(ppm: float, seconds: float, jitter: Iterable[float] = ()) -> Iterator[float]:
    """When frames come: by a clock that is fast by `ppm`, each later by its jitter, in order."""
    late, last = iter(jitter), 0.0
    for number in count(1):
        due = number * FRAME_S / (1 + ppm / 1e6)
        if due > seconds:
            return
        last = max(last, due + next(late, 0.0))
        yield last


def run(
    buffer: DriftBuffer, times: Iterable[float], seconds: float, phase: float = 0.007
) -> list[bytes]:
    """Push a tone at `times` and pull at each tick; what came out."""
    out, coming = [], enumerate(times)
    number, at = next(coming)
    for tick in range(int(seconds / FRAME_S)):
        now = phase + tick * FRAME_S
        while at <= now:
            buffer.push(tone(number), at)
            number, at = next(coming, (0, float("inf")))
        out.append(buffer.pull(now))
    return out


def discontinuities(frames: list[bytes]) -> int:
    """Samples at which a pure tone does not go on as its last two samples say."""
    sound = np.frombuffer(b"".join(frames), "<i2").astype(float)
    sound = sound[np.argmax(np.abs(sound) > LEVEL / 2) :]
    turn = 2 * np.cos(2 * np.pi * TONE_HZ / RATE)
    error = np.abs(sound[2:] - turn * sound[1:-1] + sound[:-2])
    return int(np.count_nonzero(error > LEVEL / 20))


@pytest.fixture(autouse=True)
def _one_tone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tones are made once: 250 frames of 1004 Hz are 5020 whole turns."""
    frames = [tone(number) for number in range(250)]
    monkeypatch.setitem(globals(), "tone", lambda number: frames[number % 250])


@pytest.mark.parametrize("ppm", [-200, -20, 0, 20, 200])
def test_a_tone_passes_two_clocks_for_ten_minutes_without_a_click(ppm: int) -> None:
    buffer = DriftBuffer()
    frames = run(buffer, arrivals(ppm, 600), 600)
    assert discontinuities(frames) == 0
    counters = buffer.counters
    assert (counters.late, counters.lost, counters.concealed) == (0, 0, 0)
    slips = counters.removed - counters.inserted
    assert slips == pytest.approx(ppm * 1e-6 * RATE * 600, abs=FRAME_SAMPLES)
    assert LEAST - 8 < buffer.headroom_s * RATE < LEAST + WINDOW + 8


def test_a_click_would_be_counted() -> None:
    frames = [tone(number) for number in range(100)]
    assert discontinuities(frames) == 0
    assert discontinuities(frames[:50] + frames[51:]) > 0


@settings(max_examples=25, deadline=None)
@given(
    ppm=st.floats(-300, 300),
    phase=st.floats(0, FRAME_S),
    jitter=st.lists(st.floats(0, 0.015), max_size=200),
)
def test_small_jitter_at_any_phase_costs_nothing(
    ppm: float, phase: float, jitter: list[float]
) -> None:
    buffer = DriftBuffer()
    frames = run(buffer, arrivals(ppm, 20, jitter * 5), 20, phase)
    assert discontinuities(frames) == 0
    assert buffer.counters.concealed == 0
    assert buffer.headroom_s < 0.045


def test_frames_in_twos_and_fives_pass_too() -> None:
    """A modem hands on 40 ms at a time, another 100 ms."""
    for together in (2, 5):
        jitter = [FRAME_S * (together - 1 - n % together) for n in range(6000)]
        buffer = DriftBuffer()
        run(buffer, arrivals(100, 120, jitter), 120)
        assert buffer.counters.concealed < 5  # in the first seconds, and never again
        assert buffer.headroom_s < 0.13


def test_bursts_of_60_ms_widen_the_buffer_until_they_are_no_gaps() -> None:
    jitter = [0.06 if n % 100 == 50 else 0.0 for n in range(6000)]
    buffer = DriftBuffer()
    times = list(arrivals(0, 120, jitter))
    run(buffer, times, 120)
    assert 0 < buffer.counters.concealed < 8  # of 60 bursts, three ticks each
    assert buffer.headroom_s < (MOST_LEAST + WINDOW) / RATE
    assert buffer.counters.lost == 0


def test_a_buffer_that_was_widened_narrows_when_all_is_calm() -> None:
    buffer = DriftBuffer()
    run(buffer, arrivals(0, 300, [0.0] * 100 + [0.07]), 300)
    assert buffer.counters.concealed == 3  # due 20 ms before a tick, and 70 ms late
    assert LEAST - 8 < buffer.headroom_s * RATE < LEAST + WINDOW + 8


def test_a_gap_is_faded_and_silent_and_fades_in_again() -> None:
    buffer = DriftBuffer()
    frames = run(buffer, arrivals(0, 4, [0.0] * 50 + [0.1]), 4)
    sound = np.frombuffer(b"".join(frames), "<i2").astype(float)
    steepest = LEVEL * 2 * np.pi * TONE_HZ / RATE
    assert np.abs(np.diff(sound[2000:])).max() <= steepest * 1.05
    assert SILENCE in frames[10:]
    assert buffer.counters.late > 0


def test_a_sender_that_stops_is_away_and_begins_anew() -> None:
    buffer = DriftBuffer()
    run(buffer, arrivals(0, 2), 10)
    concealed = buffer.counters.concealed
    assert concealed < 30  # not one for each of 400 ticks
    assert buffer.pull(10.0) == SILENCE
    for number in range(3):
        buffer.push(tone(number), 10.001 + number * FRAME_S)
    assert buffer.pull(10.046) == tone(0)
    assert buffer.counters.concealed == concealed


def test_a_flood_is_cut_down_to_the_target_and_delay_stays_bounded() -> None:
    buffer = DriftBuffer()
    frames = run(buffer, arrivals(0, 2), 2)
    for number in range(1000):
        buffer.push(tone(number), 2.0)
        assert len(buffer._held) <= 2 * (OVERFLOW + 2 * FRAME_SAMPLES)
    frames += [buffer.pull(2.001)]
    steepest = LEVEL * 2 * np.pi * TONE_HZ / RATE
    sound = np.frombuffer(b"".join(frames[-2:]), "<i2").astype(float)
    assert np.abs(np.diff(sound)).max() <= steepest * 1.2  # the skip is crossfaded
    assert buffer.counters.lost > 900


@pytest.mark.parametrize("held_up_s", [0.06, 0.1, 0.16, 0.3])
def test_ticks_that_were_lost_leave_no_delay_and_nothing_to_mend(held_up_s: float) -> None:
    buffer = DriftBuffer()
    times = list(enumerate(arrivals(0, 10)))
    for tick in range(400):
        now = 0.007 + tick * FRAME_S + (held_up_s if tick >= 100 else 0.0)
        while times and times[0][1] <= now:
            number, at = times.pop(0)
            buffer.push(tone(number), at)
        buffer.pull(now)
    assert buffer.counters.lost == round(held_up_s / FRAME_S)
    assert (buffer.counters.inserted, buffer.counters.concealed) == (0, 0)
    assert buffer.headroom_s * RATE < LEAST + WINDOW


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES + 1])
def test_what_is_no_frame_is_lost_and_nothing_else(size: int) -> None:
    buffer = DriftBuffer()
    buffer.push(bytes(size), 0.0)
    assert buffer.counters.lost == 1
    assert buffer.pull(0.01) == SILENCE


def test_before_the_first_frame_nothing_is_concealed() -> None:
    buffer = DriftBuffer()
    assert {buffer.pull(n * FRAME_S) for n in range(100)} == {SILENCE}
    assert buffer.counters.concealed == 0


def test_the_ordinary_path_hands_on_the_very_octets() -> None:
    buffer = DriftBuffer()
    heard = b"".join(run(buffer, arrivals(0, 4), 4)).lstrip(b"\0")
    assert len(heard) > 3.9 * 2 * RATE
    assert heard in b"".join(tone(number) for number in range(250))
