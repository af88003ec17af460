"""All that is about money, put together: who hears of what, and what calls must know of it."""

import logging
import os
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from config.models import GatewayConfig
from edge import clock
from edge.block import Block
from edge.calls import Call
from edge.journal import Journal
from edge.limits.account import Charge
from edge.lines import Line
from edge.message_desk import MessageDesk
from edge.money.balance_desk import BalanceDesk
from edge.money.balances import Balances
from edge.money.conversation import Conversations
from edge.money.courier import Courier
from edge.money.entry import Change
from edge.money.funds import Fund
from edge.money.key import KeyProblem, find_key
from edge.money.ledger import Ledger
from edge.money.means import Means
from edge.money.requests import Codes
from edge.money.rules import Rules
from edge.money.topup_desk import TopUpDesk
from edge.money.topup_watch import TopUpWatch
from edge.money.topups import TopUps
from edge.money.vault import Vault
from edge.money.vouchers import Vouchers
from edge.store import Store
from edge.usage import rows
from edge.ussd_desk import UssdDesk
from mqtt.vocabulary import Cause, MoneyKind, Reason

log = logging.getLogger(__name__)

HELD_S = 30.0  # that the gateway may talk with a carrier before a call gets the line


class Fleet(Protocol):
    """What is asked of the lines."""

    lines: dict[str, Line]

    def changed(self, line: Line) -> None:
        """A line must be shown anew."""

    def spawn(self, work: Coroutine[None, None, None]) -> object:
        """Start a task of the gateway."""

    def take_out(self, line: Line) -> None:
        """Use a line no more until a person enables it."""

    def alarm(self, name: str, message: str | None, line: str | None = None) -> None:
        """Raise an alarm, or clear it with None."""


class MoneyDesk:
    """The ledger, the vouchers, and the desks that ask for balances and top up."""

    def __init__(
        self,
        config: GatewayConfig,
        zone: ZoneInfo,
        store: Store,
        journal: Journal,
        ussd: UssdDesk,
        messages: MessageDesk,
        fleet: Fleet,
    ) -> None:
        self._fleet = fleet
        self._store = store
        self.ledger = Ledger(journal)
        self.vouchers = Vouchers(self.ledger, None)
        self._key_file, self._database = config.vouchers.key_file, config.storage.path
        self.balances = Balances(self.ledger)
        codes = Codes()
        self._talks = Conversations(ussd, codes)
        lines: Callable[[], dict[str, Line]] = lambda: fleet.lines  # noqa: E731 - a question
        self.balance_desk = BalanceDesk(
            config.balance, zone, self.balances, self._talks, lines, self, fleet.spawn
        )
        refusals = config.vouchers.max_refused
        topups = TopUps(self.ledger, self.vouchers)
        rules = Rules(config.topup, config.budget, refusals, zone)
        self.means = Means(self.ledger, self.vouchers, topups, rules, refusals, zone)
        courier = Courier(topups, self._talks, self.balance_desk)
        self._watch = TopUpWatch(self.means, self.balance_desk, codes, lines, fleet.alarm)
        self.topup_desk = TopUpDesk(
            self.means, self._watch, courier, lines, fleet.alarm, fleet.spawn
        )
        ussd.listen(codes.hide, lambda line, text: self._on_text(line, None, text))
        messages.listen(codes.hide, self._on_sms, self.charge_sms)

    async def load(self) -> None:
        """Read the ledger; give back what was only reserved, doubt what was sent."""
        await self.ledger.load(self._store)
        self._find_key()
        await self.vouchers.load(self._store)
        await self.balances.load(self._store, clock.now().timestamp())
        await self._watch.recover()

    def _find_key(self) -> None:
        """Without a key no voucher can be had, which is said where one is wanted."""
        try:
            key = find_key(self._key_file, self._database, os.environ)
        except KeyProblem as error:
            log.error("%s", error)  # noqa: TRY400 - a trace says no more
            self.vouchers.use(None, str(error))
        else:
            self.vouchers.use(Vault(key))

    # --- what happens on lines

    def see_credit(self, line: Line) -> None:
        """Let a line know whether it has money for calls."""
        line.no_credit = self.balances.block(line.iccid or "")

    def on_line(self, line: Line) -> None:
        """A line is shown: it may have entered another state."""
        self._talks.on_changed(line)
        self.balance_desk.on_line(line)
        self._watch.on_line(line)

    def on_call_ended(self, line: Line, talk_s: float, cause: Cause) -> None:
        """A call is over; one that ended for want of money makes the balance worth asking for."""
        self.balance_desk.on_call_ended(line, talk_s)
        if cause in {Cause.NO_CREDIT, Cause.BARRED}:
            self.balance_desk.ask_soon(line)

    def charge(self, call: Call, charge: Charge) -> Change:
        """The entry of what a call cost, if it cost anything."""
        if not charge.money:
            return Change()
        _, change = self.ledger.append(
            MoneyKind.CHARGE,
            clock.now().timestamp(),
            line=call.line,
            sim=call.sim,
            carrier=call.carrier,
            amount=charge.money,
            currency=charge.currency,
            call_id=call.call_id,
        )
        return change

    def charge_sms(self, line: Line, charge: Charge, sms_id: str) -> Change:
        """The entry of what a message cost, if it cost anything."""
        if not charge.money:
            return Change()
        _, change = self.ledger.append(
            MoneyKind.CHARGE,
            clock.now().timestamp(),
            line=line.line,
            sim=line.iccid,
            carrier=line.carrier.name if line.carrier else None,
            amount=charge.money,
            currency=charge.currency,
            message=f"message {sms_id}",
        )
        return change

    def held(self, line: Line) -> Block | None:
        """Whether the gateway talks with the carrier, so that a call must wait a moment."""
        if not self._talks.is_held(line):
            return None
        until = clock.now().timestamp() + HELD_S
        return Block(Reason.LINE_BUSY, "The gateway talks with the carrier.", until)

    def shown(self, line: Line) -> dict[str, Any]:
        """The fields of LineStatus that tell of money."""
        return self.balances.shown(line.iccid or "", clock.now().timestamp())

    def _on_sms(self, line: Line, sender: str, text: str) -> None:
        if not self._talks.on_sms(line, sender, text):
            self._on_text(line, sender, text)

    def _on_text(self, line: Line, sender: str | None, text: str) -> None:
        self._watch.on_text(line, sender, text)
        self.balance_desk.on_text(line, sender, text)

    # --- who hears of balances

    def on_balance(self, line: Line, fund: Fund) -> None:
        """A balance was told."""
        self.see_credit(line)
        if line.accounts:
            line.accounts[0].see_balance(fund.amount, fund.at)
            self._store.write(*rows(line.accounts), keep=True)
        self._fleet.changed(line)
        self.topup_desk.on_balance(line, fund)

    def on_barred(self, line: Line) -> None:
        """The carrier has barred the SIM."""
        self._fleet.take_out(line)

    def warn_below(self, line: Line) -> Decimal | None:
        """The amount below which the owner wants to be warned."""
        return line.accounts[0].warn_balance if line.accounts else None

    def alarm(self, name: str, message: str | None, line: str | None) -> None:
        """Raise an alarm, or clear it with None."""
        self._fleet.alarm(name, message, line)
