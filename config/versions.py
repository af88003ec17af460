"""Keeps gateway.toml on disk: replaced at once or not at all, with its last versions beside it."""

import os
import tempfile
from pathlib import Path

from config.load import ConfigError, parse
from config.models import GatewayConfig

KEPT_VERSIONS = 20
NEW_FILE_MODE = 0o640


def write(path: Path, text: str) -> None:
    """Put a valid text in place of the file, at once and for good; keep the one before.

    ConfigError if the text is no valid configuration, OSError if the disk refuses.
    """
    parse(text, GatewayConfig, str(path))
    path = path.resolve()
    if path.exists():
        _keep(path)
    _replace(path, text)


def versions(path: Path) -> list[Path]:
    """Return the kept versions, the latest first."""
    return sorted(_folder(path.resolve()).glob("[0-9]*.toml"), reverse=True)


def version(path: Path, back: int) -> str:
    """Return the text of the version that many changes back, from 1; ConfigError if not kept."""
    kept = versions(path)
    if not 1 <= back <= len(kept):
        raise ConfigError(str(path), [f"has {len(kept)} earlier versions, there is no {back}"])
    return kept[back - 1].read_text()


def _folder(path: Path) -> Path:
    return path.with_name(path.name + ".versions")


def _keep(path: Path) -> None:
    """Copy the file beside itself, for the owner's eyes only, and drop the oldest copies."""
    folder = _folder(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = versions(path)
    number = int(kept[0].stem) + 1 if kept else 1
    _put(folder / f"{number:06}.toml", path.read_bytes(), mode=0o600)
    for old in versions(path)[KEPT_VERSIONS:]:
        old.unlink()


def _replace(path: Path, text: str) -> None:
    if path.exists():
        stat = path.stat()
        _put(path, text.encode(), stat.st_mode & 0o7777, (stat.st_uid, stat.st_gid))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(path, text.encode(), NEW_FILE_MODE)


def _put(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Write a file so that a power cut leaves the old one or the new one, never a part."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if owner and owner != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
