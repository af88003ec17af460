"""The key that seals vouchers: systemd's credential, a file of the owner, or one made here.

Looked for in that order. Without either, a key of 32 random bytes is made beside the database on
first use, for its owner only. Whoever has the database and the key has the vouchers: a credential
keeps the key off the disk that is copied.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

CREDENTIAL = "trunkline-voucher-key"  # its name for systemd, and of the file beside the database
KEY_BYTES = 32
_KEY_MAX = 1024  # bytes read of a file: a key of any sensible form


class KeyProblem(Exception):  # noqa: N818 - what is wrong is said in a sentence
    """No key: vouchers can be neither sealed nor opened until the owner has done what it says."""


def find_key(key_file: Path | None, database: Path, environ: Mapping[str, str]) -> bytes:
    """Return the key, made on first use; raises KeyProblem."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (credential := Path(folder, CREDENTIAL)).exists():
        return _read(credential, private=False)  # systemd keeps it from others
    if key_file:
        return _read(key_file, private=True)
    made = database.with_name(CREDENTIAL)
    try:
        if not made.exists():
            _make(made)
    except OSError as error:
        raise KeyProblem(f"The key of the vouchers cannot be made: {error}.") from error
    return _read(made, private=True)


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; that of another process stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(opened, secrets.token_bytes(KEY_BYTES))
        os.fsync(opened)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(opened)
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read(path: Path, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            key = file.read(_KEY_MAX)
    except OSError as error:
        raise KeyProblem(f"The key of the vouchers cannot be read: {error}.") from error
    if private and (stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid()):
        raise KeyProblem(
            f"{path} is open to others: `chmod 600` it and give it to the user of the gateway."
        )
    if len(key) < KEY_BYTES:
        raise KeyProblem(
            f"{path} is too short for a key: `head -c {KEY_BYTES} /dev/urandom` makes one."
        )
    return key
