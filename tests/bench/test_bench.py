import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.bed.parts import Stamp
from bench.bed.report import Goal, quantile
from bench.bed.traffic import dial_times, ring_stamps, urc_times
from tests.brokers import MOSQUITTO

REPO = Path(__file__).parents[2]
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def run(bench: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, str(REPO / "bench" / f"{bench}.py"), *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["bench"] == bench
    for goal in result["goals"]:
        assert goal.keys() == {"name", "goal", "measured", "unit", "holds"}
    return result


@needs_mosquitto
def test_start_brings_all_lines_up() -> None:
    result = run("start", "--lines", "2", "--runs", "1")
    [row] = result["rows"]
    assert row["commands"] >= 2 * 20
    assert 0 < row["floor_s"] < row["ready_s"]
    assert len(result["goals"]) == 1


@needs_mosquitto
def test_latency_matches_every_dial_and_loses_no_call() -> None:
    result = run("latency", "--lines", "1", "--seconds", "1", "--incoming", "20", "--dials", "0")
    ways = {row["what"]: row for row in result["rows"]}
    assert ways["dial"]["n"] >= 1
    assert ways["URC"]["n"] >= 3 * ways["dial"]["n"]
    assert (
        ways["incoming back to back"] | {"n": 20, "lost": 0, "twice": 0}
        == ways["incoming back to back"]
    )
    assert len(result["goals"]) == 5


@needs_mosquitto
def test_sms_counts_what_the_network_saw() -> None:
    result = run("sms", "--lines", "1", "--messages", "5", "--gammu", "0")
    [ours] = (row for row in result["rows"] if row["who"] == "trunkline")
    assert (ours["lines"], ours["messages"], ours["lost"]) == (1, 5, 0)
    assert len(result["goals"]) == 1


@needs_mosquitto
def test_idle_knows_what_a_call_costs() -> None:
    result = run("idle", "--lines", "2", "--seconds", "1", "--calling", "1")
    measured = {goal["unit"]: goal["measured"] for goal in result["goals"]}
    assert measured.keys() == {"%", "MB", "ms"}
    assert 10 < measured["MB"] < 200
    assert 0 < measured["ms"] < 1000


@needs_mosquitto
def test_voice_carries_a_call_both_ways() -> None:
    result = run("voice", "--lines", "1", "--seconds", "1", "--rival", "0")
    floor, ours = result["rows"]
    assert (floor["silent"], ours["silent"]) == (0, 0)
    assert 0 < floor["to_phone_p50_ms"] < ours["to_phone_p50_ms"]
    assert 0 < ours["cpu_percent"] < 100
    assert [goal["unit"] for goal in result["goals"]] == ["%", "ms", "ms", ""]


def test_a_goal_that_was_not_measured_does_not_hold() -> None:
    assert not Goal("x", 1.0, None, "ms").holds
    assert Goal("x", 1.0, 1.0, "ms").holds
    assert not Goal("x", 500, 499.9, "a second", at_least=True).holds


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([5, 1, 4, 2, 3], 0.5) == 3
    assert quantile([5, 1, 4, 2, 3], 0.99) == 5


def test_times_are_taken_between_the_stamps_of_one_call() -> None:
    heard: list[Stamp] = [(500, "m", "AT"), (1500, "m", "ATD+491;"), (1600, "m", "ATD+492;")]
    assert dial_times({"+491": 1000}, heard) == [500]
    said: list[Stamp] = [
        (100, "m", '+QIND: "ccinfo",2,0,2,0,0,"+491",145'),
        (200, "m", '+QIND: "ccinfo",2,0,3,0,0,"+491",145'),
        (300, "m", '+QIND: "ccinfo",2,0,-1,0,0,"+491",145'),
        (400, "m", '+QIND: "ccinfo",2,1,4,0,0,"+493",145'),
    ]
    events = {("+491", "alerting"): 250, ("+491", "ended"): 330, ("+493", "alerting"): 410}
    assert urc_times(events, said) == [50, 30, 10]
    rings: list[Stamp] = [(1, "m", "RING"), (2, "m", '+CLIP: "+493",145,,,,0'), (9, "m", "RING")]
    assert ring_stamps(rings) == {"+493": 1}
