"""The vouchers: sealed codes, each in one state, none ever used twice.

    free <--> reserved --> sent --> used | spoiled | unknown --> used | spoiled

A voucher that may have reached a carrier is never free again, whatever is said of it later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import SecretStr

from edge.money.entry import Change, write_money
from edge.money.ledger import Ledger
from edge.money.saga import LEFT, Event, State
from edge.money.vault import Vault, WrongKey
from edge.money.voucher_file import BadLine, VoucherLine
from edge.store import Op, Store
from mqtt.vocabulary import MoneyKind

_COLUMNS = "voucher, carrier, amount, currency, expires, sealed, state"
_KEY_MARK = "voucher_key"  # in table secret: what the key makes of this word
_LONG = re.compile(r"\d(?:[ -]?\d){11,}")  # digits that may be a code of somebody
_SHOWN = 4  # of the last digits, at most a quarter of the code


class VoucherState(StrEnum):
    """Where a voucher stands; used and spoiled are ends."""

    FREE = "free"
    RESERVED = "reserved"
    SENT = "sent"
    USED = "used"
    SPOILED = "spoiled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Voucher:
    """What may be shown of a voucher; `ends_in` has a quarter of the code at most."""

    voucher: str
    carrier: str
    amount: Decimal
    currency: str
    expires: date | None
    state: VoucherState
    ends_in: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import adds, what it leaves out and why, and the change to write."""

    added: tuple[Voucher, ...]
    left_out: tuple[BadLine, ...]
    change: Change


def after(before: State | None, state: State, cause: str | None) -> VoucherState:
    """Where a top-up leaves its voucher: free again only if for certain nothing had left."""
    if state is State.REJECTED:
        left = before in LEFT and cause != Event.NOT_SENT
        return VoucherState.SPOILED if left else VoucherState.FREE
    return _AFTER[state]


_AFTER = {
    State.RESERVED: VoucherState.RESERVED,
    State.SENT: VoucherState.SENT,
    State.UNKNOWN: VoucherState.UNKNOWN,
    State.CONFIRMED: VoucherState.USED,
}


class Vouchers:
    """All vouchers; without a vault none can be had, and `problem` says why."""

    def __init__(self, ledger: Ledger, vault: Vault | None, problem: str | None = None) -> None:
        self._ledger = ledger
        self._vault = vault
        self.problem = problem
        self._all: dict[str, Voucher] = {}
        self._sealed: dict[str, bytes] = {}
        self._known: set[bytes] = set()
        self._marked = False  # the key is known on disk

    def use(self, vault: Vault | None, problem: str | None = None) -> None:
        """Seal and open with this vault from now on."""
        self._vault, self.problem = vault, problem

    async def load(self, store: Store) -> None:
        """Read all vouchers; another key than theirs sets `problem`."""
        await self._check_key(store)
        for name, carrier, amount, currency, expires, sealed, state in await store.read(
            f"SELECT {_COLUMNS} FROM voucher"  # noqa: S608 - a constant
        ):
            if sealed is not None:
                self._sealed[name] = sealed
            self._all[name] = Voucher(
                name,
                carrier,
                Decimal(amount),
                currency,
                date.fromisoformat(expires) if expires else None,
                VoucherState(state),
            )
        self._known = {mark for (mark,) in await store.read("SELECT fingerprint FROM voucher")}

    def all(self) -> list[Voucher]:
        """Return every voucher, with the last digits of those whose code is still kept."""
        return [replace(v, ends_in=self._ends_in(v.voucher)) for v in self._all.values()]

    def pick(
        self, carrier: str, amount: Decimal, currency: str, most: Decimal, today: date
    ) -> Voucher | None:
        """Return the free voucher to use, of `most` at most.

        It is the smallest that suffices, else the largest; among equals the first to expire.
        """
        fit = [
            voucher
            for voucher in self._all.values()
            if voucher.state is VoucherState.FREE
            and (voucher.carrier, voucher.currency) == (carrier, currency)
            and voucher.amount <= most
            and (voucher.expires is None or voucher.expires >= today)
        ]
        return min(fit, key=lambda v: _rank(v, amount), default=None) if self._vault else None

    def add(self, lines: Sequence[VoucherLine], now: float) -> Imported:
        """Take in what a file brought, each code once for ever; raises WrongKey without a key."""
        vault = self._need_vault()
        added: list[Voucher] = []
        left_out: list[BadLine] = []
        changes = [Change(facts=self._mark_key(vault))]
        for line in lines:
            mark = vault.fingerprint(line.code.get_secret_value())
            if mark in self._known:
                left_out.append(BadLine(line.number, "this code is known already"))
                continue
            self._known.add(mark)
            voucher, *entry = self._add(line, vault, mark, now)
            added.append(voucher)
            changes += entry
        return Imported(tuple(added), tuple(left_out), Change.join(changes))

    def move(self, name: str, state: VoucherState) -> Op:
        """Change the state of a voucher, in the commit of the entry that says why."""
        self._all[name] = replace(self._all[name], state=state)
        if state is not VoucherState.USED:
            return Op("UPDATE voucher SET state = ? WHERE voucher = ?", (state, name))
        self._sealed.pop(name, None)
        return Op("UPDATE voucher SET state = ?, sealed = NULL WHERE voucher = ?", (state, name))

    def state(self, name: str) -> VoucherState:
        """Return where a voucher stands; KeyError for one that never was."""
        return self._all[name].state

    def open(self, name: str) -> SecretStr:
        """Decrypt a code; for TopUps.send alone. Raises WrongKey."""
        return self._need_vault().open(name, self._sealed[name])

    def mask(self, name: str | None, text: str) -> str:
        """Hide the code of a voucher in a text, and every number that is as long as a code."""
        code = self._peek(name) if name else None
        if code:
            text = re.sub(r"[ -]?".join(code), _stars, text)
        return _LONG.sub(_stars, text)

    async def _check_key(self, store: Store) -> None:
        rows = await store.read("SELECT value FROM secret WHERE name = ?", _KEY_MARK)
        self._marked = bool(rows)
        if self._vault and rows and rows[0][0] != self._vault.fingerprint(_KEY_MARK):
            self._vault = None
            self.problem = (
                "The vouchers are sealed with another key: bring back the key they were "
                "imported with."
            )

    def _mark_key(self, vault: Vault) -> tuple[Op, ...]:
        if self._marked:
            return ()
        self._marked = True
        values = (_KEY_MARK, vault.fingerprint(_KEY_MARK))
        return (Op("INSERT INTO secret VALUES (?, ?)", values),)

    def _need_vault(self) -> Vault:
        if self._vault is None:
            raise WrongKey(self.problem or "There is no key for vouchers.")
        return self._vault

    def _add(
        self, line: VoucherLine, vault: Vault, mark: bytes, now: float
    ) -> tuple[Voucher, Change, Change]:
        name = f"v-{self._ledger.last + 1}"
        voucher = Voucher(
            name, line.carrier, line.amount, line.currency, line.expires, VoucherState.FREE
        )
        sealed = vault.seal(name, line.code.get_secret_value())
        self._all[name], self._sealed[name] = voucher, sealed
        _, change = self._ledger.append(
            MoneyKind.VOUCHER_ADDED,
            now,
            voucher=name,
            carrier=line.carrier,
            amount=line.amount,
            currency=line.currency,
            expires=line.expires,
        )
        return voucher, change, Change(facts=(_row(voucher, mark, sealed),))

    def _peek(self, name: str) -> str | None:
        sealed = self._sealed.get(name)
        if self._vault is None or sealed is None:
            return None
        try:
            return self._vault.open(name, sealed).get_secret_value()
        except WrongKey:
            return None

    def _ends_in(self, name: str) -> str | None:
        code = self._peek(name)
        return code[-min(_SHOWN, len(code) // 4) :] if code else None


def _rank(voucher: Voucher, amount: Decimal) -> tuple[bool, Decimal, date, str]:
    short = voucher.amount < amount
    size = -voucher.amount if short else voucher.amount
    return short, size, voucher.expires or date.max, voucher.voucher


def _row(voucher: Voucher, mark: bytes, sealed: bytes) -> Op:
    values = (
        voucher.voucher,
        mark,
        voucher.carrier,
        write_money(voucher.amount),
        voucher.currency,
        voucher.expires.isoformat() if voucher.expires else None,
        sealed,
        voucher.state,
    )
    return Op("INSERT INTO voucher VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def _stars(found: re.Match[str]) -> str:
    return "*" * len(found[0])
