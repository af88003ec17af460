"""`trunkline simulate`: modems that do not exist, for any program that speaks AT."""

import asyncio
import signal
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from edge.cli.common import Failed, JsonOption, print_json

if TYPE_CHECKING:
    from simulator import Scenario, Simulator


def simulate(
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a shipped one: office, demo.")
    ] = "office",
    link_dir: Annotated[
        Path | None, typer.Option("--link-dir", help="Keep links to the ttys here, by name.")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, max=1000, help="So many modems; else as the scenario says.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.01, max=1000, help="So many times faster than real time.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same world.")] = None,
    incoming: Annotated[
        float | None,
        typer.Option(min=0.1, help="Every so many simulated seconds somebody calls a line."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run simulated modems on ptys until Ctrl-C; prints each name and what to open."""
    world = _load(scenario)
    world = world.with_lines(lines) if lines else world
    world = world.model_copy(
        update={k: v for k, v in (("speed", speed), ("seed", seed)) if v is not None}
    )
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(world, link_dir and link_dir.resolve(), incoming, as_json=as_json))


def _load(name: str) -> "Scenario":
    import simulator

    shipped = Path(simulator.__file__).parent / "scenarios"
    path = shipped / f"{name}.toml"
    path = path if path.is_file() else Path(name)
    try:
        return simulator.Scenario.load(path)
    except FileNotFoundError as error:
        names = ", ".join(sorted(file.stem for file in shipped.glob("*.toml")))
        raise Failed(f"There is no scenario {name}: name a file, or one of {names}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failed(f"The scenario {path} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Failed(f"The scenario {path} is wrong: {where}: {first['msg']}.") from error


async def _serve(
    world: "Scenario", link_dir: Path | None, incoming: float | None, *, as_json: bool
) -> None:
    """Serve until SIGINT or SIGTERM; the links go with us."""
    from edge.demo.callers import call_lines
    from simulator import serve

    _end_on_signals()
    async with asyncio.TaskGroup() as group:

        def ready(simulator: "Simulator") -> None:
            _print_ports(simulator.ports, as_json=as_json)
            if incoming:
                group.create_task(call_lines(simulator, incoming))

        await serve(world, link_dir, on_ready=ready)


def _end_on_signals() -> None:
    if task := asyncio.current_task():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _print_ports(ports: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"ports": ports})
        return
    for name, path in ports.items():
        typer.echo(f"{name}  {path}")
