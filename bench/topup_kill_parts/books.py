"""The gateway's books after it has stopped, held against what the carriers know."""

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bench.topup_kill_parts.truth import Truth
from edge.money.entry import Entry
from edge.money.key import find_key
from edge.money.saga import STATES, State, TopUp, begin, follow
from edge.money.vault import Vault
from edge.money.vouchers import VoucherState
from mqtt.messages import MoneyEvent
from simulator.money.vouchers import Try, Verdict

# What a voucher may be after what its carrier did with it. One that was never tried may be spoiled:
# the code was about to leave when the gateway was killed, and the money never came.
_NEVER = frozenset({VoucherState.FREE, VoucherState.SPOILED, VoucherState.UNKNOWN})
_REFUSED = frozenset({VoucherState.SPOILED, VoucherState.UNKNOWN})
_MAY_BE: Mapping[Verdict, frozenset[VoucherState]] = {
    Verdict.ACCEPTED: frozenset({VoucherState.USED, VoucherState.UNKNOWN}),
    Verdict.ALREADY_USED: _REFUSED,
    Verdict.WRONG_CODE: _REFUSED,
    Verdict.LOCKED: _REFUSED,
    Verdict.NOT_TAKEN: _REFUSED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Codes: `twice` reached a carrier more than once; of `wrong` ones the books tell what is not.

    `lost` are the wrong ones whose money is gone for the owner: it came and the books know nothing
    of it, or it never came and they say that it did. `given_up` are still good, and the books tell
    that they will not be used.
    """

    twice: tuple[str, ...]
    wrong: tuple[str, ...]
    lost: tuple[str, ...]
    given_up: tuple[str, ...]


def compare(states: Mapping[str, VoucherState | None], truth: Truth) -> Finding:
    """Hold the states of codes against the truth; None: the books do not know the code."""
    tries = truth.tries()
    wrong = tuple(code for code in states if states[code] not in _allowed(tries.get(code, ())))
    return Finding(
        twice=tuple(code for code in states if len(tries.get(code, ())) > 1),
        wrong=wrong,
        lost=tuple(code for code in wrong if truth.is_good(code) or truth.gave(code)),
        given_up=tuple(
            code for code in states if states[code] is VoucherState.SPOILED and truth.is_good(code)
        ),
    )


def _allowed(tries: Sequence[Try]) -> frozenset[VoucherState]:
    """Of several tries the one that gave money counts."""
    verdicts = [entry.verdict for entry in tries]
    if not verdicts:
        return _NEVER
    return _MAY_BE[Verdict.ACCEPTED if Verdict.ACCEPTED in verdicts else verdicts[-1]]


@dataclass(frozen=True, slots=True)
class Books:
    """All entries in their order; `states` by code, `names` the codes' names in the ledger."""

    entries: Sequence[Entry]
    states: Mapping[str, VoucherState | None]
    names: Mapping[str, str]

    def stories(self) -> dict[str, list[TopUp]]:
        """Each top-up as it stood after each of its steps."""
        stories: dict[str, list[TopUp]] = {}
        for entry in self.entries:
            if entry.kind in STATES:
                steps = stories.setdefault(entry.topup_id or "", [])
                steps.append(follow(steps[-1], entry) if steps else begin(entry))
        return stories

    def topups(self) -> list[TopUp]:
        """Each top-up as it stands."""
        return [steps[-1] for steps in self.stories().values()]

    def sums(self, truth: Truth) -> tuple[Decimal, Decimal]:
        """The money of confirmed top-ups, and the money that came; unknown ones left out."""
        topups = self.topups()
        confirmed = sum((_amount(t) for t in topups if t.state is State.CONFIRMED), Decimal())
        unknown = {t.voucher for t in topups if t.state is State.UNKNOWN}
        pending = {code for code, name in self.names.items() if name in unknown}
        return confirmed, truth.credited() - sum(map(truth.gave, pending), Decimal())


def _amount(topup: TopUp) -> Decimal:
    return topup.amount or Decimal()


def read_books(database: Path, codes: Iterable[str]) -> Books:
    """Read the file of a gateway that has stopped, with its key."""
    vault = Vault(find_key(None, database, os.environ))
    with closing(sqlite3.connect(database)) as db:
        bodies = db.execute("SELECT body FROM ledger ORDER BY entry").fetchall()
        rows = db.execute("SELECT fingerprint, voucher, state FROM voucher").fetchall()
    known = {mark: (name, VoucherState(state)) for mark, name, state in rows}
    found = {code: known.get(vault.fingerprint(code)) for code in codes}
    return Books(
        [Entry.of(MoneyEvent.decode(body)) for (body,) in bodies],
        {code: row[1] if row else None for code, row in found.items()},
        {code: row[0] for code, row in found.items() if row},
    )
