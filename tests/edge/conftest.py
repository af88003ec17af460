"""One broker for all tests of a run; each gateway has a name of its own on it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.brokers import Mosquitto
from tests.edge.worlds import World, world

Open = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker")) as child:
        yield child


@pytest.fixture
def open_world(broker: Mosquitto, tmp_path: Path) -> Open:
    """Opens a world in the test's own folder, on the broker of the run."""
    return partial(world, broker, tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a fast world need not keep."""
    monkeypatch.setattr("drivers.call_control.SETUP_POLL_S", 0.01)
    monkeypatch.setattr("drivers.call_control.RING_PAUSE_S", 0.05)
    monkeypatch.setattr("edge.call_desk.COOL_S", 0.02)


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing in the log is worse than a warning when the test is over."""
    yield
    worse = [r for when in ("setup", "call") for r in caplog.get_records(when) if r.levelno >= logging.ERROR]
    assert not worse, worse
