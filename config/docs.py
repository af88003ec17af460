"""Writes gateway.example.toml and the key reference from the models."""

import json
from collections.abc import Iterator
from textwrap import wrap

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from config.keys import is_list_of_tables, section_of
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
    parts = [_reference(name, field) for name, field in GatewayConfig.model_fields.items()]
    return "\n".join([_REFERENCE_HEAD, *parts]).rstrip() + "\n"


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
    table = section_of(field)
    return table.model_fields if table else {}


def _has_default(field: FieldInfo) -> bool:
    return field.default not in (None, PydanticUndefined)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return f"`{_value(field)}`" if _has_default(field) else ""


def _value(field: FieldInfo) -> str:
    """Write the default, else the example; JSON's strings, numbers and lists are TOML's too."""
    value = field.default if _has_default(field) else (field.examples or [None])[0]
    return json.dumps(to_jsonable_python(value))


def _meaning(field: FieldInfo) -> str:
    return field.description or ""
