"""Numbers as keyed hashes: what is on disk tells no number to who has the file without the key.

BLAKE2b of 16 bytes (RFC 7693) with a random key of 32. Lists of hashes are looked up in SQLite
tables in memory: 30 bytes an entry, where a set takes 110.
"""

import secrets
import sqlite3
from hashlib import blake2b

from edge.store import Op, Store

_KEY_NAME = "numbers"
_KEY_BYTES = 32
_HASH_BYTES = 16


class NumberHash:
    """Hashes numbers with this gateway's key, which `load` reads."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    async def load(self, store: Store) -> None:
        """Read the key, or make one and wait until it is on disk; raises StoreError."""
        rows = await store.read("SELECT value FROM secret WHERE name = ?", _KEY_NAME)
        self._key = rows[0][0] if rows else secrets.token_bytes(_KEY_BYTES)
        if not rows:
            await store.write(Op("INSERT INTO secret VALUES (?, ?)", (_KEY_NAME, self._key)))

    def __call__(self, number: str) -> bytes:
        """The hash of an E.164 number: 16 bytes."""
        return blake2b(number.encode(), key=self._key, digest_size=_HASH_BYTES).digest()


def memory_table(schema: str) -> sqlite3.Connection:
    """An empty table in memory, without transactions."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute(schema)
    return db
