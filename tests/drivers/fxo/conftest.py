"""Drivers on small FXO modems, with short pauses."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.fxo.fake import Bench
from tests.drivers.wire import profiles

Open = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Open a driver on a fake modem: `await bench("usr-5637", register="02")`."""
    monkeypatch.setattr("drivers.fxo.hook.REST_S", 0)
    monkeypatch.setattr("drivers.fxo.stream.RESCUE_S", 0.02)
    opened: list[Bench] = []

    async def open_bench(
        profile: str = "conexant-cx930xx",
        *,
        up: bool = True,
        link: Path | None = None,
        **settings: Any,
    ) -> Bench:
        one = Bench(profiles().by_name[profile], link, **settings)
        opened.append(one)
        return await one.up() if up else one

    yield open_bench
    for one in opened:
        await one.close()
