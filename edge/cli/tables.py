"""Facts in columns: a Rich table on a terminal, plain columns elsewhere."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from edge.cli.common import safe
from mqtt.messages import Cdr, LineStatus, LiveCall
from mqtt.vocabulary import Direction

if TYPE_CHECKING:
    from rich.table import Table

Row = Sequence[str]

LINE_COLUMNS = ("line", "state", "operator", "signal", "number", "modem", "why")
CALL_COLUMNS = ("call", "line", "way", "number", "state", "since")
CDR_COLUMNS = ("call", "line", "way", "number", "cause", "ended", "talked")


def line_row(line: LineStatus) -> Row:
    """A line in LINE_COLUMNS."""
    signal = "" if line.signal_dbm is None else f"{line.signal_dbm} dBm"
    facts = (line.operator, signal, line.number, line.modem, line.reason)
    return (line.line, line.state, *(fact or "" for fact in facts))


def call_row(call: LiveCall) -> Row:
    """A live call in CALL_COLUMNS."""
    since = f"{call.since.astimezone():%H:%M:%S}"
    return (call.call_id, call.line or "", _WAYS[call.direction], call.number, call.state, since)


def cdr_row(cdr: Cdr) -> Row:
    """A call that is over in CDR_COLUMNS."""
    ended = f"{cdr.ended_at.astimezone():%m-%d %H:%M:%S}"
    talked = f"{cdr.talk_s:.0f} s"
    return (cdr.call_id, cdr.line or "", _WAYS[cdr.direction], cdr.number, cdr.cause, ended, talked)


def print_table(title: str, columns: Row, rows: Sequence[Row]) -> None:
    """Print rows under their columns."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(rich_table(title, columns, rows))
        return
    cells = [columns, *([safe(cell) or "-" for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def rich_table(title: str, columns: Row, rows: Sequence[Row]) -> "Table":
    """Make a table for a terminal; the cells are text, never markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    name_width = max((len(row[0]) for row in rows), default=0)  # names are there to be copied
    table.add_column(columns[0], min_width=name_width, no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(safe(cell), style=_STYLES.get(cell, "")) for cell in row))
    return table


_WAYS = {Direction.OUTGOING: "out", Direction.INCOMING: "in"}
_STYLES = {
    "ready": "green",
    "busy": "cyan",
    "answered": "bold green",
    "alerting": "yellow",
    "dialing": "yellow",
    "failed": "red",
    "locked": "red",
    "absent": "dim",
    "disabled": "dim",
}
