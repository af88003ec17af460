from typing import Any

import pytest

from config.limits import Limits
from edge.limits import health
from edge.limits.health import CallResult, Ending, Health
from edge.limits.state import Health as Kept
from mqtt.vocabulary import Reason

NOW = 1_795_000_000.0
LONG = CallResult(Ending.ANSWERED, 90.0)


class Sim:
    """A SIM's health under the given limits; each call ends at NOW."""

    def __init__(self, **limits: Any) -> None:
        self.health = Health(Limits(**limits))
        self.kept = Kept()

    def note(self, *results: CallResult) -> None:
        for result in results:
            self.health.note(self.kept, result, NOW)

    def rests(self, now: float = NOW) -> bool:
        return self.health.block(self.kept, now) is not None


@pytest.mark.parametrize(
    ("row", "ending"),
    [
        ("failed", Ending.FAILED),
        ("failed", Ending.NO_ALERT),
        ("failed", Ending.NO_CARRIER),
        ("no_answer", Ending.NO_ANSWER),
        ("no_alert", Ending.NO_ALERT),
        ("no_carrier", Ending.NO_CARRIER),
        ("short", Ending.ANSWERED),
    ],
)
def test_a_row_ends_in_a_rest(row: str, ending: Ending) -> None:
    sim = Sim(**{f"max_consecutive_{row}": 3})
    result = CallResult(ending, 2.0 if ending is Ending.ANSWERED else 0.0)
    sim.note(result, result)
    assert not sim.rests()
    sim.note(result)
    block = sim.health.block(sim.kept, NOW)
    assert block is not None
    assert block.reason is Reason.RESTING
    assert block.until == NOW + 900
    assert block.message.startswith("3 calls in a row ")
    assert not sim.rests(NOW + 900)


@pytest.mark.parametrize("other", [LONG, CallResult(Ending.BUSY), CallResult(Ending.FAILED)])
def test_any_other_outcome_ends_a_row(other: CallResult) -> None:
    sim = Sim(max_consecutive_no_answer=2)
    sim.note(CallResult(Ending.NO_ANSWER), other, CallResult(Ending.NO_ANSWER))
    assert not sim.rests()


def test_a_call_that_we_cancelled_tells_nothing() -> None:
    sim = Sim(max_consecutive_no_answer=2)
    missed = CallResult(Ending.NO_ANSWER)
    sim.note(missed, CallResult(Ending.CANCELLED), missed)
    assert sim.rests()


def test_a_rest_without_length_is_none() -> None:
    sim = Sim(max_consecutive_failed=2, rest_s=0)
    sim.note(*[CallResult(Ending.FAILED)] * 2)
    assert not sim.rests()


def test_a_rest_for_ever_ends_when_a_person_says_so() -> None:
    sim = Sim(max_consecutive_failed=2, rest_s=-1)
    sim.note(*[CallResult(Ending.FAILED)] * 2)
    block = sim.health.block(sim.kept, NOW + 1e9)
    assert block is not None
    assert block.until is None
    assert sim.kept.alarm == "2 calls in a row failed."
    health.enable(sim.kept)
    assert not sim.rests()
    assert sim.kept.alarm is None


def test_a_rest_begins_anew_when_the_clock_goes_back() -> None:
    sim = Sim(max_consecutive_failed=2, rest_s=60)
    sim.note(*[CallResult(Ending.FAILED)] * 2)
    back = NOW - 1e6
    assert sim.rests(back)
    assert sim.rests(back + 59)
    assert not sim.rests(back + 60)


def test_too_few_answers_rest_the_line_and_raise_an_alarm() -> None:
    sim = Sim(asr_floor=0.5, floor_calls=5)
    sim.note(LONG, LONG, CallResult(Ending.BUSY), CallResult(Ending.NO_ANSWER))
    assert not sim.rests()
    sim.note(CallResult(Ending.BUSY))
    assert sim.rests()
    assert sim.kept.alarm == "Only 2 of the last 5 calls were answered."
    sim.note(*[LONG] * 4)
    assert sim.kept.alarm  # until there are as many calls again
    sim.note(LONG)
    assert not sim.rests(NOW + 900)
    assert sim.kept.alarm is None


def test_short_calls_on_average_rest_the_line() -> None:
    sim = Sim(acd_floor_s=10, floor_calls=5)
    sim.note(*[CallResult(Ending.ANSWERED, 12.0)] * 3, CallResult(Ending.BUSY))
    sim.note(CallResult(Ending.ANSWERED, 3.0))
    assert sim.kept.alarm == "The last 4 answered calls took only 9.8 s on average."
    assert sim.rests()
