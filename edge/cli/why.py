"""`trunkline why`: which line would take a call, and why the others would not."""

from typing import Annotated

import typer

from edge.cli.common import Failed, JsonOption, ask, gateway, print_json
from edge.cli.tables import Row, print_table
from edge.cli.words import moment, money, span
from mqtt.messages import Choice, LineChoice
from mqtt.vocabulary import Purpose, Verb

COLUMNS = ("line", "rank", "why not", "until", "longest call", "a minute", "sentence")
_KINDS = {
    "fixed": "a fixed line",
    "mobile": "a mobile number",
    "fixed_or_mobile": "a fixed line or a mobile number",
    "toll_free": "a toll-free number",
    "shared_cost": "a shared-cost number",
    "premium": "a premium number",
    "short": "a short code",
    "emergency": "an emergency number",
    "unassigned": "a number that nobody can have",
}


def why(
    number: Annotated[str, typer.Argument(help="Whom to call, such as +43123456789.")],
    purpose: Annotated[
        Purpose, typer.Option("--purpose", "-p", help="Campaigns have rules of their own.")
    ] = Purpose.MANUAL,
    line: Annotated[
        str | None, typer.Option("--line", "-l", metavar="LINE", help="Ask for this line alone.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option("--consent", help="Reference to the callee's consent.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which line would take a call now, and why the others would not; nothing is dialled."""
    reply = ask(
        gateway(),
        Verb.WHY,
        as_json=as_json,
        to=number,
        purpose=purpose,
        line=line,
        consent=consent,
    )
    if not isinstance(reply.data, Choice):
        raise Failed(reply.message or "The gateway gave no answer to that; try again.")
    if as_json:
        print_json(reply.data.as_dict())
    else:
        _print(reply.data)


def _print(choice: Choice) -> None:
    typer.echo(callee(choice))
    typer.echo(verdict(choice))
    if choice.lines:
        print_table("lines", COLUMNS, [line_row(line) for line in choice.lines])


def callee(choice: Choice) -> str:
    """What the number is, in a sentence."""
    country = f" of {choice.country}" if choice.country else ""
    carrier = f", network {choice.carrier}" if choice.carrier else ""
    return f"{choice.number} is {_KINDS.get(choice.kind, 'a number')}{country}{carrier}."


def verdict(choice: Choice) -> str:
    """What would become of the call, in a sentence or two."""
    if choice.line:
        return f"{choice.line} would take the call."
    again = "" if choice.retry_after_s is None else f" Try again in {span(choice.retry_after_s)}."
    return f"No call now ({choice.reason}): {choice.message}{again}"


def line_row(line: LineChoice) -> Row:
    """A line in COLUMNS."""
    rank = str(line.rank) if line.rank else "-"
    longest = "any" if line.seconds is None else span(line.seconds)
    return (
        line.line,
        rank,
        line.reason or "",
        moment(line.until),
        longest if line.rank else "",
        money(line.cost, line.currency) if line.currency else "",
        line.message or _switch(line),
    )


def _switch(line: LineChoice) -> str:
    if line.switch_s is None:
        return ""
    return f"Its modem must switch SIMs first, which takes {span(line.switch_s)}."
