"""A ledger with vouchers on a real SQLite file, that can crash and come back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from config.carriers import Carriers, load_carriers
from edge.journal import Journal
from edge.money.audit import Problem, check
from edge.money.entry import Change, Entry
from edge.money.ledger import Ledger, read_entries
from edge.money.saga import Why
from edge.money.topups import TopUps, Wish
from edge.money.vault import Vault
from edge.money.voucher_file import Defaults, read_vouchers
from edge.money.vouchers import Imported, Voucher, Vouchers
from edge.outbox import Message, Outbox
from edge.store import Store

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
TODAY = date(2026, 11, 23)
SIM = "8923430000000000017"
CARRIER = "ng-mtn"
KEY = b"k" * 32
CARRIERS: Carriers = load_carriers()
TEN = Decimal(10)


@dataclass
class Till:
    """All the parts that a gateway has of this room."""

    path: Path
    store: Store
    ledger: Ledger
    vouchers: Vouchers
    topups: TopUps

    async def write(self, change: Change) -> None:
        await self.ledger.write(change)

    async def bring(self, *lines: str, now: float = NOW) -> Imported:
        good, bad = read_vouchers("\n".join(lines), Defaults(CARRIER, TEN), CARRIERS, TODAY)
        assert not bad
        imported = self.vouchers.add(good, now)
        await self.write(imported.change)
        return imported

    def pick(self, most: Decimal = Decimal(1000)) -> Voucher | None:
        return self.vouchers.pick(CARRIER, TEN, "NGN", most, TODAY)

    async def entries(self) -> list[Entry]:
        return await read_entries(self.store, limit=100_000)

    async def problems(self) -> list[Problem]:
        return check(await self.entries(), self.vouchers.all())

    async def crash(self) -> None:
        """Lose what is in memory, commits that wait too, and come back."""
        self.store._waiting.clear()
        await self.store.close()
        back = await open_till(self.path)
        self.store, self.ledger = back.store, back.ledger
        self.vouchers, self.topups = back.vouchers, back.topups


def wish(sim: str = SIM, amount: Decimal = TEN) -> Wish:
    return Wish(sim, "desk-1", CARRIER, amount, "NGN", Why.LOW_BALANCE)


async def open_till(path: Path, key: bytes | None = KEY) -> Till:
    store = Store(path, on_health=lambda _: None)
    await store.open()
    outbox = Outbox(store, _never, lambda _: None)
    await outbox.load()
    journal = Journal(outbox, "office", "b-1")
    ledger = Ledger(journal)
    await ledger.load(store)
    vouchers = Vouchers(ledger, Vault(key) if key else None)
    await vouchers.load(store)
    return Till(path, store, ledger, vouchers, TopUps(ledger, vouchers))


def kinds(entries: Sequence[Entry]) -> list[str]:
    return [f"{entry.kind}" + (f": {entry.cause}" if entry.cause else "") for entry in entries]


def _never(message: Message) -> asyncio.Future[None]:
    raise AssertionError(f"no broker is here, but {message.topic} was published")
