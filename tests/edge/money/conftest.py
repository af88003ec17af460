from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.edge.money.office import OpenOffice, office
from tests.edge.money.till import Till, open_till


@pytest.fixture
async def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    monkeypatch.setattr("edge.store.RETRY_S", 0.01)
    found = await open_till(tmp_path / "trunkline.db")
    yield found
    await found.store.close()


@pytest.fixture
def open_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenOffice:
    """Opens an office in the test's own folder that waits for nothing longer than a test may."""
    monkeypatch.setattr("edge.money.balance_desk.SPREAD_S", 0.0)
    monkeypatch.setattr("edge.money.balance_desk.NOTICE_S", 0.05)
    monkeypatch.setattr("edge.money.balance_desk.RETRY_S", 0.05)
    monkeypatch.setattr("edge.money.topup_watch.SETTLE_S", 0.01)
    monkeypatch.setattr("edge.money.topup_watch.CHECKS_S", (0.01, 0.02, 0.05, 0.1, 0.2, 0.5))
    return partial(office, tmp_path)
