"""iaxmodem (Debian): a real soft modem on a pty. It is no telephone, and the driver says so."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.modem import ModemFailed
from drivers.port import PortError
from modem.at.command import Command
from modem.sim import Lock
from tests.brokers import free_port
from tests.foreign.conftest import PATIENCE_S, OpenRig, Rig

CONFIGS = Path("/etc/iaxmodem")  # where it looks for its configurations
PROGRAM = shutil.which("iaxmodem", path="/usr/bin:/usr/local/bin")

pytestmark = pytest.mark.skipif(
    not PROGRAM or not CONFIGS.is_dir(), reason="iaxmodem (Debian) is not installed"
)

# Its telephone side asks a peer that is not there: a call neither rings nor fails.
CONFIG = """\
device {folder}/tty
owner {user}:{user}
mode 600
port {port}
refresh 0
server 127.0.0.1
peername nobody
secret nothing
codec slinear
cidname nobody
cidnumber 1
"""


@pytest.fixture
def port() -> Iterator[Path]:
    """Where an iaxmodem of its own has its pty, soon; it cannot bear a long path."""
    assert PROGRAM
    with tempfile.TemporaryDirectory(prefix="iax") as name:
        folder = Path(name)
        config = folder / "config"
        config.write_text(CONFIG.format(folder=folder, user=folder.owner(), port=free_port()))
        command = [PROGRAM, os.path.relpath(config, CONFIGS)]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield folder / "tty"
        child.terminate()
        child.wait(PATIENCE_S)


@pytest.fixture
async def one(port: Path, rig: OpenRig) -> Rig:
    """A driver at the modem, once the program has its pty."""
    one = rig(port)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await one.modem.open()
            except PortError:
                await asyncio.sleep(0.01)
            else:
                return one


async def test_it_answers_at_and_does_not_say_who_it_is(one: Rig) -> None:
    assert await one.modem.probe()
    assert one.modem.profile.name == "generic"
    assert (await one.modem.raw("ATI")).lines == ["spandsp"]


async def test_it_has_no_sim(one: Rig) -> None:
    assert await one.modem.read_lock() is Lock.NOT_READY
    with pytest.raises(ModemFailed, match="ICCID"):
        await one.modem.attach()


async def test_a_dial_that_says_nothing_is_broken_off(one: Rig) -> None:
    key = one.modem.calls.place("100")
    await asyncio.sleep(0)
    await one.modem.calls.hang_up(key)
    assert one.calls == ["released cancelled"]
    assert await one.modem.probe()


async def test_a_line_that_is_longer_than_its_buffer_harms_nobody(one: Rig) -> None:
    answer = await one.modem.session.ask(Command("AT+CSQ" + "1" * 1000, timeout_s=1))
    assert not answer.ok
    assert await one.modem.probe()
