"""How an account stands: its limits, plan and rests against what it has used."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from math import inf
from zoneinfo import ZoneInfo

from config.limits import Limits, Plan
from edge.block import Block
from edge.limits import health
from edge.limits.buckets import Buckets, Fill
from edge.limits.health import Health
from edge.limits.meters import Level, Meters, Unit
from edge.limits.offers import Bound, Room
from edge.limits.state import Entry, Hold, State
from edge.limits.tariff import tariff_of
from edge.limits.waiting import Waiting
from mqtt.vocabulary import Reason

ABROAD = Block(Reason.ROAMING, "The SIM is in a foreign network, and roaming is not allowed.")
_INCOMING = Block(Reason.RESERVED_FOR_INCOMING, "The line is kept free for incoming calls.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands from `since` to before `until`, if nothing changes."""

    since: float
    until: float
    levels: tuple[Level, ...]
    fills: tuple[Fill, ...]
    room: Room
    blocks: tuple[Block, ...]
    is_broke: bool  # no money for any call, and no bucket for one
    calls: int = 0  # dialled today
    seconds: int = 0  # billed today
    answer_rate: float | None = None  # of the last calls, 0 to 1; None while they are few


UNKNOWN = Standing(inf, -inf, (), (), Room(None, None, inf, 0.0), (), is_broke=False)


class Rules:
    """The rules of one account."""

    def __init__(
        self, limits: Limits, plan: Plan | None, zone: ZoneInfo, carrier: str | None
    ) -> None:
        zone = ZoneInfo(plan.timezone) if plan and plan.timezone else zone
        billing_day = limits.billing_day or (plan.billing_day if plan else 1)
        self._limits = limits
        self.tariff = tariff_of(plan, carrier)
        self.meters = Meters(limits, zone, billing_day)
        self.buckets = Buckets(plan, zone)
        self.health = Health(limits)
        self._need_s = self.tariff.billed(limits.min_call_s)
        self._cheapest = self.tariff.cheapest(limits.min_call_s)

    def forget(self) -> None:
        """The state is another one now."""
        self.meters.forget()
        self.buckets.forget()

    def see(self, state: State, now: float) -> float:
        """Find the spans in which is counted now; returns when they will be others."""
        return min(self.meters.see(state.counts, now), self.buckets.see(state.counts, now))

    def look(self, state: State, waiting: Waiting, now: float, *, roaming: bool) -> Standing:
        """How the account stands now; `waiting` are the messages that are to be sent."""
        until = self.see(state, now)
        held = _sum(state.holds.values(), waiting)
        levels = tuple(self.meters.levels(state.counts, held))
        fills = tuple(self.buckets.fills(state.counts, state.holds, waiting.drawn))
        ends = (hold.at + hold.seconds for hold in state.holds.values())
        soonest = min((end for end in ends if end > now), default=inf)
        room = self._room(state, levels, held.money, soonest)
        is_broke = self._is_broke(state, room, fills)
        blocks = [*self._rests(state, now, roaming=roaming), *self._full(levels, room, soonest)]
        if is_broke and room.money:
            blocks.append(room.money.block())
        changes = (block.until for block in blocks if block.until is not None)
        until = min((at for at in (until, *changes) if at > now), default=inf)
        today = self.meters.today(state.counts)
        return Standing(
            now,
            until,
            levels,
            fills,
            room,
            tuple(blocks),
            is_broke,
            today.calls,
            today.seconds,
            health.answer_rate(state.health),
        )

    def count_call(self, state: State, hold: Hold, billed_s: int, money: Decimal) -> str | None:
        """Count an ended call; returns the first bucket that it drew."""
        self.meters.count_call(state.counts, hold.at, billed_s, money)
        return self.buckets.count_call(state.counts, hold, billed_s)

    def _room(self, state: State, levels: Iterable[Level], held: Decimal, soonest: float) -> Room:
        limits, balance = self._limits, self._balance(state, held, soonest)
        minutes = _tightest(levels, Unit.MINUTES, soonest)
        spend = _tightest(levels, Unit.SPEND, soonest)
        purses = [purse for purse in (spend, balance) if purse]
        money = min(purses, key=lambda purse: purse.left, default=None)
        return Room(minutes, money, limits.max_call_s or inf, limits.min_call_s)

    def _balance(self, state: State, held: Decimal, soonest: float) -> Bound | None:
        """The known balance, less what stays on the SIM and what is under way may take."""
        if state.balance is None:
            return None
        floor = self._limits.min_balance or Decimal(0)
        left = state.balance - floor
        if held and left >= self._cheapest:
            return Bound(left - held, partial(_kept, state.balance, soonest))
        return Bound(left - held, partial(_no_credit, state.balance, floor))

    def _is_broke(self, state: State, room: Room, fills: Iterable[Fill]) -> bool:
        """Whether money is too short for any call; where prices are not known, only min_balance."""
        if room.money is None or any(fill.left_s >= self._need_s for fill in fills):
            return False
        if self.tariff.has_prices:
            return room.money.left < self._cheapest
        least = self._limits.min_balance
        return least is not None and state.balance is not None and state.balance < least

    def _rests(self, state: State, now: float, *, roaming: bool) -> Iterator[Block]:
        limits = self._limits
        if limits.reserve_for_incoming:
            yield _INCOMING
        if roaming and not limits.roaming:
            yield ABROAD
        if rest := self.health.block(state.health, now):
            yield rest
        if state.last_end is not None and limits.min_gap_s:
            state.last_end = min(state.last_end, now)  # the clock went back
            if now < (until := state.last_end + limits.min_gap_s):
                message = f"Between two calls {limits.min_gap_s} s must pass."
                yield Block(Reason.RESTING, message, until)

    def _full(self, levels: Iterable[Level], room: Room, soonest: float) -> Iterator[Block]:
        for level in levels:
            if level.unit is Unit.CALLS and level.left < 1:
                yield level.block(soonest)
        if room.seconds and room.seconds.left < self._need_s:
            yield room.seconds.block()


def _tightest(levels: Iterable[Level], unit: Unit, soonest: float) -> Bound | None:
    """The limit of a unit that leaves least."""
    found = min((one for one in levels if one.unit is unit), key=_left, default=None)
    return Bound(found.left, partial(found.block, soonest)) if found else None


def _no_credit(balance: Decimal, floor: Decimal) -> Block:
    stays = f" as {floor} stays on the SIM" if floor else ""
    return Block(Reason.NO_CREDIT, f"The balance is {balance}, too little for this{stays}.")


def _kept(balance: Decimal, soonest: float) -> Block:
    message = f"The balance of {balance} is kept for calls and messages under way."
    return Block(Reason.LINE_BUSY, message, soonest if soonest < inf else None)


def _left(level: Level) -> Decimal | int:
    return level.left


def _sum(holds: Iterable[Hold], waiting: Waiting) -> Entry:
    """The most that calls under way and messages that wait may take together."""
    total = Entry(0.0, 0.0, sms=waiting.parts, money=waiting.money)
    for hold in holds:
        total.calls += 1
        total.seconds += hold.billed_s
        total.money += hold.money
    return total
