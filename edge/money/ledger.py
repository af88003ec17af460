"""The ledger: every entry about money, appended and never changed, on disk before it is told.

Entries are numbered without a gap: so each is written with `keep`, tried again until the disk
takes it. What depends on an entry waits for the future that `write` returns.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from edge.journal import Journal
from edge.money.book import Book
from edge.money.entry import Change, Entry, Facts, write_money
from edge.money.saga import SagaError
from edge.store import Op, Store
from mqtt.messages import MoneyEvent
from mqtt.topics import MONEY
from mqtt.vocabulary import MoneyKind

log = logging.getLogger(__name__)

TEXT_MAX = 1024  # characters of a carrier's words
MESSAGE_MAX = 512
PAGE = 1000  # entries a query

# Top-ups whole; of each SIM, its last balance before its open top-up began, and all since.
_TOPUPS = "SELECT body FROM ledger WHERE topup_id IS NOT NULL OR kind = 'topup_unlocked'"
_SIMS = "SELECT DISTINCT sim FROM ledger WHERE sim IS NOT NULL"
_SINCE = (
    "SELECT body FROM ledger WHERE sim = ?1 AND kind IN ('balance', 'charge') AND entry >= "
    "coalesce((SELECT max(entry) FROM ledger"
    " WHERE sim = ?1 AND kind = 'balance' AND entry < ?2), 0)"
)


class Ledger:
    """Makes entries; `book` knows what they come to."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._topic = journal.topics.of(MONEY)
        self.last = 0
        self.book = Book()
        self.problem: str | None = None  # why the ledger cannot be relied on: no top-ups then

    async def load(self, store: Store) -> None:
        """Read what a restart must know; a story that cannot be sets `problem`."""
        self.last = int((await store.read("SELECT coalesce(max(entry), 0) FROM ledger"))[0][0])
        topups = _read(await store.read(_TOPUPS))
        try:
            sketch = Book()
            _take_all(sketch, topups)
            known = [*topups, *await _funds(store, sketch, self.last + 1)]
            _take_all(self.book, sorted(known, key=lambda entry: entry.number))
        except SagaError as error:
            self.problem = f"The ledger does not add up: {error}."
            log.exception("no top-ups until a person has looked at the ledger")

    def append(self, kind: MoneyKind, now: float, **facts: Unpack[Facts]) -> tuple[Entry, Change]:
        """Make the next entry; it counts from now on and must be written. Raises SagaError."""
        event = self._journal.event(
            MoneyEvent,
            datetime.fromtimestamp(now, UTC),
            entry=self.last + 1,
            kind=kind,
            **_fields(facts),
        )
        entry = Entry.of(MoneyEvent.decode(event.encode()))  # as a restart will read it
        self.book.take(entry)
        self.last += 1
        row = Op(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.number,
                entry.at,
                kind,
                entry.sim,
                entry.topup_id,
                entry.voucher,
                event.encode(),
            ),
        )
        return entry, Change((self._journal.message(self._topic, event),), (row,))

    def write(self, change: Change) -> asyncio.Future[None]:
        """Write a change in one commit; done when on disk."""
        return self._journal.write(*change.messages, facts=change.facts, keep=True)


async def read_entries(store: Store, after: int = 0, limit: int = PAGE) -> list[Entry]:
    """Read entries in their order, those with a number above `after`."""
    query = "SELECT body FROM ledger WHERE entry > ? ORDER BY entry LIMIT ?"
    return _read(await store.read(query, after, limit))


async def _funds(store: Store, book: Book, end: int) -> list[Entry]:
    rows: list[Entry] = []
    for (sim,) in await store.read(_SIMS):
        topup = book.open_on(sim)
        before = topup.first if topup else end
        rows += _read(await store.read(_SINCE, sim, before))
    return rows


def _fields(facts: Facts) -> dict[str, object]:
    """Write facts as the contract has them, bounded."""
    fields: dict[str, object] = dict(facts)
    fields["amount"] = write_money(facts.get("amount"))
    expires = facts.get("expires")
    fields["expires"] = expires.isoformat() if expires else None
    fields["buckets"] = list(facts.get("buckets", ())) or None
    for name, most in (("text", TEXT_MAX), ("message", MESSAGE_MAX)):
        text = fields.get(name)
        fields[name] = text[:most] if isinstance(text, str) else None
    return fields


def _read(rows: Sequence[tuple[bytes, ...]]) -> list[Entry]:
    return [Entry.of(MoneyEvent.decode(body)) for (body,) in rows]


def _take_all(book: Book, entries: Sequence[Entry]) -> None:
    for entry in entries:
        book.take(entry)
