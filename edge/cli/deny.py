"""`trunkline deny`: numbers that no campaign calls again."""

from typing import Annotated

import typer

from config import load
from edge.cli.common import (
    Failed,
    FileArgument,
    JsonOption,
    ask,
    gateway,
    in_sentences,
    print_json,
    read_file,
)
from edge.cli.words import count as number_of
from edge.control_client import ControlClient
from mqtt.vocabulary import Verb

CHUNK = 1000  # numbers a command, as the contract allows

app = typer.Typer(no_args_is_help=True, help="Numbers that no campaign calls again.")

NumbersArgument = Annotated[
    list[str], typer.Argument(metavar="NUMBER...", help="Numbers, such as +43123456789.")
]


@app.command()
@in_sentences
def add(numbers: NumbersArgument, as_json: JsonOption = False) -> None:
    """Deny numbers from now on; a call under way goes on."""
    reply = ask(gateway(), Verb.DENY, as_json=as_json, numbers=numbers)
    if as_json:
        print_json(reply.as_dict())
    elif not reply.message:
        typer.echo(f"{number_of(len(numbers), 'number')} denied")
    if reply.message:
        raise Failed(reply.message)


@app.command("import")
@in_sentences
def import_file(file: FileArgument, as_json: JsonOption = False) -> None:
    """Deny all numbers of a file, one a line; what follows # is a remark."""
    from edge.guards.deny import read_numbers

    numbers, problems = read_numbers(read_file(file).splitlines(), load.load().gateway.country)
    denied = _deny(gateway(), numbers, as_json=as_json)
    if as_json:
        print_json({"denied": denied, "left_out": problems})
    else:
        typer.echo(f"{number_of(denied, 'number')} denied")
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise Failed(f"{number_of(len(problems), 'line')} left out; mend and import them again.")


@app.command()
@in_sentences
def remove(numbers: NumbersArgument, as_json: JsonOption = False) -> None:
    """Let numbers be called again, because their owners asked for it."""
    answer = gateway().own("deny_remove", numbers=numbers)
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{number_of(len(answer['removed']), 'number')} may be called again")
    if unknown := answer["unknown"]:
        raise Failed(f"Not on the list: {', '.join(unknown)}.")


@app.command()
@in_sentences
def count(as_json: JsonOption = False) -> None:
    """Say how many numbers are denied; which they are nobody can tell, only hashes are kept."""
    answer = gateway().own("deny_count")
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{number_of(answer['count'], 'number')} denied")


def _deny(client: ControlClient, numbers: list[str], *, as_json: bool) -> int:
    """Deny numbers in E.164, as many at once as a command takes; gives how many."""
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        ask(client, Verb.DENY, as_json=as_json, numbers=part)
    return len(numbers)
