"""One vector, and how what we make of it is compared with what it expects."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOLERANCE = 0.1  # of levels in dBm


@dataclass(frozen=True, slots=True)
class Vector:
    """An entry of a vector file; `expect` and `input` are whatever JSON holds there."""

    id: str
    expect: Any
    raw: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines of `raw`, without empty ones."""
        return [line for line in re.split(r"[\r\n]+", self.raw) if line.strip()]

    def line(self, prefix: str) -> str:
        """The first line that starts with `prefix`, else the first line of all."""
        matching = [line for line in self.lines if line.startswith(prefix)]
        return (matching or self.lines or [""])[0]

    def expects(self, name: str) -> bool:
        """Whether `name` is among the expected fields (of the first entry of a list)."""
        first = self.expect[0] if isinstance(self.expect, list) and self.expect else self.expect
        return isinstance(first, Mapping) and name in first


# What a check gives back: the same fields that the vector expects, as we read them.
Check = Callable[[Vector], Any]


def difference(expect: Any, actual: Any, path: str = "") -> str | None:
    """The first thing expected that `actual` lacks or has otherwise; None when all is there."""
    if isinstance(expect, Mapping) and isinstance(actual, Mapping):
        found = (
            difference(value, actual[name], f"{path}.{name}") if name in actual else f"no {name}"
            for name, value in expect.items()
        )
        return next((text for text in found if text), None)
    if isinstance(expect, list) and isinstance(actual, list) and len(expect) == len(actual):
        pairs = enumerate(zip(expect, actual, strict=True))
        found = (difference(left, right, f"{path}[{at}]") for at, (left, right) in pairs)
        return next((text for text in found if text), None)
    if isinstance(expect, float) and isinstance(actual, int | float):
        return None if abs(expect - actual) < _TOLERANCE else _shown(expect, actual, path)
    return None if expect == actual else _shown(expect, actual, path)


def _shown(expect: Any, actual: Any, path: str) -> str:
    return f"{path.lstrip('.') or 'all'}: {str(actual)[:60]!r} instead of {str(expect)[:60]!r}"
