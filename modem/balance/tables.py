"""The tables beside the code: countries, marks of currencies, months, words."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Read NAME.toml of this folder, once."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text())
