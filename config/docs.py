"""Writes gateway.example.toml and the key reference from the models."""

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from config.keys import fields_of, is_list_of_tables, section_of
from config.load import DEFAULT_PATH, PATH_VARIABLE
from config.models import GatewayConfig

_WIDTH = 96
_HEAD = f"""\
# Trunkline's configuration: {DEFAULT_PATH}, else the file in ${PATH_VARIABLE} or --config.
# An empty file is a valid one. `# key` shows the default, `## key` an example.
# Change it with `trunkline config set KEY VALUE`, look at it with `trunkline config check`.
"""
_REFERENCE_HEAD = """\
# The keys of gateway.toml

Made from `config/models.py` by `scripts/docs-generate`; what is not set has its default.
"""


def example_toml() -> str:
    """Return the example file: every key, commented, with its default or an example."""
    tables = ["\n".join(_table(name, field)) for name, field in GatewayConfig.model_fields.items()]
    return "\n".join([_HEAD, *tables]).rstrip() + "\n"


def reference_md() -> str:
    """Return the reference: a table of keys for each table of the file."""
    parts = [_reference(name, field) for name, field in _tables()]
    return "\n".join([_REFERENCE_HEAD, *parts]).rstrip() + "\n"


def _tables() -> Iterator[tuple[str, FieldInfo]]:
    """Yield each table, then what it has of tables that stand nowhere else, by dotted name."""
    known = {section_of(field) for field in GatewayConfig.model_fields.values()}
    for name, field in GatewayConfig.model_fields.items():
        yield name, field
        for key, value in _keys(field).items():
            if (inner := section_of(value)) and inner not in known:
                known.add(inner)
                yield f"{name}.{key}", value


def _table(name: str, field: FieldInfo) -> Iterator[str]:
    yield f"# {field.description}"
    optional = is_list_of_tables(field)
    yield f"## [[{name}]]" if optional else f"[{name}]"
    for key, value in _keys(field).items():
        yield from wrap(_meaning(value), _WIDTH, initial_indent="# ", subsequent_indent="# ")
        yield f"{'##' if optional or not _has_default(value) else '#'} {key} = {_value(value)}"
    yield ""


def _reference(name: str, field: FieldInfo) -> str:
    title = f"[[{name}]]" if is_list_of_tables(field) else f"[{name}]"
    rows = [
        f"| `{key}` | {_default(value)} | {_meaning(value)} |"
        for key, value in _keys(field).items()
    ]
    head = "| key | default | meaning |\n| --- | --- | --- |"
    return "\n".join([f"## {title}", "", f"{field.description}", "", head, *rows, ""])


def _keys(field: FieldInfo) -> dict[str, FieldInfo]:
    return fields_of(section_of(field))


def _has_default(field: FieldInfo) -> bool:
    """Whether it has one to show; of tables within tables there is an example."""
    return field.default not in (None, PydanticUndefined) and section_of(field) is None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return f"`{_value(field)}`" if _has_default(field) else ""


def _value(field: FieldInfo) -> str:
    """Write the default, else the example."""
    value = field.default if _has_default(field) else (field.examples or [None])[0]
    return _toml(to_jsonable_python(value))


def _toml(value: Any) -> str:
    """Write a value in one line; strings and numbers are those of JSON."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(part)}' for key, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _meaning(field: FieldInfo) -> str:
    return field.description or ""
