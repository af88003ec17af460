"""`trunkline simulate`: modems that do not exist, for any program that speaks AT."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from edge.cli.common import Failed, JsonOption, print_json

if TYPE_CHECKING:
    from simulator import Scenario, Simulator


def simulate(
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a shipped one: office, demo, money.")
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
    """Run simulated modems on ptys until Ctrl-C; prints each name and what to open.

    A modem that has a port for its sound is followed by that. With --json the carriers' own
    books follow at the end.
    """
    world = _load(scenario)
    world = world.with_lines(lines) if lines else world
    world = world.model_copy(
        update={k: v for k, v in (("speed", speed), ("seed", seed)) if v is not None}
    )
    from edge.demo.world import run_world

    links = link_dir.resolve() if link_dir else None
    if as_json:
        run_world(world, links, incoming, _print_json, print_json)
    else:
        run_world(world, links, incoming, _print, lambda _: None)


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


def _print(simulator: "Simulator") -> None:
    for name, path in simulator.ports.items():
        audio = simulator.audio_ports.get(name)
        typer.echo(f"{name}  {path}  audio {audio}" if audio else f"{name}  {path}")


def _print_json(simulator: "Simulator") -> None:
    print_json({"ports": simulator.ports, "audio_ports": simulator.audio_ports})
