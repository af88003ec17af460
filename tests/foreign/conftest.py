"""Programs that nobody here wrote; a test whose program is not to be had is skipped with a word."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import ModuleType

import pytest

from config.profiles import ModemProfile, load_profiles
from drivers.facts import CallChanged, Fact
from drivers.modem import Modem
from tests.foreign import fake_modems
from tests.foreign.fake_modems import FakeModem

PATIENCE_S = 5


class Rig:
    """Our driver at a port, and all that it told."""

    def __init__(self, port: Path, profile: str | None = None) -> None:
        profiles = load_profiles()
        chosen: ModemProfile | None = profiles.by_name[profile] if profile else None
        self.facts: list[Fact] = []
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.modem = Modem(port, profiles, chosen, self._on_fact, self._spawn)

    def _on_fact(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._news.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    @property
    def calls(self) -> list[str]:
        """What was told of calls, without the keys."""
        told = [fact for fact in self.facts if isinstance(fact, CallChanged)]
        return [f"{fact.call.state}" + (f" {fact.cause}" if fact.cause else "") for fact in told]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; asked anew with each fact."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def wait_written(self, fake: FakeModem, line: str) -> None:
        """Wait until the fake heard a line."""
        async with asyncio.timeout(PATIENCE_S):
            while line not in fake.received:  # noqa: ASYNC110 - a foreign program tells no event
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        self.modem.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


OpenRig = Callable[..., Rig]


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenRig]:
    """Make a rig at a port: `rig(path, profile)`; the pauses of the driver are short."""
    monkeypatch.setattr("drivers.call_control.SETUP_POLL_S", 0.01)
    monkeypatch.setattr("drivers.call_control.LIST_AGAIN_S", 0.01)
    monkeypatch.setattr("drivers.modem.SIM_WAIT_S", (0.01,) * 9)
    monkeypatch.setattr("modem.at.dialog.QUIET_S", 0.05)
    monkeypatch.setattr("modem.at.dialog.ABORT_S", 0.2)
    rigs: list[Rig] = []

    def make(port: Path, profile: str | None = None) -> Rig:
        rigs.append(Rig(port, profile))
        return rigs[-1]

    yield make
    for one in rigs:
        await one.close()


@pytest.fixture(scope="session")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The fake modems of python-gsmmodem-new."""
    archive = fake_modems.find()
    if archive is None:
        pytest.skip(f"scripts/setup could not fetch {fake_modems.NAME} {fake_modems.VERSION}")
    return fake_modems.load(archive, tmp_path_factory.mktemp("foreign"))
