import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "vectors"


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "vectors", folder], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no vectors at {SHARED}")
def test_shared_vectors_pass() -> None:
    done = run(SHARED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_vector_that_crashes_fails_alone(tmp_path: Path) -> None:
    good = {"id": "good", "raw": "+CSQ: 18,99", "expect": {"dbm": -77}}
    bad = [
        {"id": "wrong", "raw": "+CSQ: 18,99", "expect": {"dbm": -78}},
        {"id": "refused", "raw": "+CSQ: x", "expect": {"dbm": 1}},
        {"id": "read", "raw": "+CSQ: 18,99", "expect": {"error": True}},
        {"id": "number", "raw": 5, "expect": {"dbm": 1}},
        {"id": "lacking", "raw": "+CSQ: 18,99", "expect": {"snr": 1}},
        {"raw": "+CSQ: 18,99"},
        "text",
        None,
    ]
    (tmp_path / "csq.json").write_text(json.dumps([good, *bad]))
    done = run(tmp_path)
    assert done.returncode == 1
    assert "csq 1/9" in done.stdout
    for reason in ("-77", "not a decimal number", "must be refused", "TypeError", "no snr"):
        assert reason in done.stdout


def test_files_that_are_no_vectors(tmp_path: Path) -> None:
    (tmp_path / "csq.json").write_text("{")
    (tmp_path / "cesq.json").write_text('{"a": 1}')
    (tmp_path / "new_kind.json").write_text("[]")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "csq 0/1" in done.stdout
    assert "new_kind: unknown kind" in done.stdout


def test_a_folder_that_is_not_there() -> None:
    assert run(ROOT / "no such folder").returncode == 2
