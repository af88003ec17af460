"""The commands on announcements and recordings, which need no gateway."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from edge.cli import announce, recordings
from edge.cli.common import in_sentences
from edge.store import Op, Store

app = typer.Typer()
app.add_typer(announce.app, name="announce")
app.command("recordings")(in_sentences(recordings.recordings))


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[voice]\nannouncements = "{tmp_path}/announcements"\n'
        f'[recording]\nfolder = "{tmp_path}/recordings"\n'
        f'[storage]\npath = "{tmp_path}/trunkline.db"\n'
    )
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def wav(path: Path, seconds: int, channels: int = 1) -> Path:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000 * seconds * channels))
    return path


def test_announcements_come_and_go(config: Path) -> None:
    assert "There is no announcement" in run("announce", "list").stdout
    source = str(wav(config / "from" / "closed.wav", 3))
    assert run("announce", "add", "closed", source).stdout == "closed is 3 s long\n"
    assert run("announce", "list").stdout.split("\n")[1].split() == [
        "closed",
        "3",
        "s",
        "closed.wav",
        "-",
    ]
    listed = json.loads(run("announce", "list", "--json").stdout)
    assert listed == {"announcements": [{"id": "closed", "seconds": 3.0, "problem": None}]}
    assert run("announce", "remove", "closed").stdout == "closed is removed\n"
    gone = run("announce", "remove", "closed")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert "There is no announcement closed" in gone.stderr


def test_a_wav_that_is_none_is_one_sentence(config: Path) -> None:
    (config / "letter.wav").write_text("Dear Sir")
    refused = run("announce", "add", "letter", str(config / "letter.wav"))
    assert refused.exit_code == 1
    assert refused.stderr == ("Announcement letter cannot be played: it is neither WAV nor Opus.\n")


def test_a_broken_one_in_the_folder_is_shown_and_fails(config: Path) -> None:
    wav(config / "announcements" / "good.wav", 1)
    (config / "announcements" / "bad.wav").write_text("Dear Sir")
    listed = run("announce", "list")
    assert listed.exit_code == 1
    assert "neither WAV nor Opus" in listed.stdout
    assert listed.stderr == "1 announcement cannot be played.\n"


def test_no_recordings_yet() -> None:
    assert run("recordings").stdout == "There is no recording yet.\n"


@pytest.fixture
async def recorded(config: Path) -> AsyncIterator[Path]:
    folder = config / "recordings"
    for name in ("c-1.wav", "c-2.cut.wav", "c-3.wav", "c-4.wav.part"):
        wav(folder / name, 2, channels=2)
    store = Store(config / "trunkline.db", on_health=lambda _: None)
    await store.open()
    insert = "INSERT INTO upload VALUES (?, 0, ?, ?, ?)"
    await store.write(
        Op(insert, ("c-1.wav", 0, None, 1_790_000_000.0)),
        Op(insert, ("c-2.cut.wav", 4, "store answers 503 SlowDown", None)),
        Op(insert, ("c-3.wav", 0, None, None)),
    )
    yield folder
    await store.close()


async def test_recordings_are_listed_beside_a_gateway_that_runs(recorded: Path) -> None:
    result = await asyncio.to_thread(run, "recordings", "--json")
    found = json.loads(result.stdout)["recordings"]
    assert [(one["call_id"], one["state"], one["seconds"]) for one in found] == [
        ("c-1", "whole", 2.0),
        ("c-2", "cut", 2.0),
        ("c-3", "whole", 2.0),
        ("c-4", "writing", 2.0),
    ]
    assert found[0]["path"] == str(recorded / "c-1.wav")
    assert [one["upload"] and one["upload"]["done"] for one in found] == [True, False, False, None]
    shown = await asyncio.to_thread(run, "recordings", "-n", "3")
    assert "c-1" not in shown.stdout
    assert "tried 4 times: store answers 503 SlowDown" in shown.stdout
    assert "waits" in shown.stdout


async def test_a_database_that_is_none_is_told(config: Path) -> None:
    wav(config / "recordings" / "c-1.wav", 1, channels=2)
    assert run("recordings").exit_code == 0
    (config / "trunkline.db").write_text("not a database at all, " * 100)
    result = run("recordings")
    assert result.exit_code == 1
    assert "cannot be read: file is not a database." in result.stderr
