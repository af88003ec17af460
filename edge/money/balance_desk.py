"""Balances: asked of the carrier when they are due, read from what it tells by itself.

A SIM is asked when it has come into the network, after so many calls or minutes, after so many
hours, and on command; never while a call is on its line. A notice after a call tells the same for
nothing: it is waited for first, and makes the question unnecessary. Every reading is an entry of
the ledger; what cannot be read is unknown, with its text.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from typing import Protocol
from zlib import crc32

from config.carriers import CarrierProfile
from config.money import BalanceChecks
from edge import clock
from edge.lanes import Spawn
from edge.lines import Line
from edge.money.balances import Balances
from edge.money.conversation import Conversations, NoAnswer, Talk
from edge.money.entry import Facts
from edge.money.funds import Fund
from edge.money.reading import Words, read_text
from edge.money.requests import balance_request, speaks_for
from edge.outcome import Outcome, refuse
from mqtt.messages import Balance as BalanceCommand
from mqtt.vocabulary import Reason, Result

log = logging.getLogger(__name__)

SPREAD_S = 120.0  # over which the SIMs of a gateway that starts are asked
FRESH_S = 900.0  # a balance of an earlier boot that is no older is not asked for again
NOTICE_S = 20.0  # after a call, for the carrier's notice to come by itself
LATE_S = 900.0  # a question without an answer may be answered by SMS, so much later
RETRY_S = 60.0
MAX_RETRY_S = 6 * 3600.0
LOUD_FAILURES = 3  # questions in a row without an answer, until an alarm says so


class Owner(Protocol):
    """Who hears of balances."""

    def on_balance(self, line: Line, fund: Fund) -> None:
        """A balance was told; `fund.amount` None: it could not be read."""

    def on_barred(self, line: Line) -> None:
        """The carrier has barred the SIM: take it out until a person puts it back."""

    def warn_below(self, line: Line) -> Decimal | None:
        """The amount below which the owner wants to be warned."""

    def alarm(self, name: str, message: str | None, line: str | None) -> None:
        """Raise an alarm, or clear it with None."""


@dataclass(slots=True)
class _Watch:
    """One SIM: what it did since its last balance, and when it is asked again (loop time)."""

    calls: int = 0
    talk_s: float = 0.0
    failures: int = 0
    asking: bool = False
    told: bool = False  # since it was asked
    late_until: float = 0.0
    low: bool = False
    barred: bool = False
    timer: asyncio.TimerHandle | None = None
    due: float = 0.0  # of the timer


class BalanceDesk:
    """Asks and reads. `lines` gives the lines there are; `zone` is where the SIMs live."""

    def __init__(
        self,
        checks: BalanceChecks,
        zone: tzinfo,
        balances: Balances,
        conversations: Conversations,
        lines: Callable[[], dict[str, Line]],
        owner: Owner,
        spawn: Spawn,
    ) -> None:
        self._checks = checks
        self._zone = zone
        self._balances = balances
        self._conversations = conversations
        self._lines = lines
        self._owner = owner
        self._spawn = spawn
        self._watches: dict[str, _Watch] = {}

    # --- what happens on lines

    def handle(self, command: BalanceCommand) -> Outcome:
        """Ask one line, or all that can be asked."""
        lines = self._lines()
        if command.line and command.line not in lines:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {command.line}.")
        wanted = [line for line in lines.values() if command.line in {None, line.line}]
        known = [line for line in wanted if _can_be_asked(line)]
        if not known:
            return refuse(Reason.NO_PROFILE, "No carrier profile says how to ask for the balance.")
        ready = [line for line in known if line.is_up]
        if not ready:
            return refuse(Reason.LINE_NOT_READY, "The line is not ready; ask again later.", 10)

        def act() -> None:
            for line in ready:
                self._begin(line, command.id)

        return Outcome(Result.ACCEPTED, act=act)

    def on_line(self, line: Line) -> None:
        """A line entered another state."""
        if line.iccid is None:
            return
        watch = self._watches.get(line.iccid) or self._meet(line, line.iccid)
        if watch.timer or watch.asking or not line.is_up:
            return
        if self._checks.enabled and _can_be_asked(line):
            self._arm(line, watch, self._first_delay_s(line.iccid))

    def on_call_ended(self, line: Line, talk_s: float) -> None:
        """A call is over: its notice may come, or the balance is due."""
        watch = self._watches.get(line.iccid or "")
        if watch is None or not self._checks.enabled or not _can_be_asked(line):
            return
        watch.calls += 1
        watch.talk_s += talk_s
        calls, minutes = self._checks.every_calls, self._checks.every_minutes
        if (calls and watch.calls >= calls) or (minutes and watch.talk_s >= minutes * 60):
            self.ask_soon(line, NOTICE_S)

    def on_text(self, line: Line, sender: str | None, text: str) -> None:
        """The carrier said something by itself, by USSD or by SMS (`sender`)."""
        watch, profile = self._watches.get(line.iccid or ""), line.carrier
        if watch is None or profile is None:
            return
        if sender is not None and not speaks_for(sender, profile):
            return
        facts = read_text(text, profile, self._today())
        late = watch.asking or clock.now().timestamp() < watch.late_until
        if facts and (late or _is_notice(profile, text)):
            self._told(line, watch, {**facts, "unasked": True}, text)
        elif facts and facts["cause"]:  # no credit, barred: or an advert that speaks of such
            self.ask_soon(line, NOTICE_S)

    def ask_soon(self, line: Line, delay_s: float = 0.0) -> None:
        """Ask when so much time has passed, unless it is asked sooner anyway."""
        watch = self._watches.get(line.iccid or "")
        if watch is None or not _can_be_asked(line):
            return
        due = asyncio.get_running_loop().time() + delay_s
        if watch.timer is None or due < watch.due:
            self._arm(line, watch, delay_s)

    def fund(self, line: Line) -> Fund:
        """The last balance of the line's SIM."""
        return self._balances.fund(line.iccid or "")

    async def ask_in(self, talk: Talk, line: Line, cmd_id: str | None = None) -> bool:
        """Ask in a conversation that is held already; False when no answer came."""
        watch, profile = self._watches.get(line.iccid or ""), line.carrier
        request = balance_request(profile.query) if profile else None
        if watch is None or profile is None or request is None:
            return True
        try:
            text = await talk.ask(request)
        except NoAnswer as error:
            self._failed(line, watch, error, cmd_id)
            return False
        self._answered(line, profile, watch, text, cmd_id)
        return True

    # --- asking

    def _meet(self, line: Line, sim: str) -> _Watch:
        """Take up a SIM, with what an earlier boot knew of it."""
        watch = self._watches[sim] = _Watch()
        if self._balances.fund(sim).at:
            self._warn(line, sim, watch)
        return watch

    def _first_delay_s(self, sim: str) -> float:
        now, spread = clock.now().timestamp(), _spread_s(sim)
        at = self._balances.fund(sim).at
        if self._checks.after_registration:
            return max(spread, at + FRESH_S - now)
        return max(spread, (at or now) + self._checks.every_hours * 3600 - now)

    def _arm(self, line: Line, watch: _Watch, delay_s: float) -> None:
        if watch.timer:
            watch.timer.cancel()
        loop = asyncio.get_running_loop()
        watch.due = loop.time() + delay_s
        watch.timer = loop.call_later(delay_s, self._due, line, watch)

    def _due(self, line: Line, watch: _Watch) -> None:
        """Ask; a line that is away is asked when it comes back (`on_line`)."""
        watch.timer = None
        if line.modem:
            self._begin(line)

    def _begin(self, line: Line, cmd_id: str | None = None) -> None:
        watch = self._watches.get(line.iccid or "")
        if watch and line.carrier and not watch.asking:
            watch.asking, watch.told = True, False
            self._spawn(self._ask(line, watch, cmd_id))

    async def _ask(self, line: Line, watch: _Watch, cmd_id: str | None) -> None:
        try:
            async with self._conversations.hold(line) as talk:
                await self.ask_in(talk, line, cmd_id)
        except NoAnswer as error:
            self._failed(line, watch, error, cmd_id)
        finally:
            watch.asking = False

    def _failed(self, line: Line, watch: _Watch, error: NoAnswer, cmd_id: str | None) -> None:
        """Ask again, ever later; whoever asked by command is told at once."""
        watch.failures += 1
        if error.sent:
            watch.late_until = clock.now().timestamp() + LATE_S
        loud = cmd_id is not None or watch.failures == LOUD_FAILURES
        log.log(logging.WARNING if loud else logging.INFO, "balance of %s: %s", line.line, error)
        if loud:
            message = f"The carrier does not tell the balance of {line.line}: {error}."
            self._owner.alarm(f"balance-{line.line}", message, line.line)
        again_s = min(RETRY_S * 2 ** min(watch.failures - 1, 10), MAX_RETRY_S)
        self._arm(line, watch, again_s + _spread_s(line.iccid or ""))

    # --- what was told

    def _answered(
        self, line: Line, profile: CarrierProfile, watch: _Watch, text: str, cmd_id: str | None
    ) -> None:
        facts = read_text(text, profile, self._today())
        if facts is None and watch.told:
            return  # the SMS was faster than the words that announce it
        if facts is None:
            log.info("balance of %s: the carrier's words tell no balance", line.line)
            watch.late_until = clock.now().timestamp() + LATE_S  # "you will get an SMS"
        self._told(line, watch, facts or {}, text, cmd_id)

    def _told(
        self, line: Line, watch: _Watch, facts: Facts, text: str, cmd_id: str | None = None
    ) -> None:
        """Write a reading down, tell who lives by it, and wait for the next."""
        self._append(line, {**facts, "text": text, "cmd_id": cmd_id})
        if watch.failures:
            self._owner.alarm(f"balance-{line.line}", None, line.line)
        watch.calls, watch.talk_s, watch.failures, watch.told = 0, 0.0, 0, True
        sim = line.iccid or ""
        self._arm(line, watch, self._checks.every_hours * 3600 + _spread_s(sim))
        if facts.get("cause") == Words.BARRED:
            self._owner.on_barred(line)
        self._warn(line, sim, watch)
        self._owner.on_balance(line, self._balances.fund(sim))

    def _append(self, line: Line, facts: Facts) -> None:
        known: Facts = {
            "line": line.line,
            "sim": line.iccid,
            "carrier": line.carrier.name if line.carrier else None,
        }
        self._balances.write(clock.now().timestamp(), {**known, **facts})

    def _warn(self, line: Line, sim: str, watch: _Watch) -> None:
        """Raise or clear what the balance gives reason to."""
        fund, least = self._balances.fund(sim), self._owner.warn_below(line)
        low = least is not None and fund.amount is not None and fund.amount < least
        if low != watch.low:
            watch.low = low
            message = f"The balance of {line.line} is {fund.amount} {fund.currency or ''}".rstrip()
            self._owner.alarm(f"balance-low-{line.line}", f"{message}." if low else None, line.line)
        barred = self._balances.is_barred(sim)
        if barred != watch.barred:
            watch.barred = barred
            message = f"The carrier has barred the SIM of {line.line}: a person must decide."
            self._owner.alarm(f"sim-barred-{line.line}", message if barred else None, line.line)

    def _today(self) -> date:
        return clock.now().astimezone(self._zone).date()


def _can_be_asked(line: Line) -> bool:
    return (
        line.iccid is not None
        and line.carrier is not None
        and balance_request(line.carrier.query) is not None
    )


def _is_notice(profile: CarrierProfile, text: str) -> bool:
    pattern = profile.after_call
    return pattern is not None and re.search(pattern, text, re.IGNORECASE) is not None


def _spread_s(sim: str) -> float:
    """Seconds of SPREAD_S, always the same for one SIM."""
    return crc32(sim.encode()) / 2**32 * SPREAD_S
