"""The deny list: who said stop is never called by a campaign again, from that moment on."""

from collections.abc import Iterable

from edge.guards.hashes import NumberHash, memory_table
from edge.numbers import BadNumber, normalize
from edge.store import Op, Store

CHUNK = 10_000  # rows read at a time

_SCHEMA = "CREATE TABLE denied (hash BLOB PRIMARY KEY) WITHOUT ROWID"
_READ = "SELECT hash FROM denied WHERE hash > ? ORDER BY hash LIMIT ?"


class DenyList:
    """Hashes of numbers; who changes it writes the Ops in the commit of the answer."""

    def __init__(self, hash_number: NumberHash) -> None:
        self._hash = hash_number
        self._db = memory_table(_SCHEMA)

    async def load(self, store: Store) -> None:
        """Read what is on disk."""
        last = b""
        while rows := await store.read(_READ, last, CHUNK):
            self._db.executemany("INSERT OR IGNORE INTO denied VALUES (?)", rows)
            last = rows[-1][0]

    def __contains__(self, number: str) -> bool:
        query = "SELECT 1 FROM denied WHERE hash = ?"
        return self._db.execute(query, (self._hash(number),)).fetchone() is not None

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM denied").fetchone()
        return int(count)

    def add(self, numbers: Iterable[str], at: float) -> tuple[Op, ...]:
        """Deny E.164 numbers at once, even if the disk then takes nothing."""
        hashes = [self._hash(number) for number in numbers]
        self._db.executemany("INSERT OR IGNORE INTO denied VALUES (?)", ((h,) for h in hashes))
        return tuple(Op("INSERT OR IGNORE INTO denied VALUES (?, ?)", (h, at)) for h in hashes)

    def removal(self, numbers: Iterable[str]) -> tuple[Op, ...]:
        """The Ops that take numbers off the disk; `removed` follows when they are done."""
        return tuple(Op("DELETE FROM denied WHERE hash = ?", (self._hash(n),)) for n in numbers)

    def removed(self, numbers: Iterable[str]) -> None:
        """Let numbers be called again: their removal is on disk."""
        hashes = ((self._hash(number),) for number in numbers)
        self._db.executemany("DELETE FROM denied WHERE hash = ?", hashes)


def read_numbers(lines: Iterable[str], country: str | None) -> tuple[list[str], list[str]]:
    """Read a file of numbers, one a line, `#` before remarks: the numbers, and what is wrong.

    National numbers are those of `country` (ISO 3166). Each bad line gets a sentence.
    """
    numbers: list[str] = []
    problems: list[str] = []
    for place, line in enumerate(lines, 1):
        if text := line.partition("#")[0].strip().strip("\ufeff"):
            try:
                numbers.append(normalize(text, country))
            except BadNumber as error:
                problems.append(f"line {place}: {error}")
    return numbers, problems
