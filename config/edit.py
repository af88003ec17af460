"""Changes the text of gateway.toml key by key: typed values, comments stay, secrets are masked."""

import difflib
import json
import re
import tomllib
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import tomlkit
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from config.keys import (
    KeyPath,
    dotted,
    fields_of,
    hint,
    is_list_of_tables,
    is_secret,
    keys,
    section_of,
)
from config.load import ConfigError
from config.models import GatewayConfig

MASK = '"****"'

_SECRETS = "|".join(str(path[-1]) for path, field in keys(GatewayConfig) if is_secret(field))
_SECRET_VALUE = re.compile(
    rf"""(\b(?:{_SECRETS})["']?\s*=\s*)("{{3}}.*?"{{3}}|'{{3}}.*?'{{3}}|"[^"\n]*"|'[^'\n]*'|[^\s,}}]+)""",
    re.DOTALL,
)


class KeyPathError(ConfigError):
    """The key or its place does not exist: nothing was changed."""

    def __init__(self, path: KeyPath, problem: str) -> None:
        super().__init__(dotted(path), [problem])


def get(config: GatewayConfig, path: KeyPath) -> Any:
    """Return the value in force as JSON would have it, secrets masked; KeyPathError if unknown."""
    here: Any = config.model_dump(mode="json", by_alias=True)
    for depth, part in enumerate(path):
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            known = here if isinstance(here, dict) else ()
            raise KeyPathError(path, _unknown(path[: depth + 1], known)) from None
    return here


def set_value(text: str, path: KeyPath, value: str) -> str:
    """Return the text with one key set, its value read by the key's type."""
    field = _field(path)
    if any(isinstance(part, int) for part in path[2:]):
        raise KeyPathError(path, "stands in a list within a table; change it in the file")
    document = _document(_with_table(text, path))
    _table_of(document, path)[str(path[-1])] = _typed(field, value)
    return _dump(document)


def unset(text: str, path: KeyPath) -> str:
    """Return the text without a key, a table or an entry of a list; KeyPathError if not there."""
    document = _document(text)
    here: Any = document
    for part in path[:-1]:
        here = _below(here, part, path)
    _below(here, path[-1], path)
    del here[path[-1]]
    if isinstance(path[-1], int) and not here:
        del document[str(path[0])]
    return _dump(document)


def difference(old: str, new: str, name: str) -> str:
    """Return a unified diff with every secret masked, empty where nothing differs."""
    known = {match[2] for match in _SECRET_VALUE.finditer(old)}
    return "".join(
        difflib.unified_diff(
            masked(old).splitlines(keepends=True),
            masked(new, known).splitlines(keepends=True),
            f"{name} (before)",
            f"{name} (after)",
        ),
    )


def masked(text: str, known: set[str] | None = None) -> str:
    """Return the text with secrets hidden; those that are not in known are marked as new."""

    def hide(match: re.Match[str]) -> str:
        new = known is not None and match[2] not in known
        return match[1] + (MASK[:-1] + ' new"' if new else MASK)

    return _SECRET_VALUE.sub(hide, text)


def _unknown(path: KeyPath, known: Collection[str]) -> str:
    if not known:
        return f"{dotted(path[:-1])} has no {path[-1]}"
    return f"is not a known key; {hint(str(path[-1]), known)}"


def _field(path: KeyPath) -> FieldInfo:
    """Return the field of a key that takes a value; KeyPathError says what is wrong with it."""
    table: type[BaseModel] | None = GatewayConfig
    field, in_list = None, False
    for depth, part in enumerate(path, 1):
        above = dotted(path[: depth - 1])
        if in_list and not isinstance(part, int):
            raise KeyPathError(path, f"{above} is a list; begin with {above}.0")
        if table is None or (isinstance(part, int) and not in_list):
            raise KeyPathError(path, f"{above} has no parts" if above else "a key is a name")
        if isinstance(part, int):
            in_list = False
            continue
        field = fields_of(table).get(part)
        if field is None:
            raise KeyPathError(path, _unknown(path[:depth], fields_of(table)))
        table, in_list = section_of(field), is_list_of_tables(field)
    if field is None or table is not None:
        known = fields_of(table)
        raise KeyPathError(path, f"is a table; name a key in it: {', '.join(known)}")
    return field


def _document(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        problem = f"is not TOML, mend it or roll back first: {error}"
        raise ConfigError("the file", [problem]) from error


def _below(here: Any, part: str | int, path: KeyPath) -> Any:
    try:
        return here[part]
    except (KeyError, IndexError, TypeError) as error:
        raise KeyPathError(path, "is not in the file, its default is in force") from error


def _with_table(text: str, path: KeyPath) -> str:
    """Return the text with an empty table for the key at its end, if there is none yet."""
    table, *places = path[:-1]
    there = _document(text).get(str(table))
    if not places or isinstance(places[0], str):
        return text if there is not None else _appended(text, f"[{table}]")
    place, count = places[0], len(there or ())
    if place > count:
        raise KeyPathError(path, f"the next place in the list is {count}")
    if place < count:
        return text
    if isinstance(there, Array):
        raise KeyPathError(path, f"{table} is written in one line; add to it in the file")
    return _appended(text, f"[[{table}]]")


def _appended(text: str, header: str) -> str:
    return f"{text.rstrip()}\n\n{header}\n".lstrip()


def _table_of(document: tomlkit.TOMLDocument, path: KeyPath) -> Any:
    here: Any = document
    for part in path[:-1]:
        if isinstance(part, str) and part not in here:
            here[part] = tomlkit.table()
        here = here[part]
    return here


def _dump(document: tomlkit.TOMLDocument) -> str:
    text = tomlkit.dumps(document)
    return text if text.endswith("\n") or not text else text + "\n"


def _typed(field: FieldInfo, value: str) -> Any:
    """Read a value from the command line: text as it is, else as TOML, else as a list."""
    adapter: TypeAdapter[object] = TypeAdapter(field.annotation or object)
    for candidate in _readings(value):
        with suppress(ValidationError):
            adapter.validate_json(json.dumps(candidate, default=str), strict=True)
            return candidate
    return value


def _readings(value: str) -> list[Any]:
    readings: list[Any] = [value]
    with suppress(tomllib.TOMLDecodeError):
        readings.append(tomllib.loads(f"value = {value}")["value"])
    return [*readings, [part.strip() for part in value.split(",")]]
