"""`trunkline demo`: all of Trunkline at work, with no hardware."""

import os
from pathlib import Path
from typing import Annotated

import typer

from edge.cli.common import Failed, JsonOption, print_json
from edge.demo.options import BrokerKind, DemoFailed, Options

RECORDING = "trunkline-demo-call.wav"


def demo(
    lines: Annotated[int, typer.Option(min=1, max=200, help="Simulated modems.")] = 8,
    calls: Annotated[int, typer.Option(min=1, max=100_000, help="Calls to place.")] = 40,
    speed: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How much faster than real time they go.")
    ] = 20,
    seed: Annotated[int, typer.Option(help="The same seed dials the same people.")] = 7,
    broker: Annotated[BrokerKind, typer.Option(help="Which broker to start.")] = BrokerKind.AUTO,
    recording: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            writable=True,
            help=f"The last call; {RECORDING} if left out.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Simulated modems, gateway and broker: place calls over MQTT, count calls and money.

    At the end a phone talks over one of them.
    """
    import asyncio

    from edge.demo import screen
    from edge.demo.play import play

    options = Options(lines, calls, speed, seed, broker, recording or _usual_place())
    moving = screen.on_terminal() and not as_json
    silent = moving or as_json
    try:
        summary = asyncio.run(
            play(
                options,
                (lambda _: None) if silent else screen.print_told,
                screen.live if moving else screen.nothing,
            )
        )
    except DemoFailed as error:
        raise Failed(str(error)) from error
    except asyncio.CancelledError as error:
        raise Failed("The demo was stopped.") from error
    if as_json:
        print_json(summary.facts())
    else:
        screen.print_summary(summary)
    if not summary.all_well:
        raise Failed("Something got lost, came twice, was not heard or does not add up: see above.")


def _usual_place() -> Path:
    """The current folder, or where one cannot write there, the one for temporary files."""
    import tempfile

    here = Path.cwd()
    return (here if os.access(here, os.W_OK) else Path(tempfile.gettempdir())) / RECORDING
