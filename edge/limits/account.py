"""What a SIM, a line or a carrier has used, and what it may still use.

A call touches the account of a SIM and those that it shares: of its line, of its carrier. The SIM's
account is the one to ask: its `offer` is bound by all of them; `reserve`, `settle` and `release`
reach all of them, and so does what is done for messages. `blocks` and `use` are of one account.
docs/limits.md tells the rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from config.limits import Limits, Plan
from edge.block import Block
from edge.destination import Destination
from edge.limits import health
from edge.limits.buckets import sms_fill
from edge.limits.health import CallResult, Ending
from edge.limits.meters import Unit
from edge.limits.offers import CUT_S, LONGEST_S, Offer, Quote, Room, draws, offer, quote
from edge.limits.rules import ABROAD, UNKNOWN, Rules, Standing
from edge.limits.state import Hold, State
from edge.limits.tariff import Place
from edge.limits.uses import LimitUse, so_far, uses
from edge.limits.waiting import SmsHold, Waiting

__all__ = ["Account", "CallResult", "Charge", "Ending", "LimitUse", "Offer", "Reservation"]

WARN_S = 10  # the warning tone sounds so long before a call is cut
CLOCK_SLACK_S = 3600  # a Pi has no clock of its own: it may boot with one that is so late

_NOTHING = Decimal(0)
_STATE = TypeAdapter(State)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is kept for one call, which is cut after `seconds` of talk; inf for no bound."""

    seconds: float

    @property
    def warn_at_s(self) -> float | None:
        """Seconds of talk after which the warning tone is due; None without a bound."""
        return None if self.seconds == inf else max(0.0, self.seconds - WARN_S)


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call or a message took, as the carrier counts; `bucket` is the first that it drew."""

    billed_s: int = 0
    money: Decimal = _NOTHING
    bucket: str | None = None
    currency: str | None = None


class Account:
    """Whose use is counted: key "sim:ICCID", "line:NAME" or "carrier:NAME".

    `zone` is that of the gateway, the plan's goes before it; `carrier` as in Destination.carrier.
    """

    def __init__(
        self,
        key: str,
        limits: Limits,
        plan: Plan | None,
        zone: ZoneInfo,
        carrier: str | None = None,
    ) -> None:
        self.key = key
        self.carrier = carrier
        self.currency = plan.currency if plan else None
        self._limits = limits
        self._rules = Rules(limits, plan, zone, carrier)
        self._shared: tuple[Account, ...] = ()
        self._roaming = False
        self._state = State()
        self._waiting = Waiting()
        self._standing = UNKNOWN
        self._quotes: dict[Place, Quote] = {}
        self._offers: dict[Place, tuple[Offer, list[Room]]] = {}

    def share(self, *accounts: "Account") -> None:
        """Calls of this account count in these too; replaces what was said before."""
        self._shared = accounts
        self._offers.clear()

    # --- what may be used

    def blocks(self, now: float) -> tuple[Block, ...]:
        """Why no call may begin now; of this account alone."""
        standing = self._standing
        if standing.since <= now < standing.until:
            return standing.blocks
        return self._look(now).blocks

    def offer(self, to: Destination, now: float) -> Offer:
        """What a call there may use; the accounts that are shared bind it too."""
        place = self._rules.tariff.place(to)
        standing = self._look(now)
        known = self._offers.get(place)
        rooms = [account.room(now) for account in self._shared]
        if known is not None and known[1] == rooms:
            return known[0]
        found = offer(self._quote(place, standing), (standing.room, *rooms))
        self._offers[place] = found, rooms
        return found

    def room(self, now: float) -> Room:
        """What this account leaves; the same object as long as nothing changed."""
        return self._look(now).room

    def switch_block(self, now: float) -> Block | None:
        """Why a modem may not switch to this SIM now."""
        levels = self._look(now).levels
        full = (one for one in levels if one.unit is Unit.SWITCHES and one.left < 1)
        return next((level.block() for level in full), None)

    # --- calls

    def reserve(
        self, call_id: str, to: Destination, want_s: float | None, now: float
    ) -> Reservation | Block:
        """Keep for a call the most it can take, before it is dialled; once for each call_id."""
        if call_id in self._state.holds:
            return _reservation(self._state.holds[call_id])
        for account in (self, *self._shared):
            if blocks := account.blocks(now):
                return blocks[0]
        found = self.offer(to, now)
        if found.block:
            return found.block
        return self.renew(call_id, to, min(found.seconds, want_s or inf), now, now)

    def renew(
        self, call_id: str, to: Destination, seconds: float, dialled_at: float, now: float
    ) -> Reservation:
        """Keep for a call what an earlier boot kept for it, whatever is left."""
        place = self._rules.tariff.place(to)
        seconds = min(LONGEST_S, seconds)
        billed_s = place.terms.billed(seconds + CUT_S)
        drawn = draws(place, self._look(now).fills, billed_s)
        money = place.terms.cost(billed_s, sum(drawn_s for _, drawn_s in drawn))
        hold = Hold(dialled_at, seconds, billed_s, money, place.terms, drawn)
        for account in (self, *self._shared):
            account.keep(call_id, hold)
        return _reservation(hold)

    def release(self, call_id: str) -> None:
        """The call was never dialled."""
        for account in (self, *self._shared):
            account.drop(call_id)

    def settle(self, call_id: str, result: CallResult, now: float) -> Charge:
        """Count an ended call and free what was kept for it; nothing for one that is not kept."""
        for account in self._shared:
            account.settle(call_id, result, now)
        self._rules.see(self._state, now)
        hold = self.drop(call_id)
        if hold is None:
            return Charge(currency=self.currency)
        billed_s = _billed(hold, result, now)
        money = hold.terms.cost(billed_s, hold.free_s)
        bucket = self._rules.count_call(self._state, hold, billed_s, money)
        self._rules.health.note(self._state.health, result, now)
        self._state.last_end = now
        self._pay(money)
        return Charge(billed_s, money, bucket, self.currency)

    def in_flight(self) -> tuple[str, ...]:
        """Calls for which something is kept."""
        return tuple(self._state.holds)

    # --- messages

    def sms_block(self, now: float, to: Destination, parts: int = 1) -> Block | None:
        """Why no message of so many parts may go there now."""
        return next(self._sms_blocks(now, to, parts), None)

    def reserve_sms(self, sms_id: str, parts: int, to: Destination, now: float) -> Block | None:
        """Keep for a message what its parts can take; what was kept for it is asked for anew."""
        self.release_sms(sms_id)
        if block := self.sms_block(now, to, parts):
            return block
        hold = self._sms_hold(parts, to, now)
        for account in (self, *self._shared):
            account.keep_sms(sms_id, hold)
        return None

    def count_sms(self, sms_id: str, to: Destination, now: float) -> Charge:
        """Count a part that has left; what the parts behind it can take stays kept."""
        hold = self._waiting.of(sms_id) or self._sms_hold(1, to, now)
        for account in (self, *self._shared):
            account.note_part(sms_id, hold.price, now)
        if hold.bucket:
            self._rules.buckets.count_sms(self._state.counts, hold.bucket)
        return Charge(0, hold.price, hold.bucket, self.currency)

    def release_sms(self, sms_id: str) -> None:
        """No more of a message will be sent."""
        for account in (self, *self._shared):
            account.keep_sms(sms_id, None)

    # --- what else is known

    def count_switch(self, now: float) -> None:
        """A modem was switched to this SIM."""
        self._look(now)
        self._rules.meters.count(self._state.counts, switches=1)
        self._change()

    def see_balance(self, amount: Decimal | None, now: float) -> None:  # noqa: ARG002 - contract
        """The carrier told the balance; None: it is not known."""
        self._state.balance = amount
        self._change()

    def see_roaming(self, *, roaming: bool) -> None:
        """The SIM is in a foreign network or at home."""
        self._roaming = roaming
        self._change()

    def enable(self) -> None:
        """A person ends a rest and has seen its alarm."""
        health.enable(self._state.health)
        self._change()

    def standing(self, now: float) -> Standing:
        """How it stands now; the same object as long as nothing changed."""
        return self._look(now)

    @property
    def warn_balance(self) -> Decimal | None:
        """The balance below which the owner wants to be warned."""
        return self._limits.warn_balance

    @property
    def alarm(self) -> str | None:
        """What a person should look into: calls that go wrong, and a rest that waits for him."""
        return self._state.health.alarm

    def use(self, now: float) -> list[LimitUse]:
        """Each limit and bucket of this account."""
        fills = self._look(now).fills
        taken = so_far(self._state.holds.values(), now)
        return [*uses(self._rules.meters.levels(self._state.counts, taken), fills)]

    def dump(self) -> dict[str, Any]:
        """All that is counted and kept, for JSON."""
        state: dict[str, Any] = _STATE.dump_python(self._state, mode="json", exclude_defaults=True)
        return state

    def dump_json(self) -> bytes:
        """What `dump` gives, written."""
        return _STATE.dump_json(self._state, exclude_defaults=True)

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `dump` gave; ValueError with a sentence where it cannot be read."""
        try:
            self._state = _STATE.validate_python(state)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            message = f"What {self.key} has used cannot be read: {place}: {first['msg']}."
            raise ValueError(message) from None
        self._rules.forget()
        self._change()

    # --- what the accounts that share a call do for each other

    def keep(self, call_id: str, hold: Hold) -> None:
        """Keep something for a call."""
        self._state.holds[call_id] = hold
        self._change()

    def drop(self, call_id: str) -> Hold | None:
        """Free what is kept for a call."""
        self._change()
        return self._state.holds.pop(call_id, None)

    def keep_sms(self, sms_id: str, hold: SmsHold | None) -> None:
        """Keep something for a message, or nothing."""
        self._waiting.drop(sms_id)
        if hold:
            self._waiting.keep(sms_id, hold)
        self._change()

    def note_part(self, sms_id: str, price: Decimal, now: float) -> None:
        """Count a part of a message that has left, and its price."""
        self._look(now)
        self._rules.meters.count(self._state.counts, sms=1, money=price)
        self._waiting.take_part(sms_id)
        self._pay(price)

    def sms_bounds(self, now: float, parts: int, price: Decimal) -> Iterator[Block]:
        """The limits of this account that a message of this price would pass."""
        standing = self._look(now)
        for level in standing.levels:
            if level.unit is Unit.SMS and level.left < parts:
                yield level.block()
        purse = standing.room.money
        if purse is not None and (price > purse.left if price else standing.is_broke):
            yield purse.block()

    # --- inside

    def _look(self, now: float) -> Standing:
        """How the account stands, worked out anew when something changed."""
        standing = self._standing
        if not standing.since <= now < standing.until:
            standing = self._standing = self._rules.look(
                self._state, self._waiting, now, roaming=self._roaming
            )
            self._quotes.clear()
            self._offers.clear()
        return standing

    def _quote(self, place: Place, standing: Standing) -> Quote:
        if place not in self._quotes:
            self._quotes[place] = quote(place, standing.fills)
        return self._quotes[place]

    def _change(self) -> None:
        self._standing = UNKNOWN

    def _pay(self, money: Decimal) -> None:
        if self._state.balance is not None:
            self._state.balance -= money
        self._change()

    def _sms_blocks(self, now: float, to: Destination, parts: int) -> Iterator[Block]:
        if self._roaming and not self._limits.roaming:
            yield ABROAD
        price = self._sms_hold(parts, to, now).price * parts
        for account in (self, *self._shared):
            yield from account.sms_bounds(now, parts, price)

    def _sms_hold(self, parts: int, to: Destination, now: float) -> SmsHold:
        """What a message takes: of one bucket that has enough left for all of it, else money."""
        place = self._rules.tariff.place(to)
        if fill := sms_fill(place.buckets, self._look(now).fills, parts):
            return SmsHold(parts, _NOTHING, fill.bucket.name)
        return SmsHold(parts, place.sms)


def _reservation(hold: Hold) -> Reservation:
    return Reservation(inf if hold.seconds >= LONGEST_S else hold.seconds)


def _billed(hold: Hold, result: CallResult, now: float) -> int:
    """Seconds billed; where nobody knows how long it was, the most that it can have been."""
    if result.talk_s is not None:
        talked = result.talk_s > 0 or result.ending is Ending.ANSWERED
        return hold.terms.billed(result.talk_s) if talked else 0
    elapsed_s = now - hold.at
    if elapsed_s < 0:
        return hold.billed_s
    return min(hold.billed_s, hold.terms.billed(elapsed_s + CLOCK_SLACK_S))
