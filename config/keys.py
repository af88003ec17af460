"""What a model says of its keys: where they are, what they mean, which ones are secret."""

import difflib
import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

KeyPath = tuple[str | int, ...]


def parse_key(key: str) -> KeyPath:
    """Split a dotted key; numbers are places in a list: "sim.0.line" is ("sim", 0, "line")."""
    return tuple(int(part) if part.isdecimal() else part for part in key.split("."))


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as the owner would: the contrary of parse_key."""
    return ".".join(str(part) for part in path)


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a table, or of each entry of a list of tables."""
    annotation = field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return None


def fields_of(table: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """Return the fields of a table by their names in the file; none where there is no table."""
    fields = table.model_fields if table else {}
    return {field.alias or name: field for name, field in fields.items()}


def is_list_of_tables(field: FieldInfo) -> bool:
    """Tell [[sim]] from [mqtt]."""
    return section_of(field) is not None and get_origin(field.annotation) is tuple


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """Return the model of the table at path, None where there is no table."""
    here: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int):
            continue
        field = fields_of(here).get(part)
        here = section_of(field) if field else None
    return here


def field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """Return the field that path names, None for an unknown one or a place in a list."""
    if not path or isinstance(path[-1], int):
        return None
    return fields_of(model_at(model, path[:-1])).get(path[-1])


def keys(model: type[BaseModel], above: KeyPath = ()) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """Yield every key that takes a value, lists of tables without their places."""
    for name, field in fields_of(model).items():
        table = section_of(field)
        if table:
            yield from keys(table, (*above, name))
        else:
            yield (*above, name), field


def is_secret(field: FieldInfo) -> bool:
    """Tell whether the value may not be shown."""
    annotation = field.annotation
    return SecretStr in (annotation, *_flat(get_args(annotation)))


def _flat(arguments: Iterable[object]) -> Iterator[object]:
    for argument in arguments:
        yield argument
        yield from _flat(get_args(argument))


def hint(word: str, known: Iterable[str]) -> str:
    """Say which known word was meant, or name them all."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(words)}"
