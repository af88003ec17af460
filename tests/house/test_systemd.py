import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.profiles import SHIPPED, load_profiles

SYSTEMD = Path(__file__).parents[2] / "systemd"
RULES = (SYSTEMD / "99-trunkline.rules").read_text()


def test_the_rules_know_the_modems_that_the_profiles_know() -> None:
    ids = re.findall(r'ATTRS\{idVendor\}=="(\w+)", ATTRS\{idProduct\}=="(\w+)"', RULES)
    assert len(ids) == len(set(ids))
    assert {f"{vendor}:{product}" for vendor, product in ids} == set(
        load_profiles([SHIPPED]).by_usb_id
    )


def test_every_goto_has_its_label() -> None:
    labels = re.findall(r'LABEL="(\w+)"', RULES)
    assert len(labels) == len(set(labels))
    assert set(re.findall(r'GOTO="(\w+)"', RULES)) == set(labels)


def test_modem_manager_is_told_to_leave_the_whole_device_alone() -> None:
    assert 'SUBSYSTEM=="usb", ENV{ID_MM_DEVICE_IGNORE}="1"' in RULES


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (SYSTEMD / "trunkline.service").read_text()
    unit = tmp_path / "trunkline.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    verify = ["systemd-analyze", "verify", str(unit)]
    result = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
