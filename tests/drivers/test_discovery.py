"""Discovery on a mocked USB bus: usb_bed.py plays in a child process, here is what must come out.

umockdev replaces /sys, /dev and the udev monitor of a process at its start, and is spoken to by
GObject introspection, which only Debian's own Python has.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pyudev

SYSTEM_PYTHON = "/usr/bin/python3"
BED = Path(__file__).with_name("usb_bed.py")
REPO = BED.parents[2]
PACKAGES = Path(pyudev.__file__).parents[1]  # pyudev and pyserial are pure: any Python may use them

USB0_TO_2 = {"0": "/dev/ttyUSB0", "1": "/dev/ttyUSB1", "2": "/dev/ttyUSB2"}
ADDED = ["added", "1-1.2", USB0_TO_2]
REMOVED = ["removed", "1-1.2"]


@cache
def why_no_bed() -> str:
    if shutil.which("umockdev-wrapper") is None:
        return "umockdev is not installed"
    code = (
        "import gi, sys; gi.require_version('UMockdev', '1.0'); assert sys.version_info >= (3, 11)"
    )
    if subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True, check=False).returncode:
        return f"{SYSTEM_PYTHON} has no gir1.2-umockdev-1.0 and python3-gi, or is older than 3.11"
    return ""


@pytest.fixture(params=["kernel", "udev"])
def source(request: pytest.FixtureRequest) -> str:
    """Who sends the events: the kernel alone, as in a container, or udevd with its properties."""
    if reason := why_no_bed():
        pytest.skip(reason)
    return str(request.param)


def play(source: str, scenario: str) -> list[Any]:
    child = subprocess.run(
        ["umockdev-wrapper", SYSTEM_PYTHON, str(BED), source, scenario],
        env={**os.environ, "PYTHONPATH": f"{REPO}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert child.stderr == ""
    told: list[Any] = json.loads(child.stdout)
    return told


def test_what_is_there_at_start_is_announced_and_detect_lists_strangers_too(source: str) -> None:
    assert play(source, "at_start") == [
        ADDED,
        ["added", "1-1.4", {"0": "/dev/ttyUSB4"}],
        [
            ["1-1.2", "2c7c:0125", "0123", "", "EC25", USB0_TO_2],
            ["1-1.3", "0403:6001", "0123", "", "EC25", {"0": "/dev/ttyUSB3"}],
            ["1-1.4", "12d1:1001", "[2JE15\ufffd50", "", "EC25", {"0": "/dev/ttyUSB4"}],
        ],
    ]


def test_ports_one_by_one_are_one_modem_and_later_ports_join_it(source: str) -> None:
    joined = {**USB0_TO_2, "3": "/dev/ttyUSB3"}
    assert play(source, "ports_one_by_one") == [ADDED, [joined]]


def test_a_wanted_port_that_comes_late_announces_the_modem_anew(source: str) -> None:
    early = {"0": "/dev/ttyUSB0", "1": "/dev/ttyUSB1"}
    assert play(source, "wanted_port_late") == [["added", "1-1.2", early], REMOVED, ADDED]


def test_plugged_in_again_it_is_the_same_modem_with_other_tty_numbers(source: str) -> None:
    again = {"1": "/dev/ttyUSB8", "2": "/dev/ttyUSB9"}
    assert play(source, "replug") == [ADDED, REMOVED, ["added", "1-1.2", again]]


def test_a_modem_gone_before_it_settled_is_never_told(source: str) -> None:
    assert play(source, "gone_before_settled") == []


def test_a_modem_that_loses_one_port_is_announced_without_it(source: str) -> None:
    rest = {"1": "/dev/ttyUSB1", "2": "/dev/ttyUSB2"}
    assert play(source, "one_port_gone") == [ADDED, REMOVED, ["added", "1-1.2", rest]]


def test_ttyacm_ports_count_alike_and_strangers_are_ignored(source: str) -> None:
    assert play(source, "modem_and_acm") == [
        ["added", "1-1.2", {"1": "/dev/ttyACM0", "2": "/dev/ttyACM1"}],
        ["added", "1-1.4", {"0": "/dev/ttyUSB0"}],
    ]


def test_repeated_add_events_tell_nothing_new(source: str) -> None:
    assert play(source, "repeated_events") == [ADDED]


def test_another_device_in_the_same_place_ends_the_first(source: str) -> None:
    second = {"1": "/dev/ttyUSB4", "2": "/dev/ttyUSB5"}
    assert play(source, "swapped_unseen") == [
        ADDED,
        REMOVED,
        ["added", "1-1.2", second],
        ["SECOND"],
    ]


def test_lost_events_are_made_good_by_looking_again(source: str) -> None:
    new = ["added", "1-1.3", {"1": "/dev/ttyUSB5", "2": "/dev/ttyUSB6"}]
    assert play(source, "lost_events") == [ADDED, REMOVED, new]


def test_nothing_is_told_after_stop(source: str) -> None:
    others = [["added", "1-1.2", {"0": "/dev/ttyUSB0"}]]
    assert play(source, "silent_after_stop") == [[others, []]]


def test_a_port_opens_on_a_tty_that_knows_no_ioctl(source: str) -> None:
    assert play(source, "talk") == [ADDED, ["AT\r", "OK"]]
