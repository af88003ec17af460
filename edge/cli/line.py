"""Commands about one line and its modem: line, at."""

from enum import StrEnum
from typing import Annotated

import typer

from edge.cli.common import Failed, JsonOption, gateway, order, print_json, read_line, safe
from edge.cli.tables import line_facts, print_table
from edge.control_client import ControlClient, RequestRefused
from mqtt.vocabulary import LineAction, Verb

LineArgument = Annotated[
    str, typer.Argument(metavar="LINE", help="The line, as `trunkline lines` shows it.")
]


class Action(StrEnum):
    """What can be done to a line."""

    ENABLE = "enable"
    DISABLE = "disable"
    RESET = "reset"
    SWITCH_SIM = "switch-sim"


_DONE = {
    Action.ENABLE: "may be used again",
    Action.DISABLE: "is not used any more",
    Action.RESET: "begins anew",
    Action.SWITCH_SIM: "gives way to the other SIM",
}


def line(
    name: LineArgument,
    action: Annotated[Action | None, typer.Argument(help="What to do; else show the line.")] = None,
    slot: Annotated[
        int | None, typer.Option(min=1, max=8, help="The SIM slot for switch-sim.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show all of a line; enable, disable or reset it, or switch its modem to another SIM."""
    if action is None:
        _show(name, as_json=as_json)
        return
    order(
        Verb.LINE,
        f"{name} {_DONE[action]}",
        as_json=as_json,
        line=name,
        action=LineAction(action.replace("-", "_")),
        slot=slot,
    )


def _show(name: str, *, as_json: bool) -> None:
    found = next((one for one in gateway().snapshot().lines if one.line == name), None)
    if found is None:
        raise Failed(f"There is no line {name}; see `trunkline lines`.")
    if as_json:
        print_json(found.as_dict())
    else:
        print_table(name, ("fact", "is"), line_facts(found))


def at(
    name: LineArgument,
    command: Annotated[str | None, typer.Argument(help="One AT command; else stdin's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Talk AT to a line's modem, where console.at_enabled allows it."""
    client = gateway()
    if command is not None:
        if not _exchange(client, name, command, as_json=as_json):
            raise Failed("")
        return
    while text := read_line(f"{name}> "):
        try:
            _exchange(client, name, text, as_json=as_json)
        except RequestRefused as error:
            typer.echo(str(error), err=True)


def _exchange(client: ControlClient, name: str, command: str, *, as_json: bool) -> bool:
    """Send one command and print the answer; tells whether it was OK."""
    lines, final = client.at(name, command)
    if as_json:
        print_json({"lines": lines, "final": final})
    else:
        for text in (*lines, final or "no answer"):
            typer.echo(safe(text))
    return final == "OK"
