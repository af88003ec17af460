import os
from pathlib import Path

import pytest

from edge.money.key import CREDENTIAL, KEY_BYTES, KeyProblem, find_key

KEY = bytes(range(32))


def put(path: Path, mode: int = 0o600, key: bytes = KEY) -> Path:
    path.write_bytes(key)
    path.chmod(mode)
    return path


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    database = tmp_path / "new" / "trunkline.db"
    key = find_key(None, database, {})
    made = database.with_name(CREDENTIAL)
    assert len(key) == KEY_BYTES
    assert made.stat().st_mode & 0o777 == 0o600
    assert find_key(None, database, {}) == key
    assert list(made.parent.iterdir()) == [made]


def test_the_credential_goes_first_then_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    file = put(tmp_path / "voucher.key", key=b"f" * 32)
    environ = {"CREDENTIALS_DIRECTORY": str(folder)}
    assert find_key(file, tmp_path / "t.db", environ) == b"f" * 32
    put(folder / CREDENTIAL, 0o440, b"c" * 32)
    assert find_key(file, tmp_path / "t.db", environ) == b"c" * 32
    assert not (tmp_path / CREDENTIAL).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyProblem, match="chmod 600"):
        find_key(put(tmp_path / "voucher.key", mode), tmp_path / "t.db", {})


def test_a_file_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(KeyProblem, match="give it to the user"):
        find_key(put(tmp_path / "voucher.key"), tmp_path / "t.db", {})


def test_a_short_key_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="too short"):
        find_key(put(tmp_path / "voucher.key", key=b"short"), tmp_path / "t.db", {})
    with pytest.raises(KeyProblem, match="cannot be read"):
        find_key(tmp_path / "nothing", tmp_path / "t.db", {})


def test_a_folder_that_takes_no_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyProblem, match="cannot be made"):
        find_key(None, tmp_path / "file" / "t.db", {})
