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
def open_world(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_errors: None
) -> Open:
    """Opens a world in the test's own folder, on the broker of the run, with short pauses."""
    assert no_errors is None
    monkeypatch.setattr("drivers.call_control.SETUP_POLL_S", 0.01)
    monkeypatch.setattr("drivers.call_control.RING_PAUSE_S", 0.05)
    monkeypatch.setattr("drivers.call_control.LIST_AGAIN_S", 0.02)
    monkeypatch.setattr("edge.call_desk.COOL_S", 0.02)
    monkeypatch.setattr("edge.display.PAUSE_S", 0)
    return partial(world, broker, tmp_path)


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing in the log is worse than a warning, but for what the mark `logs` announces."""
    caplog.set_level(logging.INFO)
    yield
    mark = request.node.get_closest_marker("logs")
    expected = mark.args if mark else ()
    loud = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    unexpected = [r.getMessage() for r in loud if not any(e in r.getMessage() for e in expected)]
    assert not unexpected


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "logs(*texts): errors that the log may hold")
