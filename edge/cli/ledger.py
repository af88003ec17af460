"""`trunkline ledger`: what happened to money, and the proof that it adds up."""

from typing import Annotated, Any

import typer

from edge.cli.common import Failed, JsonOption, gateway, in_sentences, print_json
from edge.cli.stories import story
from edge.cli.tables import Row, print_table
from edge.cli.words import count, moment, money
from edge.control_client import LONG_TIMEOUT_S
from mqtt.messages import MoneyEvent

COLUMNS = ("entry", "at", "line", "kind", "amount", "what")
SUMS = ("SIM", "topped up", "in doubt", "charged", "not explained")

app = typer.Typer(
    invoke_without_command=True,
    help="Show the ledger: every balance, charge, voucher and top-up, in its order.",
)


@app.callback()
@in_sentences
def ledger(
    context: typer.Context,
    sim: Annotated[
        str | None, typer.Option("--sim", metavar="ICCID", help="Of this SIM alone.")
    ] = None,
    line: Annotated[
        str | None, typer.Option("--line", "-l", metavar="LINE", help="Of this line's SIM alone.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1000, help="How many, up to the last.")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the last entries, the newest at the end."""
    if context.invoked_subcommand:
        return
    answer = gateway().own("ledger", sim=sim and sim.upper(), line=line, limit=limit)
    events = [MoneyEvent.model_validate(entry, strict=False) for entry in answer["entries"]]
    if as_json:
        print_json({"entries": [event.as_dict() for event in events]})
    elif events:
        print_table("ledger", COLUMNS, [_row(event) for event in events])
    else:
        typer.echo("The ledger has no entry yet.")


@app.command()
@in_sentences
def check(as_json: JsonOption = False) -> None:
    """Prove that every top-up and voucher is explained, and none was used twice."""
    found = gateway().own("ledger_check", LONG_TIMEOUT_S)
    problems = found["problems"]
    if as_json:
        print_json(found)
    elif not problems:
        typer.echo(f"The ledger adds up: {_counts(found)}.")
    if found["sums"] and not as_json:
        print_table("money", SUMS, [_sum(each) for each in found["sums"]])
    for problem in problems:
        where = f"entry {problem['entry']}: " if problem["entry"] else ""
        typer.echo(f"{where}{problem['message']}", err=True)
    if problems:
        raise Failed(f"The ledger does not add up: {count(len(problems), 'problem')}.")


def _counts(found: dict[str, Any]) -> str:
    vouchers = [f"{number} {state}" for state, number in sorted(found["vouchers"].items())]
    entries = count(found["entries"], "entry", "entries")
    return f"{entries}, vouchers: {', '.join(vouchers) or 'none'}"


def _row(event: MoneyEvent) -> Row:
    return (
        str(event.entry),
        moment(event.ts),
        event.line or "",
        event.kind.replace("_", " "),
        money(event.amount, event.currency),
        story(event),
    )


def _sum(total: dict[str, Any]) -> Row:
    parts = ("confirmed", "doubtful", "charged", "unexplained")
    return total["sim"], *(money(total[part], total["currency"]) for part in parts)
