"""The fake modems of python-gsmmodem-new, put behind a pty.

Nothing of that program is kept here: scripts/setup fetches its source distribution into .venv, and
it is held against its hash.
"""

import asyncio
import hashlib
import importlib.util
import os
import sys
import tarfile
import tty
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "python-gsmmodem-new"
VERSION = "0.13.0"
SHA256 = "a991b3f1b2a78b2c2ebf70c46ec399c241dbaafeb84c22e5583dfcb92238194b"
ICCID = "8949020000012345678"

# What the fakes have no answer for but OK; the same for all of them.
ADDED = {
    "AT+CCID": [f"+CCID: {ICCID}\r\n", "OK\r\n"],
    "AT^ICCID?": [f"^ICCID: {ICCID}\r\n", "OK\r\n"],
    "AT+CREG?": ["+CREG: 2,1\r\n", "OK\r\n"],
    "AT+CSQ": ["+CSQ: 20,99\r\n", "OK\r\n"],
}


def find() -> Path | None:
    """The source distribution that scripts/setup fetched; None where it could not."""
    archive = Path(sys.prefix, "foreign", f"{NAME}-{VERSION}.tar.gz")
    if not archive.exists() or hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        return None
    return archive


def load(archive: Path, folder: Path) -> ModuleType:
    """Import the fakes out of the archive; they lean on nothing but the standard library."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"{NAME}-{VERSION}/test/fakemodems.py")
        assert member
        target = folder / "fakemodems.py"
        target.write_bytes(member.read())
    spec = importlib.util.spec_from_file_location("fakemodems", target)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that Python no longer likes
        spec.loader.exec_module(module)
    return module


class FakeModem:
    """One fake on a pty; the test decides what the far end does. Pauses are left out."""

    def __init__(self, fake: Any, added: dict[str, list[str]]) -> None:
        self.fake = fake
        self.received: list[str] = []
        self._added = dict(added)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = Path(os.ttyname(self._slave))
        self._buffer = ""
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def say(self, parts: list[Any]) -> None:
        """Write what a fake gave: texts, and pauses in seconds."""
        texts = [part for part in parts if isinstance(part, str)]
        os.write(self._master, "".join(texts).encode("latin-1"))

    def answers(self) -> None:
        """The far end takes the call."""
        self.say(self.fake.getRemoteAnsweredNotification(1, 0))

    def hangs_up(self) -> None:
        """The far end ends the call."""
        self.say(self.fake.getRemoteHangupNotification(1, 0))

    def rings(self, number: str) -> None:
        """Somebody calls."""
        self.say(self.fake.getIncomingCallNotification(number))

    def _read(self) -> None:
        self._buffer += os.read(self._master, 4096).decode("latin-1")
        while "\r" in self._buffer:
            line, _, self._buffer = self._buffer.partition("\r")
            self._answer(line)
        if "\x1a" in self._buffer:
            self._buffer = ""
            self.say(["+CMGS: 5\r\n", "OK\r\n"])

    def _answer(self, line: str) -> None:
        self.received.append(line)
        locked = self.fake.pinLock
        if line.startswith("ATD"):
            self.say(self.fake.getAtdResponse(line[3:].rstrip(";")))
            self.say(self.fake.getCallInitNotification(1, 0))
        elif line.startswith("AT+CMGS=") and not locked:
            self.say(["\r\n> "])
        elif line in self._added and not locked:
            self.say(self._added[line])
        else:
            self.say(self.fake.getResponse(f"{line}\r"))
