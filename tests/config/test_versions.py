from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from config import versions
from config.load import ConfigError


def text(port: int) -> str:
    return f"[mqtt]\nport = {port}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.toml"


def test_the_last_twenty_versions_are_kept(path: Path) -> None:
    for port in range(1, 31):
        versions.write(path, text(port))
    assert path.read_text() == text(30)
    assert len(versions.versions(path)) == versions.KEPT_VERSIONS
    assert versions.version(path, 1) == text(29)
    assert versions.version(path, versions.KEPT_VERSIONS) == text(10)
    with pytest.raises(ConfigError, match="there is no 21"):
        versions.version(path, 21)


def test_a_bad_text_is_never_written(path: Path) -> None:
    versions.write(path, text(1))
    with pytest.raises(ConfigError):
        versions.write(path, text(0))
    assert path.read_text() == text(1)
    assert not versions.versions(path)


def test_the_mode_stays_and_versions_are_private(path: Path) -> None:
    versions.write(path, text(1))
    assert path.stat().st_mode & 0o777 == versions.NEW_FILE_MODE
    path.chmod(0o604)
    versions.write(path, text(2))
    assert path.stat().st_mode & 0o777 == 0o604
    [kept] = versions.versions(path)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text(text(1))
    path.symlink_to(real)
    versions.write(path, text(2))
    assert path.is_symlink()
    assert real.read_text() == text(2)
    assert versions.version(path, 1) == text(1)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    path: Path, mocker: MockerFixture
) -> None:
    versions.write(path, text(1))
    mocker.patch("os.fsync", side_effect=OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        versions.write(path, text(2))
    mocker.stopall()
    assert path.read_text() == text(1)
    assert [p.name for p in path.parent.rglob("*") if p.is_file()] == [path.name]
