"""Run vector files through the parsers: NAME.json holds the vectors of the kind NAME.

A kind is one function, from a vector to the fields that it expects; the tables below name them.
"""

import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modem.errors import ParseError
from tests.vectors.at_checks import AT_CHECKS
from tests.vectors.call_checks import CALL_CHECKS
from tests.vectors.network_checks import NETWORK_CHECKS
from tests.vectors.sim_checks import SIM_CHECKS
from tests.vectors.sms_checks import SMS_CHECKS
from tests.vectors.ussd_checks import USSD_CHECKS
from tests.vectors.vector import Check, Vector, difference

CHECKS: dict[str, Check] = (
    AT_CHECKS | CALL_CHECKS | NETWORK_CHECKS | SIM_CHECKS | SMS_CHECKS | USSD_CHECKS
)

_DISPUTED = Path(__file__).parent.parent / "vectors_disputed.toml"


@dataclass(slots=True)
class Score:
    """What became of one kind."""

    kind: str
    total: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    disputed: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """Vectors that we read as expected."""
        return self.total - len(self.failed) - len(self.disputed)

    def report(self) -> list[str]:
        """Lines for people: the score, then what failed and what is disputed."""
        return [
            f"{self.kind} {self.passed}/{self.total}",
            *(f"  failed {name} ({reason})" for name, reason in self.failed.items()),
            *(f"  disputed {name}" for name in self.disputed),
        ]


def run(path: Path, check: Check, disputed: frozenset[str]) -> Score:
    """Run one file; a vector that crashes its check fails, the others go on."""
    score = Score(path.stem)
    for vector in _vectors(path):
        score.total += 1
        if vector.id in disputed:
            score.disputed.append(vector.id)
        elif reason := _verdict(vector, check):
            score.failed[vector.id] = reason
    return score


def _vectors(path: Path) -> Iterator[Vector]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        entries = [None]
    for at, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        known: dict[str, Any] = entry if isinstance(entry, dict) else {}
        yield Vector(
            id=str(known.get("id", f"{path.name}[{at}]")),
            expect=known.get("expect", "a vector"),
            raw=known.get("raw") or "",
            input=known.get("input") or {},
            note=str(known.get("note") or ""),
        )


def _verdict(vector: Vector, check: Check) -> str | None:
    """None when the vector passes, else the reason in short."""
    must_fail = (
        isinstance(vector.expect, dict)
        and vector.expect.get("error") is True
        and "final" not in vector.expect
    )
    try:
        actual = check(vector)
    except ParseError as error:
        return None if must_fail else f"refused: {error}"
    except Exception as error:  # noqa: BLE001 - a vector of any shape must not stop the others
        return f"{type(error).__name__}: {error}"
    return "read, but must be refused" if must_fail else difference(vector.expect, actual)


def main(arguments: list[str]) -> int:
    """Report on each file of the given folder; 0 when all vectors of known kinds pass."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: scripts/vectors DIR, a folder of vector files (KIND.json)\n")
        return 2
    disputes = tomllib.loads(_DISPUTED.read_text(encoding="utf-8"))["disputed"]
    disputed = frozenset(dispute["id"] for dispute in disputes)
    files = sorted(Path(arguments[0]).glob("*.json"))
    scores = [run(file, CHECKS[file.stem], disputed) for file in files if file.stem in CHECKS]
    unknown = [f"{file.stem}: unknown kind" for file in files if file.stem not in CHECKS]
    lines = [line for score in scores for line in score.report()] + unknown
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if any(score.failed for score in scores) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
