"""Drivers that are plugged into scripted modems."""

from collections.abc import Iterator

import pytest

from tests.drivers.wire import Plug, plugged


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Plug a driver of a profile into a scripted modem: `plug(profile, replies)`."""
    with plugged(monkeypatch) as plug:
        yield plug
