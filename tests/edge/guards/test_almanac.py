import asyncio
import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest

from edge.guards import almanac as module
from edge.guards.almanac import Almanac, AlmanacError, keep, look_up

TABLES = {"years": [2026], "holidays": {"AT": [date(2026, 12, 25).toordinal()]}, "networks": {}}


async def test_a_process_of_its_own_knows_holidays_and_networks() -> None:
    found = Almanac()
    found.take(await look_up("AT", 2026))
    assert found.is_holiday("AT", date(2026, 10, 26))
    assert not found.is_holiday("AT", date(2026, 10, 27))
    assert not found.is_holiday("DE", date(2026, 10, 26))
    assert found.is_holiday("CN", date(2027, 2, 6))
    assert all(found.knows(date(year, 6, 1)) for year in (2025, 2026, 2027, 2028))
    assert found.networks["43660"] == "Three"
    assert all(prefix.startswith("43") for prefix in found.networks)


async def test_without_a_home_country_no_network_is_known() -> None:
    assert (await look_up(None, 2026))["networks"] == {}


def test_a_year_that_was_not_looked_up_is_closed() -> None:
    found = Almanac()
    assert found.is_holiday("AT", date(2026, 6, 3))
    found.take(TABLES)
    assert not found.is_holiday("AT", date(2026, 6, 3))
    assert found.is_holiday("AT", date(2026, 12, 25))
    assert found.is_holiday("AT", date(2027, 6, 3))
    assert not found.is_holiday("XK", date(2026, 6, 3))


async def test_a_process_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AlmanacError, match="invalid literal for int"):
        await look_up("AT", "soon")  # type: ignore[arg-type]
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(AlmanacError, match="cannot be started"):
        await look_up("AT", 2026)


async def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_UP_S", 0.001)
    with pytest.raises(AlmanacError, match="no holidays after"):
        await look_up("AT", 2026)


async def test_it_is_renewed_and_failures_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked: list[tuple[str | None, int]] = []
    changed = asyncio.Event()

    async def look_up_badly(home: str | None, year: int) -> dict[str, Any]:
        asked.append((home, year))
        if len(asked) < 3:
            raise AlmanacError("broken")
        return TABLES

    monkeypatch.setattr(module, "look_up", look_up_badly)
    monkeypatch.setattr(module, "RETRY_S", 0)
    found = Almanac()
    task = asyncio.create_task(keep(found, "AT", changed.set))
    await changed.wait()
    task.cancel()
    assert asked == [("AT", datetime.now(UTC).year)] * 3
    assert found.is_holiday("AT", date(2026, 12, 25))
    assert [record.message for record in caplog.records] == ["no almanac: broken"]
