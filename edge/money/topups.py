"""Top-ups as they happen: each step is an entry of the ledger and the voucher's new state at once.

Only `send` lets a code out, and only after `sent` is on disk.
"""

from dataclasses import dataclass
from decimal import Decimal

from pydantic import SecretStr

from edge.money.entry import Change
from edge.money.ledger import Ledger
from edge.money.saga import KINDS, Event, SagaError, State, TopUp, Why, may, target
from edge.money.vouchers import Voucher, Vouchers, VoucherState, after
from mqtt.vocabulary import MoneyKind


@dataclass(frozen=True, slots=True)
class Wish:
    """A SIM and what it is to get, from `donor` by a transfer; `why` begins its story."""

    sim: str
    line: str | None
    carrier: str | None
    amount: Decimal
    currency: str
    why: Why
    cmd_id: str | None = None
    message: str | None = None
    donor: str | None = None


class TopUps:
    """The only writer of top-ups and of vouchers' states."""

    def __init__(self, ledger: Ledger, vouchers: Vouchers) -> None:
        self._ledger = ledger
        self._vouchers = vouchers

    def open_on(self, sim: str) -> TopUp | None:
        """Return the top-up of this SIM that is not over."""
        return self._ledger.book.open_on(sim)

    def left(self, sim: str) -> Decimal | None:
        """Return what a SIM still has when it gave all that it is to give; None: not known."""
        return self._ledger.book.left(sim)

    def get(self, topup_id: str) -> TopUp | None:
        """Return a top-up, under way or over for less than two months."""
        return self._ledger.book.topups.get(topup_id)

    def ask(self, wish: Wish, now: float) -> tuple[TopUp, Change]:
        """Begin a top-up that waits for a person; raises SagaError if one is open on the SIM."""
        return self._begin(State.ASKED, wish, None, now)

    def reserve(self, wish: Wish, voucher: Voucher | None, now: float) -> tuple[TopUp, Change]:
        """Begin a top-up with a free voucher, or a transfer without one; raises SagaError."""
        return self._begin(State.RESERVED, wish, voucher, now)

    def approve(self, topup_id: str, voucher: Voucher | None, now: float) -> Change:
        """A person said yes to a top-up that was asked for; raises SagaError."""
        return self._step(topup_id, Event.APPROVED, now, voucher=voucher)

    def end(
        self,
        topup_id: str,
        event: Event,
        now: float,
        *,
        text: str | None = None,
        message: str | None = None,
    ) -> Change:
        """Take any step but the sending; `text` is masked here. Raises SagaError."""
        return self._step(topup_id, event, now, text=text, message=message)

    async def send(self, topup_id: str, now: float) -> SecretStr | None:
        """Write `sent`, and only then give the code out (None: a transfer), once and never again.

        Raises SagaError, StoreError, WrongKey; no code has left then.
        """
        topup = self._need(topup_id)
        code = self._vouchers.open(topup.voucher) if topup.voucher else None
        await self._ledger.write(self._step(topup_id, Event.CODE_LEAVES, now))
        return code

    def unlock(self, sim: str, line: str | None, now: float, cmd_id: str | None) -> Change:
        """Let a SIM try vouchers again that was locked out."""
        kind = MoneyKind.TOPUP_UNLOCKED
        return self._ledger.append(kind, now, sim=sim, line=line, cmd_id=cmd_id)[1]

    def recover(self, now: float) -> Change:
        """At the start: give back what was only reserved, doubt what was sent."""
        cut = [t for t in self._ledger.book.all_open() if may(t, Event.RESTARTED)]
        return Change.join(self._step(topup.topup_id, Event.RESTARTED, now) for topup in cut)

    def _begin(
        self, state: State, wish: Wish, voucher: Voucher | None, now: float
    ) -> tuple[TopUp, Change]:
        self._check_free(voucher)
        if other := self.open_on(wish.sim):
            raise SagaError(f"{other.topup_id} is not over on this SIM")
        topup_id = f"t-{self._ledger.last + 1}"
        _, change = self._ledger.append(
            KINDS[state],
            now,
            topup_id=topup_id,
            sim=wish.sim,
            donor=wish.donor,
            line=wish.line,
            carrier=wish.carrier,
            amount=voucher.amount if voucher else wish.amount,
            currency=wish.currency,
            voucher=voucher.voucher if voucher else None,
            cause=wish.why,
            message=wish.message,
            cmd_id=wish.cmd_id,
        )
        topup = self._need(topup_id)
        return topup, Change.join((change, self._move_voucher(None, topup, now)))

    def _step(
        self,
        topup_id: str,
        event: Event,
        now: float,
        *,
        voucher: Voucher | None = None,
        text: str | None = None,
        message: str | None = None,
    ) -> Change:
        before = self._need(topup_id)
        state = target(before, event)
        self._check_free(voucher)
        name = voucher.voucher if voucher else before.voucher
        _, change = self._ledger.append(
            KINDS[state],
            now,
            topup_id=topup_id,
            sim=before.sim,
            donor=before.donor,
            line=before.line,
            carrier=before.carrier,
            amount=voucher.amount if voucher else before.amount,
            currency=before.currency,
            voucher=name,
            cause=event,
            text=self._vouchers.mask(name, text) if text else None,
            message=message,
            cmd_id=before.cmd_id,
        )
        moved = self._move_voucher(before.state, self._need(topup_id), now)
        return Change.join((change, moved))

    def _move_voucher(self, before: State | None, topup: TopUp, now: float) -> Change:
        """Let the voucher follow its top-up, and tell of a spoiled one."""
        if topup.voucher is None:
            return Change()
        state = after(before, topup.state, topup.cause)
        change = Change(facts=(self._vouchers.move(topup.voucher, state),))
        if state is not VoucherState.SPOILED:
            return change
        _, told = self._ledger.append(
            MoneyKind.VOUCHER_SPOILED,
            now,
            sim=topup.sim,
            carrier=topup.carrier,
            amount=topup.amount,
            currency=topup.currency,
            voucher=topup.voucher,
            message=f"spoiled in {topup.topup_id}: {topup.cause}",
        )
        return Change.join((change, told))

    def _check_free(self, voucher: Voucher | None) -> None:
        if self._ledger.problem:
            raise SagaError(self._ledger.problem)
        if voucher and self._vouchers.state(voucher.voucher) is not VoucherState.FREE:
            raise SagaError(f"{voucher.voucher} is not free")

    def _need(self, topup_id: str) -> TopUp:
        topup = self.get(topup_id)
        if topup is None:
            raise SagaError(f"there is no top-up {topup_id}")
        return topup
