"""What a benchmark found: a table for people, one JSON line for machines."""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

Row = dict[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """A number that was promised (at most `goal`, or at least), and the one that was measured."""

    name: str
    goal: float
    measured: float | None
    unit: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        if self.measured is None:
            return False
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal


@dataclass(slots=True)
class Report:
    """Rows and goals of one benchmark."""

    bench: str
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def show(self, *, as_json: bool) -> None:
        """Print it; with `as_json` the last line is one object."""
        print(f"{self.bench}: {platform.machine()}, {os.cpu_count()} cores, {_python()}")
        _print_table(self.rows)
        for goal in self.goals:
            sign = ">=" if goal.at_least else "<="
            verdict = "met" if goal.holds else "MISSED"
            print(f"{goal.name}: {_text(goal.measured)} {goal.unit}, {sign} {goal.goal} {verdict}")
        if as_json:
            goals = [{**_plain(goal), "holds": goal.holds} for goal in self.goals]
            print(json.dumps({"bench": self.bench, "rows": self.rows, "goals": goals}))


def arguments(bench: str, **integers: int) -> argparse.Namespace:
    """Read the command line: --json, and numbers by name with their defaults."""
    parser = argparse.ArgumentParser(prog=f"scripts/bench {bench}")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    for name, default in integers.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default: {default}")
    return parser.parse_args()


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie; values must be there."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def spread(nanoseconds: Sequence[int]) -> Row:
    """p50 and p99 in milliseconds, and of how many."""
    if not nanoseconds:
        return {"p50_ms": None, "p99_ms": None, "n": 0}
    p50, p99 = (round(quantile(nanoseconds, share) / 1e6, 3) for share in (0.5, 0.99))
    return {"p50_ms": p50, "p99_ms": p99, "n": len(nanoseconds)}


def _plain(goal: Goal) -> Row:
    values: Row = asdict(goal)
    del values["at_least"]
    return values


def _print_table(rows: Sequence[Row]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _text(value: str | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _python() -> str:
    return f"Python {platform.python_version()}, Linux {platform.release()}"
