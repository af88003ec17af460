"""Facts in columns: a Rich table on a terminal, plain columns elsewhere."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from edge.cli.common import safe
from edge.cli.words import days, left, moment, money, use
from mqtt.messages import Cdr, LineStatus, LiveCall, Use
from mqtt.vocabulary import Direction

if TYPE_CHECKING:
    from rich.table import Table

Row = Sequence[str]

LINE_COLUMNS = (
    "line",
    "state",
    "operator",
    "signal",
    "number",
    "modem",
    "carrier",
    "plan",
    "use",
    "balance",
    "days",
    "until",
    "why",
)
_IF_KNOWN = {"carrier", "plan", "use", "balance", "days", "until"}  # shown where a line has them
CALL_COLUMNS = ("call", "line", "way", "number", "state", "since")
CDR_COLUMNS = ("call", "line", "way", "number", "cause", "ended", "talked")


def line_row(line: LineStatus) -> Row:
    """A line in LINE_COLUMNS."""
    facts = (
        line.operator,
        _signal(line),
        line.number,
        line.modem,
        line.carrier,
        line.plan,
        _tightest(line.use or ()),
        money(line.balance, line.currency),
        days(line.days_left),
        moment(line.until),
        line.reason,
    )
    return (line.line, line.state, *(fact or "" for fact in facts))


def line_table(lines: Iterable[LineStatus]) -> tuple[Row, list[Row]]:
    """Columns and rows of lines, without what is known of none of them."""
    rows = [line_row(line) for line in lines]
    shown = [
        place
        for place, column in enumerate(LINE_COLUMNS)
        if column not in _IF_KNOWN or any(row[place] for row in rows)
    ]
    return _pick(LINE_COLUMNS, shown), [_pick(row, shown) for row in rows]


def line_facts(line: LineStatus) -> list[Row]:
    """All that is known of a line, a fact a row."""
    facts = {
        "line": line.line,
        "state": f"{line.state} since {moment(line.since)}",
        "why": line.reason,
        "until": moment(line.until),
        "operator": line.operator,
        "registration": line.registration,
        "signal": _signal(line),
        "number": line.number,
        "SIM": line.sim,
        "modem": line.modem,
        "IMEI": line.imei,
        "call": line.call_id,
        "carrier": line.carrier,
        "plan": line.plan,
        "balance": money(line.balance, line.currency),
        "balance told": moment(line.balance_at),
        "balance expires": line.balance_expires,
        "balance lasts": line.days_left and f"{days(line.days_left)} days",
    }
    rows: list[Row] = [(name, str(fact)) for name, fact in facts.items() if fact]
    rows += [("left", left(bucket)) for bucket in line.buckets or ()]
    return rows + [("used", _until(one)) for one in line.use or ()]


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


def _pick(row: Row, places: Sequence[int]) -> Row:
    return [row[place] for place in places]


def _signal(line: LineStatus) -> str:
    return "" if line.signal_dbm is None else f"{line.signal_dbm} dBm"


def _tightest(uses: Sequence[Use]) -> str:
    """The limit of which the least is left; empty as long as nothing is used of any."""
    full = max(uses, key=_share, default=None)
    return use(full) if full and _share(full) else ""


def _share(one: Use) -> float:
    return one.used / one.most if one.most else 1.0


def _until(one: Use) -> str:
    return f"{use(one)} until {moment(one.until)}" if one.until else use(one)


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
    "resting": "yellow",
    "exhausted": "yellow",
}
