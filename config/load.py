"""Reads gateway.toml; whatever is wrong with it is said in sentences that show the way out."""

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from config.keys import dotted, field_at, hint, is_secret, model_at
from config.models import GatewayConfig

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DEFAULT_PATH = Path("/etc/trunkline/gateway.toml")
PATH_VARIABLE = "TRUNKLINE_CONFIG"
MAX_FILE_BYTES = 1_000_000

Model = TypeVar("Model", bound=BaseModel)

_REASONS = {  # plainer than pydantic's own words
    "string_type": "put it in quotes",
    "model_type": "write it as a table that begins with [{key}]",
    "tuple_type": "write it as a list: [[{key}]] for tables, [a, b] for values",
}
_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\-]+)\s*=")


class ConfigError(Exception):
    """A file of the owner cannot be used: say the problems, keep what runs."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))
        self.source = source
        self.problems = tuple(problems)


def config_path(given: Path | None = None) -> Path:
    """Return the file in use: the given one, else $TRUNKLINE_CONFIG, else the one in /etc."""
    return given or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def load(path: Path | None = None) -> GatewayConfig:
    """Read the configuration; ConfigError if it is wrong, or missing where one was named."""
    where = config_path(path)
    if where == DEFAULT_PATH and not where.exists():
        return GatewayConfig()
    return parse(read_text(where), GatewayConfig, str(where))


def read_text(path: Path) -> str:
    """Read a file of the owner; ConfigError with the way out if that fails."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ConfigError(str(path), [f"is larger than {MAX_FILE_BYTES} bytes"])
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), ["is not UTF-8 text; save it as UTF-8"]) from error
    except FileNotFoundError as error:
        raise ConfigError(str(path), ["does not exist; name another one with --config"]) from error
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}"]) from error


def parse(text: str, model: type[Model], source: str) -> Model:
    """Turn TOML into a model; ConfigError names every problem, by line and key."""
    try:
        return model.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(source, [f"is not TOML: {error}"]) from error
    except ValidationError as error:
        lines = _lines(text)
        problems = [_problem(model, detail, lines) for detail in error.errors()]
        raise ConfigError(source, problems) from None  # the cause would show secrets


def _problem(model: type[BaseModel], detail: "ErrorDetails", lines: dict[str, int]) -> str:
    path = detail["loc"]
    line = next((lines[key] for key in _upwards(path) if key in lines), None)
    return (f"line {line}: " if line else "") + _sentence(model, detail)


def _upwards(path: Sequence[str | int]) -> list[str]:
    return [dotted(path[:end]) for end in range(len(path), 0, -1)]


def _sentence(model: type[BaseModel], detail: "ErrorDetails") -> str:
    path, key = detail["loc"], dotted(detail["loc"])
    field = field_at(model, path)
    meaning = f" ({field.description})" if field and field.description else ""
    match detail["type"]:
        case "extra_forbidden":
            table = model_at(model, path[:-1])
            known = table.model_fields if table else ()
            return f"{key} is not a known key; {hint(str(path[-1]), known)}"
        case "missing":
            return f"{key} is missing and cannot be guessed{meaning}"
        case "value_error":
            reason = str(detail["ctx"]["error"])
            return f"{key}: {reason}" if key else reason
        case kind:
            plain = detail["msg"].replace("Input should", "it should")
            reason = _REASONS.get(kind, plain).replace("{key}", key)
            value = "" if field and is_secret(field) else _shown(detail["input"])
            return f"{key}{value} will not do: {reason}{meaning}"


def _shown(value: object) -> str:
    """Show a plain value; a table or a list may hold a secret."""
    return f" = {value!r:.40}" if isinstance(value, str | int | float) else ""


def _lines(text: str) -> dict[str, int]:
    """Map each dotted key and table to its line; enough for messages, not a TOML parser."""
    table, seen, lines = "", dict[str, int](), dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[2]
            if header[1] == "[[":
                index = seen[table] = seen.get(table, -1) + 1
                table = f"{table}.{index}"
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return lines
