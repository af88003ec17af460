"""Commands that look: lines, calls."""

from typing import Annotated

import typer

from edge.cli.common import JsonOption, gateway, print_json
from edge.cli.tables import (
    CALL_COLUMNS,
    CDR_COLUMNS,
    Row,
    call_row,
    cdr_row,
    line_table,
    print_table,
)
from edge.cli.watch import watch_lines


def lines(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the lines: state, network, and where they have them plan, use, balance."""
    client = gateway()
    if watch:
        watch_lines(client, as_json=as_json)
        return
    found = client.snapshot().lines
    if as_json:
        print_json({"lines": [line.as_dict() for line in found]})
    elif found:
        print_table("lines", *line_table(found))
    else:
        typer.echo("There is no line yet: plug a modem in, or see `trunkline detect`.")


def calls(
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=1000, help="How many CDRs.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show the calls that live and the last that are over."""
    client = gateway()
    live, over = client.snapshot().calls, client.cdrs(last)
    if as_json:
        facts = {"calls": [c.as_dict() for c in live], "cdrs": [c.as_dict() for c in over]}
        print_json(facts)
        return
    _section("live", CALL_COLUMNS, [call_row(call) for call in live])
    _section("over", CDR_COLUMNS, [cdr_row(cdr) for cdr in over])


def _section(title: str, columns: Row, rows: list[Row]) -> None:
    if rows:
        print_table(title, columns, rows)
    else:
        typer.echo(f"no calls {title}")
