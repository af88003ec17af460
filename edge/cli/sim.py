"""`trunkline sim`: take a SIM to another gateway without losing what it has used."""

import json
from typing import Annotated

import typer

from edge.cli.common import (
    Failed,
    FileArgument,
    JsonOption,
    gateway,
    in_sentences,
    print_json,
    read_file,
)

app = typer.Typer(no_args_is_help=True, help="Take a SIM to another gateway with its counters.")


@app.command()
@in_sentences
def export(
    iccid: Annotated[str, typer.Argument(help="The SIM, as `trunkline line LINE` shows it.")],
    _as_json: JsonOption = True,
) -> None:
    """Print what a SIM has used and its last balance, as JSON for `trunkline sim import`."""
    print_json(gateway().own("sim_export", iccid=iccid.upper()))


@app.command("import")
@in_sentences
def import_file(
    file: FileArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Even if this gateway has counted more of the SIM.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Count on from where another gateway stopped; its counters take the place of ours."""
    try:
        facts = json.loads(read_file(file))
    except ValueError as error:
        raise Failed(f"{file} is not JSON ({error}); `trunkline sim export` makes one.") from error
    if not isinstance(facts, dict):
        raise Failed(f"{file} holds no SIM; `trunkline sim export` makes such a file.")
    answer = gateway().own("sim_import", file=facts, force=force)
    if as_json:
        print_json(answer)
        return
    balance = " and its balance" if answer["balance"] else ""
    typer.echo(f"{answer['iccid']}: took the counters{balance} over from {answer['gateway']}")
