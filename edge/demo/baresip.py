"""baresip of Debian as the phone: a SIP program that nobody here wrote.

It dials as it starts, says a tone, writes what it hears to a WAV, and hangs up when asked to end.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.demo.children import Children
from edge.demo.phone import HOST, Account, PhoneKind, sides

MODULES = Path("/usr/lib/baresip/modules")  # of Debian's baresip-core
_WANTED = ("g711", "ausine", "aubridge", "sndfile", "account", "menu")
_APPLICATIONS = {"account": "module_tmp", "menu": "module_app"}


def is_installed() -> bool:
    """Whether it is there, with all the modules that the demo wants of it."""
    there = all((MODULES / f"{name}.so").is_file() for name in _WANTED)
    return there and shutil.which("baresip") is not None


class Baresip:
    """A phone in `folder`, which is made."""

    kind = PhoneKind.BARESIP

    def __init__(self, children: Children, folder: Path, account: Account, hertz: int) -> None:
        self._children = children
        self._folder = folder
        self._account = account
        self._hertz = hertz

    @asynccontextmanager
    async def calling(self, number: str) -> AsyncIterator[None]:
        """Call a number when the block begins, hang up when it ends."""
        self._prepare()
        dial = f"/dial sip:{number}@{HOST}:{self._account.port}"
        await self._children.start("phone", "baresip", "-f", str(self._folder), "-e", dial)
        try:
            yield
        finally:
            await self._children.stop("phone")

    def heard(self) -> list[bytes]:
        """What it heard in its call, in frames, once that is over; raises as `sides` does."""
        dumps = sorted(self._folder.glob("dump-*-dec.wav"))
        return next(sides(dumps[-1])) if dumps else []

    def _prepare(self) -> None:
        """Write its files; it calls without being registered."""
        account = self._account
        address = f"<sip:{account.name}@{HOST}:{account.port}>"
        modules = (f"{_APPLICATIONS.get(name, 'module')} {name}.so\n" for name in _WANTED)
        self._folder.mkdir()
        (self._folder / "accounts").write_text(f"{address};auth_pass={account.password};regint=0\n")
        (self._folder / "contacts").write_text("")
        (self._folder / "config").write_text(
            f"sip_listen {HOST}:0\n"
            f"audio_source ausine,{self._hertz}\naudio_player aubridge,nobody\n"
            "audio_alert aubridge,nobody\n"
            "ausrc_srate 48000\nauplay_srate 8000\nausrc_channels 2\nauplay_channels 1\n"
            "audio_channels 1\njitter_buffer_delay 1-2\n"
            f"module_path {MODULES}\n{''.join(modules)}snd_path {self._folder}\n"
        )
