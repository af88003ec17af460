"""Whatever calls, restarts, lost calls and clocks do, no limit is passed and nothing stays kept."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from config.limits import Bucket, BucketPeriod, Limits, Plan, Rate
from edge.destination import Destination, NumberKind
from edge.limits.account import Account, CallResult, Ending, Reservation
from edge.limits.offers import CUT_S
from edge.limits.periods import Span, day_of, hour_of, month_of

AUSTRIA = Destination("+436641234567", NumberKind.MOBILE, "AT", "a1-at")
GERMANY = Destination("+4915112345678", NumberKind.MOBILE, "DE")
HOUR = 3600.0
DAY = 24 * HOUR
BACK_S = 30 * HOUR  # how far behind the latest time a clock may fall

ZONES = (
    ("Europe/Vienna", "2026-03-28T20:00"),
    ("Europe/Vienna", "2026-10-24T20:00"),
    ("Australia/Lord_Howe", "2026-10-03T20:00"),
    ("Asia/Kathmandu", "2026-02-27T20:00"),
    ("Atlantic/Azores", "2026-10-24T20:00"),
)
SIMS = ("sim:0", "sim:1")


@dataclass
class Ended:
    """A call as the carrier has it."""

    account: str
    dialled: float
    ended: float
    billed_s: int
    money: Decimal


@dataclass
class Live:
    account: str
    dialled: float
    to: Destination
    kept: Reservation


class Counted:
    """Calls by the span of a moment of theirs."""

    def __init__(self, span_of: Callable[[float], Span]) -> None:
        self.span_of = span_of
        self.calls: dict[Span, list[Ended]] = {}

    def add(self, moment: float, call: Ended) -> None:
        self.calls.setdefault(self.span_of(moment), []).append(call)

    def check(self, limits: Limits, name: str, *, calls: bool) -> None:
        most = {
            unit: getattr(limits, f"max_{unit}_{name}") for unit in ("calls", "minutes", "spend")
        }
        for inside in self.calls.values():
            assert (
                most["minutes"] is None or sum(c.billed_s for c in inside) <= most["minutes"] * 60
            )
            assert most["spend"] is None or sum(c.money for c in inside) <= most["spend"]
            assert not calls or most["calls"] is None or len(inside) <= most["calls"]


class Carrier(RuleBasedStateMachine):
    """Two SIMs that share a carrier's account; `ended` is what the carrier has on record."""

    zone: ZoneInfo
    plan: Plan
    limits: Limits
    shared: Limits
    accounts: dict[str, Account]

    @initialize(
        zone=st.sampled_from(ZONES),
        steps=st.sampled_from([(1, 1), (60, 60), (60, 1), (6, 6)]),
        minutes=st.integers(2, 40),
        spend=st.integers(1, 6),
        billing_day=st.sampled_from([1, 28, 31]),
    )
    def begin(
        self,
        zone: tuple[str, str],
        steps: tuple[int, int],
        minutes: int,
        spend: int,
        billing_day: int,
    ) -> None:
        self.zone = ZoneInfo(zone[0])
        self.now = datetime.fromisoformat(zone[1]).replace(tzinfo=self.zone).timestamp()
        self.latest = self.now
        self.plan = Plan(
            name="office",
            currency="EUR",
            first_s=steps[0],
            next_s=steps[1],
            billing_day=billing_day,
            rates=(Rate(setup=Decimal("0.05"), per_minute=Decimal("0.10")),),
            buckets=(
                Bucket(
                    name="austria",
                    minutes=Decimal(15),
                    countries=("AT",),
                    period=BucketPeriod.DAY,
                    rollover_max=Decimal(10),
                ),
            ),
        )
        self.limits = Limits(
            max_minutes_day=Decimal(minutes), max_calls_day=8, max_spend_month=Decimal(spend)
        )
        self.shared = Limits(
            max_minutes_hour=Decimal(minutes), max_calls_day=12, max_spend_day=Decimal(spend)
        )
        self.money = dict.fromkeys(SIMS, Decimal(4))
        self.live: dict[str, Live] = {}
        self.ended: list[Ended] = []
        self.number = 0
        self.jumped = False
        self.dialled_behind = False
        self.make({})
        for sim in SIMS:
            self.accounts[sim].see_balance(Decimal(4), self.now)

    def make(self, states: dict[str, str]) -> None:
        """Start the gateway."""
        self.accounts = {
            sim: Account(sim, self.limits, self.plan, self.zone, "a1-at") for sim in SIMS
        }
        carrier = self.accounts["carrier"] = Account("carrier", self.shared, None, self.zone)
        for sim in SIMS:
            self.accounts[sim].share(carrier)
        for key, state in states.items():
            self.accounts[key].load(json.loads(state))

    @rule(seconds=st.one_of(st.floats(0, 900), st.floats(0, DAY)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.latest = max(self.latest, self.now)

    @rule(seconds=st.floats(-DAY, DAY))
    def clock_jumps(self, seconds: float) -> None:
        self.jumped = True
        self.now = max(self.now + seconds, self.latest - BACK_S)
        self.latest = max(self.latest, self.now)

    @rule()
    def restart(self) -> None:
        self.make({key: json.dumps(one.dump()) for key, one in self.accounts.items()})

    @rule(
        sim=st.sampled_from(SIMS),
        to=st.sampled_from([AUSTRIA, GERMANY]),
        want_s=st.sampled_from([None, 90.0, 300.0]),
    )
    def dial(self, sim: str, to: Destination, want_s: float | None) -> None:
        self.number += 1
        call_id = f"c{self.number}"
        offered = self.accounts[sim].offer(to, self.now)
        kept = self.accounts[sim].reserve(call_id, to, want_s, self.now)
        if isinstance(kept, Reservation):
            assert kept.seconds <= offered.seconds
            assert kept.seconds >= self.limits.min_call_s - CUT_S
            self.live[call_id] = Live(sim, self.now, to, kept)
            self.dialled_behind |= self.now < self.latest

    @precondition(lambda self: self.live)
    @rule(share=st.floats(0, 1), ring_s=st.floats(0, 60), lost=st.booleans())
    def hang_up(self, *, share: float, ring_s: float, lost: bool) -> None:
        """After any talk up to the cut, which may take CUT_S."""
        call_id, live = self.live.popitem()
        talk_s = share * (live.kept.seconds + CUT_S)
        terms = self.accounts[live.account]._state.holds[call_id].terms
        self.now += ring_s + talk_s
        self.latest = max(self.latest, self.now)
        result = CallResult(Ending.ANSWERED, None if lost else talk_s)
        charge = self.accounts[live.account].settle(call_id, result, self.now)
        assert lost or charge.billed_s == terms.billed(talk_s)
        assert charge.billed_s >= terms.billed(talk_s)
        ended = Ended(live.account, live.dialled, self.now, charge.billed_s, charge.money)
        self.ended.append(ended)
        self.money[live.account] -= charge.money

    @precondition(lambda self: self.live)
    @rule(ending=st.sampled_from([Ending.NO_ANSWER, Ending.BUSY, Ending.FAILED, None]))
    def give_up(self, ending: Ending | None) -> None:
        call_id, live = self.live.popitem()
        account = self.accounts[live.account]
        if ending is None:
            account.release(call_id)
            return
        assert account.settle(call_id, CallResult(ending), self.now).money == 0
        self.ended.append(Ended(live.account, live.dialled, self.now, 0, Decimal(0)))

    @invariant()
    def no_limit_is_passed(self) -> None:
        """Whether calls belong to when they were dialled, as we say, or to when they ended."""
        for key, limits in (*((sim, self.limits) for sim in SIMS), ("carrier", self.shared)):
            calls = [call for call in self.ended if key in {call.account, "carrier"}]
            for name, span_of in self.periods(key):
                dialled, ended = Counted(span_of), Counted(span_of)
                for call in calls:
                    dialled.add(call.dialled, call)
                    ended.add(call.ended, call)
                dialled.check(limits, name, calls=True)
                if not self.jumped:
                    ended.check(limits, name, calls=False)

    @invariant()
    def no_balance_is_passed(self) -> None:
        assert all(money >= 0 for money in self.money.values())

    @invariant()
    def no_more_is_kept_than_for_live_calls(self) -> None:
        for sim in SIMS:
            live = {call_id for call_id, one in self.live.items() if one.account == sim}
            assert set(self.accounts[sim].in_flight()) == live
        assert set(self.accounts["carrier"].in_flight()) == set(self.live)

    @invariant()
    def the_status_shows_no_limit_passed(self) -> None:
        """But a call that was dialled while the clock was behind counts again where it catches up.

        There others may have used all that there is. As dialled, no limit is passed even then.
        """
        for account in self.accounts.values():
            for use in account.use(self.now):
                assert use.used >= 0
                assert use.used <= use.most or self.now < self.latest or self.dialled_behind

    @precondition(lambda self: not self.live and not self.jumped)
    @invariant()
    def all_that_was_kept_is_given_back(self) -> None:
        today = day_of(self.now, self.zone)
        for sim in SIMS:
            use = {one.limit: one.used for one in self.accounts[sim].use(self.now)}
            calls = [call for call in self.ended if call.account == sim]
            assert use["max_calls_day"] == sum(today.holds(call.dialled) for call in calls)
            assert round(use["max_minutes_day"] * 60) == sum(
                call.billed_s
                for call in calls
                if today.holds(call.dialled) or today.holds(call.ended)
            )

    def periods(self, key: str) -> Iterator[tuple[str, Callable[[float], Span]]]:
        yield "hour", lambda at: hour_of(at, self.zone)
        yield "day", lambda at: day_of(at, self.zone)
        billing_day = self.plan.billing_day if key in SIMS else 1
        yield "month", lambda at: month_of(at, self.zone, billing_day)


TestCarrier = Carrier.TestCase
TestCarrier.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
