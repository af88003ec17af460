"""`trunkline announce`: what the gateway can say to callers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from config import load
from edge.cli.common import Failed, JsonOption, in_sentences, print_json
from edge.cli.tables import Row, print_table
from edge.cli.words import count, span

COLUMNS = ("id", "length", "file", "problem")

app = typer.Typer(no_args_is_help=True, help="Announcements that calls can be answered with.")

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Its name in commands: a-z, 0-9 and -.")
]


@app.command()
@in_sentences
def add(
    name: IdArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A WAV or Opus file, any rate.")],
    as_json: JsonOption = False,
) -> None:
    """Bring in an announcement, or replace it; a running gateway plays it from the next call on."""
    from edge.voice import announcements

    with _as_failure():
        seconds = announcements.add(_folder(), name, file)
    if as_json:
        print_json({"id": name, "seconds": round(seconds, 2)})
    else:
        typer.echo(f"{name} is {span(seconds)} long")


@app.command("list")
@in_sentences
def list_all(as_json: JsonOption = False) -> None:
    """Show all announcements; each is tried."""
    from edge.voice import announcements

    with _as_failure():
        found = announcements.listing(_folder())
    rows: list[Row] = [
        (one.id, "" if one.problem else span(one.seconds), one.path.name, one.problem or "")
        for one in found
    ]
    if as_json:
        facts = [
            {"id": one.id, "seconds": round(one.seconds, 2), "problem": one.problem}
            for one in found
        ]
        print_json({"announcements": facts})
    elif rows:
        print_table("announcements", COLUMNS, rows)
    else:
        typer.echo("There is no announcement: bring one in with `trunkline announce add ID FILE`.")
    if bad := [one for one in found if one.problem]:
        raise Failed(f"{count(len(bad), 'announcement')} cannot be played.")


@app.command()
@in_sentences
def remove(name: IdArgument, as_json: JsonOption = False) -> None:
    """Delete an announcement."""
    from edge.voice import announcements

    with _as_failure():
        announcements.remove(_folder(), name)
    if as_json:
        print_json({"removed": name})
    else:
        typer.echo(f"{name} is removed")


@contextmanager
def _as_failure() -> Iterator[None]:
    from edge.voice.announcements import AnnouncementError

    try:
        yield
    except AnnouncementError as error:
        raise Failed(str(error)) from error


def _folder() -> Path:
    return load.load().voice.announcements
