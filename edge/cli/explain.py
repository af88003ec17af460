"""Commands that need neither gateway nor configuration: explain, version."""

import platform
import sys
from importlib.metadata import version as version_of
from typing import Annotated

import typer

from edge.cli.common import JsonOption, print_json, safe


def explain(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[LINE]...", help="Lines; else stdin's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say in words what AT lines and SMS PDUs mean."""
    from modem.explain import explain as meaning_of

    for text in texts or sys.stdin:
        line = text.rstrip("\r\n")
        if as_json:
            print_json({"line": line, "meaning": meaning_of(line)})
        else:
            typer.echo(safe(meaning_of(line)))


def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    ours = version_of("trunkline")
    if as_json:
        print_json({"trunkline": ours, "python": platform.python_version()})
    else:
        typer.echo(f"trunkline {ours}, Python {platform.python_version()}")
