"""Follows top-ups until they are over, and tells people about those that need them.

What nobody knows is `unknown`: the balance is asked for again, ever later, and it, the carrier's
late words or a person decide.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from edge import clock
from edge.lines import Line
from edge.money.balance_desk import BalanceDesk
from edge.money.courier import words_of
from edge.money.funds import Fund
from edge.money.judge import is_ambiguous, judge_balance, judge_reply
from edge.money.means import Means
from edge.money.requests import MASK, Codes, speaks_for
from edge.money.saga import LEFT, Event, State, TopUp
from edge.money.vault import WrongKey

log = logging.getLogger(__name__)

CHECKS_S = (60.0, 300.0, 1800.0, 7200.0, 28_800.0, 50_400.0)  # one after the other: 24.6 h
SETTLE_S = 30.0  # after a success or a gift, until the new balance is asked for
HEARD_MAX = 10  # texts kept of the time in which a reply is awaited

# Late words end a top-up only where they are plain; the balance decides about all others.
_PLAIN = frozenset({Event.ACCEPTED, Event.WRONG_CODE, Event.ALREADY_USED})
_NUMBER = re.compile(r"\d[\d.,]*")

Alarm = Callable[[str, str | None, str | None], None]


class TopUpWatch:
    """All top-ups that are not over. `lines` gives the lines there are."""

    def __init__(
        self,
        means: Means,
        balances: BalanceDesk,
        codes: Codes,
        lines: Callable[[], dict[str, Line]],
        alarm: Alarm,
    ) -> None:
        self._means = means
        self._book = means.ledger.book
        self._balances = balances
        self._codes = codes
        self._lines = lines
        self._alarm = alarm
        self._met: set[str] = set()
        self._checks: defaultdict[str, int] = defaultdict(int)
        self._heard: defaultdict[str, list[str]] = defaultdict(list)

    async def recover(self) -> None:
        """At the start: what was cut off is given back or doubted; nothing is sent again."""
        if not self._means.ledger.problem:
            await self._means.ledger.write(self._means.topups.recover(_now()))
        for topup in self._book.all_open():
            self._keep_secret(topup)
            self.show(topup)

    def step(
        self, topup: TopUp, event: Event, text: str | None = None, message: str | None = None
    ) -> None:
        """Write a step down and do what follows from it; raises SagaError."""
        change = self._means.topups.end(topup.topup_id, event, _now(), text=text, message=message)
        self._means.ledger.write(change)
        after = self._book.topups[topup.topup_id]
        log.info("top-up %s is %s: %s", after.topup_id, after.state, event)
        self.show(after)
        if after.donor and after.sent_at and (giver := self._line_of(after.donor)):
            self._balances.ask_soon(giver, SETTLE_S)
        if line := self._line_of(after.sim):
            if after.state is State.CONFIRMED:
                self._balances.ask_soon(line, SETTLE_S)
            elif after.state is State.UNKNOWN:
                self._check(after, line)

    def show(self, topup: TopUp) -> None:
        """Raise or clear the alarms of a top-up."""
        line = topup.line or topup.topup_id
        self._alarm(f"topup-{line}", _appeal(topup), topup.line)
        self._show_lock(topup.sim, line)
        if topup.is_over:
            self._checks.pop(topup.topup_id, None)

    def unlocked(self, line: Line) -> None:
        """A person let the line try vouchers again."""
        self._show_lock(line.iccid or "", line.line)

    # --- what decides

    def on_line(self, line: Line) -> None:
        """A line entered another state: take up what an earlier boot left open on its SIM."""
        if line.iccid is None or line.iccid in self._met or not line.is_up:
            return
        self._met.add(line.iccid)
        self._show_lock(line.iccid, line.line)
        topup = self._book.open_on(line.iccid)
        if topup and topup.state is State.UNKNOWN:
            self._check(topup, line)

    def on_balance(self, line: Line, fund: Fund) -> None:
        """A balance was told: it may decide."""
        topup = self._book.open_on(line.iccid or "")
        if topup is None or topup.state is not State.UNKNOWN:
            return
        event = judge_balance(topup, fund.sure(topup.currency), _now())
        if event:
            self.step(topup, event, message=f"the balance is {fund.amount} {fund.currency}")
        else:
            self._check(topup, line)

    def on_text(self, line: Line, sender: str | None, text: str) -> None:
        """The carrier said something by itself: it may be the late answer."""
        topup = self._book.open_on(line.iccid or "")
        if topup is None or topup.state not in LEFT or line.carrier is None:
            return
        if sender is not None and not speaks_for(sender, line.carrier):
            return
        if topup.state is State.SENT:
            heard = self._heard[topup.topup_id]
            heard[HEARD_MAX - 1 :] = [text]
        elif event := self._plain(topup, line, [text]):
            self.step(topup, event, text=text)

    def heard_meanwhile(self, topup: TopUp, line: Line) -> tuple[Event, str] | None:
        """What the carrier said beside its reply, where that ends the top-up."""
        texts = self._heard.pop(topup.topup_id, [])
        event = self._plain(topup, line, texts)
        return (event, " ".join(texts)) if event else None

    def _plain(self, topup: TopUp, line: Line, texts: list[str]) -> Event | None:
        """What late words say; a success must name the amount or the code."""
        event = judge_reply(texts, words_of(line.carrier))
        if event not in _PLAIN or self.is_ambiguous(topup):
            return None
        if event is Event.ACCEPTED and not any(_names(text, topup.amount) for text in texts):
            return None
        return event

    def is_ambiguous(self, topup: TopUp) -> bool:
        """Whether late words may be about an earlier top-up of the SIM."""
        return is_ambiguous(topup, self._book.topups.values(), _now())

    # --- inside

    def _check(self, topup: TopUp, line: Line) -> None:
        """Ask for the balance after the next of CHECKS_S; after the last one, when it is due."""
        done = self._checks[topup.topup_id]
        if done < len(CHECKS_S):
            self._checks[topup.topup_id] += 1
            self._balances.ask_soon(line, CHECKS_S[done])

    def _keep_secret(self, topup: TopUp) -> None:
        """Mask the code in what the carrier may still say."""
        if topup.voucher is None or topup.state not in LEFT:
            return
        try:
            self._codes.keep(self._means.vouchers.open(topup.voucher).get_secret_value())
        except WrongKey as error:
            log.warning("%s", error)

    def _show_lock(self, sim: str, line: str) -> None:
        refused = self._book.refusals(sim)
        locked = refused >= self._means.max_refused
        message = (
            f"The carrier refused {refused} codes in a row on {line}: no more vouchers until "
            f"`trunkline topup {line} --unlock`."
        )
        self._alarm(f"topup-locked-{line}", message if locked else None, line)

    def _line_of(self, sim: str) -> Line | None:
        lines: Iterable[Line] = self._lines().values()
        return next((line for line in lines if line.iccid == sim), None)


def _appeal(topup: TopUp) -> str | None:
    """What a person is asked to do; None where there is nothing to do."""
    what = f"{topup.topup_id} of {topup.line}, {topup.amount} {topup.currency or ''}".rstrip()
    match topup.state:
        case State.ASKED:
            return f"{what}: a top-up is needed. `trunkline topup` confirms or rejects it."
        case State.UNKNOWN:
            return (
                f"{what}: nobody knows whether it arrived ({topup.cause}). The balance will be "
                "asked for; `trunkline topup` confirms or rejects it if you know more."
            )
        case _:
            return None


def _names(text: str, amount: Decimal | None) -> bool:
    """Whether a text speaks of this amount, or of a code of ours."""
    if MASK in text:
        return True
    written = (found.rstrip(".,").replace(",", "") for found in _NUMBER.findall(text))
    return any(_is(number, amount) for number in written)


def _is(number: str, amount: Decimal | None) -> bool:
    return number.count(".") <= 1 and Decimal(number) == amount


def _now() -> float:
    return clock.now().timestamp()
