"""trunkline config: look at gateway.toml and change it safely."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from config import edit, load, versions
from config.carriers import load_carriers
from config.countries import load_countries
from config.keys import parse_key
from config.models import GatewayConfig
from config.profiles import load_profiles
from config.tones import load_tones

T = TypeVar("T")

EXIT_FAILED = 1
EXIT_BAD_CONFIG = 3

app = typer.Typer(no_args_is_help=True, help="Look at the configuration and change it safely.")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"The file; else ${load.PATH_VARIABLE}, else {load.DEFAULT_PATH}.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")]
BackArgument = Annotated[int, typer.Argument(min=1, help="How many changes back.")]


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what goes wrong into a sentence on stderr and an exit code."""
    try:
        yield
    except load.ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_BAD_CONFIG) from error
    except OSError as error:
        typer.echo(f"{error.filename or 'the file'}: {error.strerror}", err=True)
        raise typer.Exit(EXIT_FAILED) from error


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether the file and the profiles are right, and if not what is wrong in which line.

    Warns where it lets campaigns do more than the profile of a country.
    """
    path = str(load.config_path(config))
    problems, warnings = _findings(config)
    if as_json:
        report = {"path": path, "valid": not problems, "problems": problems, "warnings": warnings}
        typer.echo(json.dumps(report))
    else:
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)
        typer.echo("\n".join(problems) or f"{path} is right", err=bool(problems))
    if problems:
        raise typer.Exit(EXIT_BAD_CONFIG)


def _findings(path: Path | None) -> tuple[list[str], list[str]]:
    """What is wrong with the file and the profiles, and what an owner should know."""
    problems: list[str] = []
    config = _read(lambda: load.load(path), problems)
    modems = _read(load_profiles, problems)
    _read(load_tones, problems)
    countries = _read(load_countries, problems)
    _read(load_carriers, problems)
    if config and modems:
        problems += modems.unknown_in(config)
    warnings = countries.passed_by(config.country) if config and countries else ()
    return problems, list(warnings)


def _read(read: Callable[[], T], problems: list[str]) -> T | None:
    """Give what is read, or None and add to the problems."""
    try:
        return read()
    except load.ConfigError as error:
        problems += str(error).splitlines()
        return None


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="A key such as mqtt.port; all when left out.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is in force, defaults included and secrets masked."""
    with _sentences():
        value = edit.get(load.load(config), parse_key(key) if key else ())
    if as_json:
        typer.echo(json.dumps(value))
    else:
        typer.echo("\n".join(_flat(value, key)))


@app.command("set")
def set_(
    pairs: Annotated[list[str], typer.Argument(metavar="KEY VALUE [KEY VALUE]...")],
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Set keys, such as: mqtt.port 8883 sim.0.line desk-1. Lists take a,b,c."""
    if len(pairs) % 2:
        raise typer.BadParameter(f"{pairs[-1]} has no value", param_hint="KEY VALUE")
    with _sentences():
        path = load.config_path(config)
        old = new = _text(path)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            new = edit.set_value(new, parse_key(key), value)
        _write(path, old, new, ask=not yes)


@app.command()
def unset(
    keys: Annotated[list[str], typer.Argument(metavar="KEY...")],
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Take keys or tables out of the file, so that their defaults are in force."""
    with _sentences():
        path = load.config_path(config)
        old = new = _text(path)
        for key in keys:
            new = edit.unset(new, parse_key(key))
        _write(path, old, new, ask=not yes)


@app.command()
def diff(back: BackArgument = 1, config: ConfigOption = None) -> None:
    """Show what has changed since an earlier version."""
    with _sentences():
        path = load.config_path(config)
        _print_diff(edit.difference(versions.version(path, back), _text(path), path.name))


@app.command()
def rollback(
    back: BackArgument = 1,
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Bring an earlier version back; the one of now is kept too."""
    with _sentences():
        path = load.config_path(config)
        _write(path, _text(path), versions.version(path, back), ask=not yes)


def _text(path: Path) -> str:
    """Return the file's text, empty for one that is yet to be made."""
    return load.read_text(path) if path.exists() else ""


def _write(path: Path, old: str, new: str, *, ask: bool) -> None:
    load.parse(new, GatewayConfig, "nothing was written")
    difference = edit.difference(old, new, path.name)
    if not difference:
        typer.echo("nothing to change")
        return
    _print_diff(difference)
    if ask and not typer.confirm(f"Write {path}?"):
        raise typer.Exit(EXIT_FAILED)
    versions.write(path, new)
    typer.echo(f"{path} is written; `trunkline config rollback` brings the old one back")


def _print_diff(text: str) -> None:
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console()
    if console.is_terminal:
        console.print(Syntax(text, "diff", background_color="default"))
    else:
        typer.echo(text, nl=False)


def _flat(value: Any, key: str) -> Iterator[str]:
    """Yield `key = value` lines; a key without a value has none in force."""
    match value:
        case dict():
            for name, below in value.items():
                yield from _flat(below, f"{key}.{name}" if key else name)
        case [dict(), *_]:
            for place, below in enumerate(value):
                yield from _flat(below, f"{key}.{place}")
        case None:
            yield f"{key} ="
        case _:
            yield f"{key} = {json.dumps(value)}"
