"""Every transcript of this folder, whole, byte by byte, and with a tail behind each read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.warp import warped
from tests.drivers.wire import Plug, plugged
from tests.transcripts.player import Cut, Player, read

FILES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    with plugged(monkeypatch) as plug:
        yield plug


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@warped
async def test_the_driver_makes_of_it_what_is_written_there(
    plug: Plug, path: Path, cut: Cut
) -> None:
    await Player(read(path), cut, plug).play()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_transcript_says_where_it_comes_from_and_what_is_expected(path: Path) -> None:
    assert path.read_text().startswith("# ")
    assert any(step.expected for step in read(path).steps)
