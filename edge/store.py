"""The one SQLite file: a fact is on disk before the world may depend on it.

SQLite runs in a thread of its own, so the loop never waits for a disk. The thread takes all that
waits when it gets to it, and what comes while a commit is under way goes into the next one: 32
lines do not mean 32 fsyncs. The log is emptied from a second thread, so a commit seldom waits for
that.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from edge.worker import Worker

log = logging.getLogger(__name__)

CHECKPOINT_S = 1.0  # after a commit, until the log is emptied into the file
LOG_MAX_PAGES = 8192  # 32 MiB: a log that found no quiet moment is emptied between two commits
RETRY_S = 2.0  # until a full or broken disk is tried again
MAX_KEPT = 100_000  # facts that wait in memory for a disk that works again

Row = tuple[Any, ...]
T = TypeVar("T")

_MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE command (
        id TEXT PRIMARY KEY, received_at REAL NOT NULL, answer BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX command_age ON command (received_at);
    CREATE TABLE live_call (call_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE cdr (call_id TEXT PRIMARY KEY, ended_at REAL NOT NULL, body BLOB NOT NULL);
    CREATE INDEX cdr_age ON cdr (ended_at);
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, correlation BLOB
    );
    CREATE TABLE line_use (
        line TEXT PRIMARY KEY, calls INTEGER NOT NULL, talk_s REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE sms (
        sms_id TEXT PRIMARY KEY, at REAL NOT NULL, over INTEGER NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX sms_open ON sms (over, at);
    CREATE TABLE sms_part (
        sim TEXT NOT NULL, sender TEXT NOT NULL, reference INTEGER NOT NULL,
        total INTEGER NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (sim, sender, reference, total, number)
    ) WITHOUT ROWID;
    CREATE TABLE pin_failure (iccid TEXT PRIMARY KEY, pin_hash TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE answer (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, reply BLOB NOT NULL
    );
    INSERT INTO answer SELECT NULL, id, received_at, answer FROM command ORDER BY received_at;
    DROP TABLE command;
    CREATE TABLE account (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE alarm (name TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE line_enabled (line TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE slot (
        imei TEXT NOT NULL, slot INTEGER NOT NULL, iccid TEXT NOT NULL, PRIMARY KEY (imei, slot)
    ) WITHOUT ROWID;
    CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE denied (hash BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE attempt (hash BLOB NOT NULL, at REAL NOT NULL, outcome TEXT NOT NULL);
    CREATE INDEX attempt_of ON attempt (hash, at);
    CREATE TABLE ledger (
        entry INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, sim TEXT,
        topup_id TEXT, voucher TEXT, body BLOB NOT NULL
    );
    CREATE INDEX ledger_topup ON ledger (topup_id);
    CREATE INDEX ledger_sim ON ledger (sim, entry);
    CREATE TABLE voucher (
        voucher TEXT PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, carrier TEXT NOT NULL,
        amount TEXT NOT NULL, currency TEXT NOT NULL, expires TEXT, sealed BLOB,
        state TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'an entry of the ledger never changes'); END;
    CREATE TRIGGER ledger_never_shrinks BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never deleted'); END;
    CREATE TRIGGER voucher_never_returns BEFORE UPDATE OF state ON voucher
    WHEN OLD.state IN ('used', 'spoiled', 'unknown') AND NEW.state IN ('free', 'reserved')
    BEGIN SELECT RAISE(ABORT, 'a voucher that may be spent is never free again'); END;
    """,
    """
    CREATE TABLE upload (
        name TEXT PRIMARY KEY, queued_at REAL NOT NULL, tries INTEGER NOT NULL, error TEXT,
        done_at REAL
    ) WITHOUT ROWID;
    CREATE TABLE sip_contact (
        extension TEXT NOT NULL, contact TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (extension, contact)
    ) WITHOUT ROWID;
    """,
)


class StoreError(Exception):
    """The disk does not take it; nothing that depends on it may happen. Try again later."""


@dataclass(frozen=True, slots=True)
class Op:
    """One SQL statement with its values."""

    sql: str
    values: Sequence[object] = ()


# Written while the disk takes nothing, to see when it does: an answer to no command, old enough to
# be dropped with the next that are.
_PROBE = Op("INSERT OR REPLACE INTO answer VALUES (0, '', 0, zeroblob(4096))")


_NOT_TAKEN = (sqlite3.Error, ValueError, OverflowError)  # the last two: values it cannot hold

Then = Callable[[StoreError | None], None]


@dataclass(slots=True)
class _Write:
    ops: Sequence[Op]
    done: asyncio.Future[None]
    keep: bool
    then: Then | None = None


class Store:
    """Durable facts. Constructed cheap; open() does the I/O; close() commits what waits."""

    def __init__(self, path: Path, *, on_health: Callable[[str | None], None]) -> None:
        self._path = path
        self._on_health = on_health
        self._thread = Worker("store")
        self._second_thread = Worker("checkpoint")
        self._tidying: asyncio.TimerHandle | None = None
        self._waiting: deque[_Write] = deque()  # the loop adds, the thread takes
        self._busy = False  # a commit is asked for
        self._closing = False
        self._failed_at = 0.0
        self.failure: str | None = None

    async def open(self) -> None:
        """Open the file, bring its schema up to date; raises StoreError with what to do."""
        self._loop = asyncio.get_running_loop()
        try:
            self._db = await self._thread.run(_connect, self._path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot open {self._path}: {error}") from error

    async def close(self) -> None:
        """Commit what waits, as far as the disk takes it, and close the file."""
        self._closing = True
        while self._busy:
            with suppress(StoreError):
                await self.write()
        if self._tidying:
            self._tidying.cancel()
        await self._thread.run(self._db.close)
        self._thread.stop()
        self._second_thread.stop()

    def write(self, *ops: Op, keep: bool = False, then: Then | None = None) -> asyncio.Future[None]:
        """Add statements to the next commit; the future is done when they are on disk.

        It fails with StoreError when the disk does not take them. With `keep` they are tried
        again until it does: for facts that have already happened. `then` is called, with what
        failed, when who waits for the future is about to go on.
        """
        write = _Write(ops, self._loop.create_future(), keep, then)
        self._waiting.append(write)
        if not self._busy:
            self._go_on()
        return write.done

    async def read(self, sql: str, *values: object) -> list[Row]:
        """Run one query on what is committed."""
        return await self._thread.run(self._query, sql, values)

    def _query(self, sql: str, values: Sequence[object]) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def _commit(self) -> Callable[[], None]:
        """In the thread: commit what waits by now; gives what the loop has to do about it."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        execute = self._db.execute
        try:
            with self._db:  # rolls back what fails
                execute("BEGIN")
                for write in batch:
                    for op in write.ops:
                        execute(op.sql, op.values)
                execute("COMMIT")
        except _NOT_TAKEN as error:
            return partial(self._refuse, batch, str(error))
        return partial(self._accept, batch)

    def _go_on(self, pause_s: float = 0.0) -> None:
        """Have what waits committed, when the loop has done what is due now."""
        self._busy = bool(self._waiting)
        if self._busy:
            self._loop.call_later(pause_s, self._thread.do, self._commit)

    def _accept(self, batch: Sequence[_Write]) -> None:
        if self.failure:
            log.info(
                "the disk takes records again after %.0f s", self._loop.time() - self._failed_at
            )
            self.failure = None
            self._on_health(None)
        for write in batch:
            if not write.done.done():
                write.done.set_result(None)
            if write.then:
                write.then(None)
        if self._tidying is None and not self._closing:
            self._tidying = self._loop.call_later(CHECKPOINT_S, self._tidy)
        self._go_on()

    def _tidy(self) -> None:
        self._tidying = None
        self._second_thread.run(_empty_log, self._path)

    def _refuse(self, batch: Sequence[_Write], reason: str) -> None:
        """Fail what may fail; try again what must be kept."""
        if not self.failure:
            log.error("the disk takes no records: %s", reason)
            self.failure, self._failed_at = reason, self._loop.time()
            self._on_health(reason)
        kept: list[_Write] = []
        for write in batch:
            if write.keep and not self._closing and len(kept) < MAX_KEPT:
                kept.append(write)
                continue
            error = StoreError(reason)
            if not write.done.done():
                write.done.set_exception(error)
                write.done.exception()  # seen: who does not wait for it need not hear of it
            if write.then:
                write.then(error)
        if not kept and not self._closing:
            kept.append(_Write((_PROBE,), self._loop.create_future(), keep=True))
        self._waiting.extendleft(reversed(kept))
        self._go_on(RETRY_S)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # `_empty_log` does it
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise sqlite3.DatabaseError("written by a newer version of Trunkline")
    for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
        db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
    return db


def _empty_log(path: Path) -> None:
    """Move what was committed from the log into the file; what cannot be moved now waits."""
    try:
        with closing(sqlite3.connect(path)) as db:
            _, pages, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > LOG_MAX_PAGES:
                db.execute("PRAGMA wal_checkpoint(RESTART)")
    except sqlite3.Error as error:
        log.warning("the log of %s could not be emptied: %s", path, error)
