"""What only the owner may do: verbs of the control socket that MQTT never has.

Each method takes the payload of a request and gives what is answered, or raises Refused. Voucher
codes come in with an import and never go out again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from pydantic import ValidationError

from config.carriers import Carriers
from edge import clock
from edge.control import OwnVerb, Refused
from edge.guards.deny import DenyList
from edge.money.audit import Audit, Problem, Sum
from edge.money.entry import Entry, write_money
from edge.money.ledger import read_entries
from edge.money.means import Means
from edge.money.vault import WrongKey
from edge.money.voucher_file import Defaults, VoucherLine, read_vouchers
from edge.money.vouchers import Imported, Voucher
from edge.numbers import BadNumber, normalize
from edge.owner_requests import ImportVouchers, Numbers, ReadLedger, read
from edge.sim_transfer import SimTransfer
from edge.store import Op, Store, StoreError
from mqtt.messages import MoneyEvent

BATCH = 100  # vouchers a commit: the loop is away for 10 ms
PAGE = 200  # entries checked at a time, for the same reason

Payload = dict[str, Any]


class Owner:
    """Serves `verbs` to the ControlDoor. National numbers are those of `country` (ISO 3166).

    `on_vouchers` hears that new vouchers are on disk: lines may wait for them.
    """

    def __init__(
        self,
        store: Store,
        means: Means,
        carriers: Carriers,
        denied: DenyList,
        country: str | None,
        sims: SimTransfer,
        on_vouchers: Callable[[], None],
    ) -> None:
        self._store = store
        self._ledger = means.ledger
        self._vouchers = means.vouchers
        self._zone = means.zone
        self._carriers = carriers
        self._denied = denied
        self._country = country
        self._sims = sims
        self._on_vouchers = on_vouchers

    @property
    def verbs(self) -> Mapping[str, OwnVerb]:
        """Each verb and who serves it."""
        return {
            "vouchers": self.vouchers,
            "vouchers_import": self.import_vouchers,
            "ledger": self.ledger,
            "ledger_check": self.check_ledger,
            "deny_count": self.count_denied,
            "deny_remove": self.remove_denied,
            "sim_export": self._sims.export,
            "sim_import": self._sims.take,
        }

    # --- vouchers

    async def vouchers(self, _payload: Payload) -> object:
        """All vouchers without their codes: {"vouchers": [...], "problem": why none can be had}."""
        shown = [_voucher(voucher) for voucher in self._vouchers.all()]
        return {"vouchers": shown, "problem": self._vouchers.problem}

    async def import_vouchers(self, payload: Payload) -> object:
        """Take in a file: {"added": [...], "left_out": [{"line", "problem"}...]}."""
        wanted = read(ImportVouchers, payload)
        self._check_disk()
        today = clock.now().astimezone(self._zone).date()
        defaults = Defaults(wanted.carrier, wanted.amount, wanted.currency)
        lines, left_out = await asyncio.to_thread(
            read_vouchers, wanted.text, defaults, self._carriers, today
        )
        added: list[Voucher] = []
        for start in range(0, len(lines), BATCH):
            imported = self._add(lines[start : start + BATCH])
            await self._ledger.write(imported.change)
            added += imported.added
            left_out += imported.left_out
        if added:
            self._on_vouchers()
        left_out.sort(key=lambda bad: bad.number)
        return {
            "added": [_voucher(voucher) for voucher in added],
            "left_out": [{"line": bad.number, "problem": bad.problem} for bad in left_out],
        }

    def _add(self, lines: list[VoucherLine]) -> Imported:
        try:
            return self._vouchers.add(lines, clock.now().timestamp())
        except WrongKey as error:
            raise Refused(str(error)) from None

    # --- the ledger

    async def ledger(self, payload: Payload) -> object:
        """The last entries, in their order: {"entries": [MoneyEvent...]}."""
        page = read(ReadLedger, payload)
        sim = self._sims.sim_of(page.line) if page.line else page.sim
        rows = await (
            self._store.read(_LAST_OF_SIM, sim, page.limit)
            if sim
            else self._store.read(_LAST, page.limit)
        )
        events = (MoneyEvent.decode(body) for (body,) in reversed(rows))
        return {"entries": [event.as_dict() for event in events]}

    async def check_ledger(self, _payload: Payload) -> object:
        """Go through all entries: {"entries", "vouchers", "problems", "sums"}."""
        audit, last = Audit(), 0
        try:
            async for entry in self._entries():
                audit.take(entry)
                last = entry.number
        except ValidationError:
            audit.problems.append(Problem(None, f"of those after entry {last} one is not readable"))
        vouchers = self._vouchers.all()
        if last == self._ledger.last:
            audit.compare(vouchers)
        return {
            "entries": last,
            "vouchers": Counter(voucher.state for voucher in vouchers),
            "problems": [{"entry": p.entry, "message": p.message} for p in audit.problems],
            "sums": [_sum(sim, currency, s) for (sim, currency), s in audit.sums.items()],
        }

    async def _entries(self) -> AsyncIterator[Entry]:
        """Give all entries; ends when the last one that was made has been given."""
        after = 0
        while after < self._ledger.last:
            page = await read_entries(self._store, after, PAGE)
            for entry in page:
                yield entry
                after = entry.number
            if not page:
                await self._write()  # what was made is on its way to the disk

    # --- the deny list

    async def count_denied(self, _payload: Payload) -> object:
        """How many numbers are denied: {"count"}."""
        return {"count": len(self._denied)}

    async def remove_denied(self, payload: Payload) -> object:
        """Let numbers be called again: {"removed": [...], "unknown": [those not on the list]}."""
        wanted = read(Numbers, payload)
        try:
            numbers = [normalize(text, self._country) for text in wanted.numbers]
        except BadNumber as error:
            raise Refused(str(error)) from error
        known = [number for number in numbers if number in self._denied]
        await self._write(*self._denied.removal(known))
        self._denied.removed(known)
        return {"removed": known, "unknown": [one for one in numbers if one not in known]}

    # --- the disk

    def _check_disk(self) -> None:
        if self._store.failure:
            raise Refused(f"The disk takes no records: {self._store.failure}.")

    async def _write(self, *ops: Op) -> None:
        try:
            await self._store.write(*ops)
        except StoreError as error:
            raise Refused(f"The disk takes no records: {error}.") from error


_LAST = "SELECT body FROM ledger ORDER BY entry DESC LIMIT ?"
_LAST_OF_SIM = "SELECT body FROM ledger WHERE sim = ? ORDER BY entry DESC LIMIT ?"


def _voucher(voucher: Voucher) -> dict[str, object]:
    return {
        "voucher": voucher.voucher,
        "carrier": voucher.carrier,
        "amount": write_money(voucher.amount),
        "currency": voucher.currency,
        "expires": voucher.expires.isoformat() if voucher.expires else None,
        "state": voucher.state,
        "ends_in": voucher.ends_in,
    }


def _sum(sim: str, currency: str, total: Sum) -> dict[str, object]:
    return {
        "sim": sim,
        "currency": currency,
        "confirmed": write_money(total.confirmed),
        "doubtful": write_money(total.doubtful),
        "charged": write_money(total.charged),
        "unexplained": write_money(total.unexplained),
    }
