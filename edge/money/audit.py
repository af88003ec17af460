"""Proves that the ledger adds up: every story whole, every voucher explained and used once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from edge.money.entry import Entry
from edge.money.saga import STATES, Event, SagaError, State, TopUp, begin, follow
from edge.money.vouchers import Voucher, VoucherState, after
from mqtt.vocabulary import MoneyKind


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not add up; `entry` is where, None for the vouchers' own table."""

    entry: int | None
    message: str


@dataclass(slots=True)
class Sum:
    """What became of the money of a SIM, in one currency.

    `unexplained` is how much more its balance rose, from the first one seen to the last, than
    top-ups and charges say: bonuses, purchases, calls whose price was not known. Not a problem.
    """

    confirmed: Decimal = field(default_factory=Decimal)
    doubtful: Decimal = field(default_factory=Decimal)  # sent or unknown: it may have arrived
    charged: Decimal = field(default_factory=Decimal)
    unexplained: Decimal | None = None
    _first: Decimal | None = None
    _paid: Decimal = field(default_factory=Decimal)  # confirmed less charged since the first

    def see(self, amount: Decimal) -> None:
        """A balance was seen."""
        if self._first is None:
            self._first, self._paid = amount, Decimal()
        self.unexplained = amount - self._first - self._paid

    def confirm(self, amount: Decimal, *, seen: bool) -> None:
        """A top-up arrived; `seen`: the last balance has it already."""
        self.confirmed += amount
        self._paid += amount
        if seen and self.unexplained is not None:
            self.unexplained -= amount

    def charge(self, amount: Decimal) -> None:
        """A call cost this."""
        self.charged += amount
        self._paid -= amount


class Audit:
    """`take` every entry of the ledger in order, then `compare` with the vouchers.

    `problems` is empty if all adds up; `sums` by SIM and currency are for people to look at.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.sums: dict[tuple[str, str], Sum] = {}
        self._last = 0
        self._topups: dict[str, TopUp] = {}
        self._open: dict[str, str] = {}  # SIM: top-up
        self._vouchers: dict[str, VoucherState] = {}
        self._untold: set[str] = set()  # spoiled, and not yet told
        self._uses: dict[str, int] = {}

    def take(self, entry: Entry) -> None:
        """Follow one entry."""
        if entry.number != self._last + 1:
            self._tell(entry, f"entries {self._last + 1} to {entry.number - 1} are missing")
        self._last = entry.number
        if entry.kind in STATES:
            self._follow(entry)
        elif entry.kind is MoneyKind.VOUCHER_ADDED:
            self._add(entry)
        elif entry.kind is MoneyKind.VOUCHER_SPOILED:
            self._check_spoiled(entry)
        elif entry.sim and entry.amount is not None:
            self._sum(entry, entry.sim, entry.amount)

    def compare(self, vouchers: Iterable[Voucher]) -> None:
        """Hold the states that the ledger tells against those in the vouchers' table."""
        known = {voucher.voucher: voucher.state for voucher in vouchers}
        for name in sorted(known.keys() | self._vouchers.keys()):
            told, found = self._vouchers.get(name), known.get(name)
            if told is not found:
                self._tell(None, f"{name} is {found}, but the ledger says {told}")
        for name in sorted(self._untold):
            self._tell(None, f"{name} is spoiled, but no entry tells of it")
        for topup in self._topups.values():
            if topup.state in {State.SENT, State.UNKNOWN} and topup.amount is not None:
                self._sum_of(topup.sim, topup.currency).doubtful += topup.amount

    def _follow(self, entry: Entry) -> None:
        before = self._topups.get(entry.topup_id or "")
        try:
            topup = follow(before, entry) if before else begin(entry)
        except SagaError as error:
            self._tell(entry, str(error))
            return
        self._topups[topup.topup_id] = topup
        self._check_alone(entry, topup)
        if topup.state is State.CONFIRMED and topup.amount is not None:
            seen = topup.cause == Event.CREDITED
            self._sum_of(topup.sim, topup.currency).confirm(topup.amount, seen=seen)
        if topup.voucher:
            self._move(entry, before.state if before else None, topup, topup.voucher)

    def _check_alone(self, entry: Entry, topup: TopUp) -> None:
        other = self._open.get(topup.sim, topup.topup_id)
        if other != topup.topup_id:
            self._tell(entry, f"{other} was not over when {topup.topup_id} began on its SIM")
        if topup.is_over:
            self._open.pop(topup.sim, None)
        else:
            self._open[topup.sim] = topup.topup_id

    def _move(self, entry: Entry, before: State | None, topup: TopUp, name: str) -> None:
        state = after(before, topup.state, topup.cause)
        if name not in self._vouchers:
            self._tell(entry, f"{name} was never added")
        elif topup.state is State.RESERVED and self._vouchers[name] is not VoucherState.FREE:
            self._tell(entry, f"{name} was {self._vouchers[name]} when it was reserved")
        if topup.state is State.SENT:
            self._uses[name] = self._uses.get(name, 0) + 1
            if self._uses[name] > 1:
                self._tell(entry, f"{name} was sent {self._uses[name]} times")
        elif topup.cause == Event.NOT_SENT and before is State.SENT:
            self._uses[name] -= 1
        if state is VoucherState.SPOILED:
            self._untold.add(name)
        self._vouchers[name] = state

    def _add(self, entry: Entry) -> None:
        if entry.voucher is None or entry.voucher in self._vouchers:
            self._tell(entry, f"{entry.voucher} was added before")
        else:
            self._vouchers[entry.voucher] = VoucherState.FREE

    def _check_spoiled(self, entry: Entry) -> None:
        if entry.voucher not in self._untold:
            self._tell(entry, f"no top-up spoiled {entry.voucher}")
        self._untold.discard(entry.voucher or "")

    def _sum(self, entry: Entry, sim: str, amount: Decimal) -> None:
        total = self._sum_of(sim, entry.currency)
        if entry.kind is MoneyKind.BALANCE:
            total.see(amount)
        elif entry.kind is MoneyKind.CHARGE:
            total.charge(amount)

    def _sum_of(self, sim: str, currency: str | None) -> Sum:
        return self.sums.setdefault((sim, currency or ""), Sum())

    def _tell(self, entry: Entry | None, message: str) -> None:
        self.problems.append(Problem(entry.number if entry else None, message))


def check(entries: Iterable[Entry], vouchers: Iterable[Voucher]) -> list[Problem]:
    """Return what does not add up; nothing, if all does."""
    audit = Audit()
    for entry in entries:
        audit.take(entry)
    audit.compare(vouchers)
    return audit.problems
