"""The `trunkline tones` command: what an analogue line's exchange plays."""

import json
from typing import Annotated, Any

import typer

from edge.cli.common import Failed, JsonOption, gateway, in_sentences, print_json

LISTEN_S = 20  # a tone that repeats every two seconds is heard ten times
_ANSWER_S = 10  # more than that until an answer comes

app = typer.Typer(no_args_is_help=True, help="Tones of analogue lines.")


@app.command()
@in_sentences
def learn(
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line; a call must be on it.")],
    seconds: Annotated[int, typer.Option(min=5, max=60, help="How long to listen.")] = LISTEN_S,
    as_json: JsonOption = False,
) -> None:
    """Learn which tone a line plays when the far end hung up.

    Call the line from another telephone, take the call with `trunkline answer`, start this, and
    hang the other telephone up.
    """
    found: dict[str, Any] = gateway().own(
        "tones_learn", timeout_s=seconds + _ANSWER_S, line=line, seconds=seconds
    )
    tone = found["tone"]
    if as_json:
        print_json(found)
    elif tone is None:
        raise Failed(
            f"No tone that repeats was heard on {line}: "
            "hang the other telephone up while it listens."
        )
    else:
        typer.echo("# for the [[fxo]] table of this line in gateway.toml\n" + _toml(tone))


def _toml(tone: dict[str, list[int]]) -> str:
    keys = ", ".join(f"{name} = {json.dumps(value)}" for name, value in tone.items())
    return f"disconnect_tone = {{ {keys} }}"
