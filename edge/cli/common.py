"""What the commands share: options, the way to the gateway, and errors as one sentence each."""

import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Annotated, NoReturn, ParamSpec

import typer

from config import load
from config.load import ConfigError
from edge.cli.config import EXIT_BAD_CONFIG, EXIT_FAILED
from edge.control_client import ControlClient, GatewayAway, RequestRefused
from mqtt.messages import Reply
from mqtt.vocabulary import Result, Verb

EXIT_NO_GATEWAY = 4
FILE_MAX = 64 * 1024 * 1024  # octets read of a file: millions of numbers

P = ParamSpec("P")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LineOption = Annotated[
    str | None, typer.Option("--line", "-l", metavar="LINE", help="The line to use; else any.")
]

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A text file; - is stdin.")]


class Failed(Exception):  # noqa: N818 - reads as what happened
    """The command did not do what was asked; the text is the sentence for stderr, if any."""


def in_sentences(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what goes wrong in a command into a sentence on stderr and an exit code."""

    @wraps(command)
    def careful(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ConfigError as error:
            _end(error, EXIT_BAD_CONFIG)
        except GatewayAway as error:
            _end(error, EXIT_NO_GATEWAY)
        except (Failed, RequestRefused) as error:
            _end(error, EXIT_FAILED)

    return careful


def _end(error: Exception, code: int) -> NoReturn:
    if sentence := str(error):
        typer.echo(sentence, err=True)
    raise typer.Exit(code) from error


def gateway() -> ControlClient:
    """Find the running gateway by its configuration; raises ConfigError."""
    return ControlClient(load.load().control.socket)


def ask(client: ControlClient, verb: Verb, *, as_json: bool, **arguments: object) -> Reply:
    """Send a command; a refusal ends ours, with --json after its Reply was printed."""
    reply = client.command(verb, **arguments)
    if reply.result is Result.REFUSED:
        if as_json:
            print_json(reply.as_dict())
        raise Failed(reply.message or f"The gateway refused: {reply.reason}.")
    return reply


def order(verb: Verb, done: str, *, as_json: bool, **arguments: object) -> None:
    """Send a command after which nothing is waited for; prints `done`, or the Reply."""
    reply = ask(gateway(), verb, as_json=as_json, **arguments)
    if as_json:
        print_json(reply.as_dict())
    else:
        typer.echo(done)


def print_json(value: object) -> None:
    """Print one line of JSON, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def read_file(name: str) -> str:
    """Read a text file, - being stdin; raises Failed."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            data = file.read(FILE_MAX + 1)
        if len(data) > FILE_MAX:
            raise Failed(f"{name} is too large; split it.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Failed(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Failed(f"{name} is not UTF-8 text; save it as UTF-8.") from error


def safe(text: str) -> str:
    """Make text of a modem or a network fit for a terminal: no control characters but newlines."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def read_line(prompt: str) -> str:
    """Read a line of stdin, with a prompt where a person types it; empty at the end of stdin."""
    by_hand = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        return input(prompt if by_hand else "").strip()
    except EOFError:
        return ""
