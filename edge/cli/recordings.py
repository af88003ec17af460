"""`trunkline recordings`: what was recorded, and what became of its upload."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config import load
from edge.cli.common import Failed, JsonOption, print_json
from edge.cli.tables import Row, print_table
from edge.cli.words import moment, span

if TYPE_CHECKING:
    from edge.voice.recordings import Entry

COLUMNS = ("call", "at", "length", "MB", "file", "state", "upload")
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """What the gateway's database says of an upload."""

    tries: int
    error: str | None
    done_at: float | None

    def __str__(self) -> str:
        if self.done_at is not None:
            return f"done {moment(datetime.fromtimestamp(self.done_at, UTC))}"
        return f"tried {self.tries} times: {self.error}" if self.tries else "waits"

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        return {"tries": self.tries, "error": self.error, "done": self.done_at is not None}


def recordings(
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=100_000, help="How many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the last recordings, the newest at the end."""
    from edge.voice.recordings import listing

    config = load.load()
    folder = config.recording.folder
    try:
        entries = listing(folder)[-last:]
    except OSError as error:
        raise Failed(f"{folder} cannot be read: {error.strerror}.") from error
    uploads = _uploads(config.storage.path)
    if as_json:
        print_json({"recordings": [_facts(e, uploads.get(e.path.name)) for e in entries]})
    elif entries:
        print_table("recordings", COLUMNS, [_row(e, uploads.get(e.path.name)) for e in entries])
    else:
        typer.echo("There is no recording yet.")


def _uploads(database: Path) -> dict[str, Upload]:
    """What is known of uploads; read beside a running gateway, which it never disturbs."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'upload'").fetchone():
                return {}
            rows = db.execute("SELECT name, tries, error, done_at FROM upload")
            return {name: Upload(*facts) for name, *facts in rows}
    except sqlite3.Error as error:
        if database.exists():
            raise Failed(f"{database} cannot be read: {error}.") from error
        return {}


def _row(entry: "Entry", upload: Upload | None) -> Row:
    return (
        entry.name.call_id,
        moment(_at(entry)),
        span(_seconds(entry)),
        f"{entry.octets / MEGABYTE:.1f}",
        entry.path.name,
        entry.name.condition,
        str(upload or ""),
    )


def _facts(entry: "Entry", upload: Upload | None) -> dict[str, Any]:
    return {
        "call_id": entry.name.call_id,
        "path": str(entry.path),
        "at": _at(entry).isoformat(timespec="seconds"),
        "seconds": round(_seconds(entry), 2),
        "octets": entry.octets,
        "state": entry.name.condition,
        "upload": upload and upload.as_dict(),
    }


def _at(entry: "Entry") -> datetime:
    return datetime.fromtimestamp(entry.at, UTC)


def _seconds(entry: "Entry") -> float:
    from edge.voice.recording_file import seconds_of

    try:
        return seconds_of(entry.path, entry.name.format)
    except OSError:  # renamed or deleted since
        return 0.0
