"""The book of attempts: when campaigns called each number, and who refused.

An attempt is in the book before the modem dials, so that two calls in flight cannot pass a limit
together, and it stays there after a crash. One that never reached the callee's telephone, for lack
of credit or of a network, is taken out again. Calls that a person dialled are not in it.
"""

from dataclasses import dataclass

from edge.guards.hashes import NumberHash, memory_table
from edge.store import Op, Store
from mqtt.vocabulary import Cause

CHUNK = 10_000  # rows read at a time
DAY_S = 86_400.0
KEPT_S = 31 * DAY_S
REFUSAL_KEPT_S = 366 * DAY_S
DIALED = "dialed"  # the outcome of a call that is not over, or that a crash ended

NOT_REACHED = frozenset((Cause.NO_CREDIT, Cause.BARRED, Cause.NETWORK_ERROR))

_SCHEMA = (
    "CREATE TABLE attempt (hash BLOB, at REAL, refused INTEGER, PRIMARY KEY (hash, at))"
    " WITHOUT ROWID"
)
_READ = "SELECT rowid, hash, at, outcome FROM attempt WHERE rowid > ? ORDER BY rowid LIMIT ?"
_FORGET = "DELETE FROM attempt WHERE at < ? AND (outcome != ? OR at < ?)"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to a number, `at` in seconds of the epoch."""

    at: float
    refused: bool


class Attempts:
    """Who changes it writes the Op in the commit of what it is about."""

    def __init__(self, hash_number: NumberHash) -> None:
        self._hash = hash_number
        self._db = memory_table(_SCHEMA)

    async def load(self, store: Store, now: float) -> None:
        """Drop from the disk what is too old to matter, and read the rest."""
        await store.write(self.tidy(now))
        last = 0
        while rows := await store.read(_READ, last, CHUNK):
            self._db.executemany(
                "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)",
                ((found, at, outcome == Cause.REJECTED) for _, found, at, outcome in rows),
            )
            last = rows[-1][0]

    def of(self, number: str) -> tuple[Attempt, ...]:
        """All that is known of an E.164 number, the oldest first."""
        query = "SELECT at, refused FROM attempt WHERE hash = ? ORDER BY at"
        rows = self._db.execute(query, (self._hash(number),))
        return tuple(Attempt(at, bool(refused)) for at, refused in rows)

    def begin(self, number: str, at: float) -> Op:
        """Count a call that is about to be dialled; `at` names it from now on."""
        found = self._hash(number)
        self._db.execute("INSERT OR REPLACE INTO attempt VALUES (?, ?, 0)", (found, at))
        return Op("INSERT INTO attempt VALUES (?, ?, ?)", (found, at, DIALED))

    def undo(self, number: str, at: float) -> Op:
        """Take out a call that was not dialled after all."""
        found = self._hash(number)
        self._db.execute("DELETE FROM attempt WHERE hash = ? AND at = ?", (found, at))
        return Op("DELETE FROM attempt WHERE hash = ? AND at = ?", (found, at))

    def end(self, number: str, at: float, cause: Cause, *, rang: bool) -> Op:
        """Note how a call ended; a rejected one is a refusal."""
        if cause in NOT_REACHED and not rang:
            return self.undo(number, at)
        found, refused = self._hash(number), cause is Cause.REJECTED
        self._db.execute("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)", (found, at, refused))
        return Op("UPDATE attempt SET outcome = ? WHERE hash = ? AND at = ?", (cause, found, at))

    def tidy(self, now: float) -> Op:
        """Forget what is too old to matter, once a day."""
        old, older = now - KEPT_S, now - REFUSAL_KEPT_S
        self._db.execute(
            "DELETE FROM attempt WHERE at < ? AND (NOT refused OR at < ?)", (old, older)
        )
        return Op(_FORGET, (old, Cause.REJECTED, older))
