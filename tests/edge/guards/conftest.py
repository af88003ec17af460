from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    health: list[str | None] = []
    found = Store(tmp_path / "trunkline.db", on_health=health.append)
    await found.open()
    yield found
    await found.close()
    assert health == []
