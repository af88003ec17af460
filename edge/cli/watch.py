"""`trunkline lines --watch`: the lines as they change, until Ctrl-C."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from edge.cli.common import print_json
from edge.cli.tables import line_row, line_table, rich_table
from edge.control_client import ControlClient
from mqtt import topics
from mqtt.messages import LineStatus

Lines = dict[str, LineStatus]
Show = Callable[[Lines, str], None]  # all lines, and which has changed


def watch_lines(client: ControlClient, *, as_json: bool) -> None:
    """Show all lines, then every change."""
    with client.watching() as told, _shown(as_json=as_json) as show:
        known = {line.line: line for line in client.snapshot().lines}
        for name in list(known):
            show(known, name)
        for published in told:
            topic = published.topic
            if topic.kind != topics.LINE:
                continue
            if published.payload is None:
                known.pop(topic.item, None)
            else:
                known[topic.item] = LineStatus.model_validate(published.payload, strict=False)
            show(known, topic.item)


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Show]:
    if as_json or not sys.stdout.isatty():
        yield _print_json if as_json else _print_line
        return
    from rich.live import Live

    with Live(auto_refresh=False) as live:
        yield lambda known, _: live.update(
            rich_table("lines", *line_table(known.values())),
            refresh=True,
        )


def _print_json(known: Lines, name: str) -> None:
    print_json(known[name].as_dict() if name in known else {"line": name, "gone": True})


def _print_line(known: Lines, name: str) -> None:
    cells = line_row(known[name]) if name in known else (name, "gone")
    typer.echo("  ".join(cell for cell in cells if cell))
