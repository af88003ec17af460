"""Random lives of a gateway with a carrier that charges for each use of a code."""

import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from pydantic import SecretStr

from config.money import Budget, TopUpRule
from edge.money.judge import Words, judge_balance, judge_reply
from edge.money.rules import Case, Due, Rules
from edge.money.saga import Event, State, TopUp, may
from edge.money.topups import Wish
from edge.money.vouchers import VoucherState
from mqtt.vocabulary import MoneyKind
from tests.edge.money.till import CARRIER, NOW, TEN, Till, open_till

T = TypeVar("T")
SIMS = ("8923430000000000017", "8923430000000000025", "8923430000000000033")
ZONE = ZoneInfo("Africa/Lagos")
PER_DAY, IN_ALL = Decimal(20), Decimal(30)
RULES = Rules(
    [TopUpRule(amount=TEN, below=Decimal(2), per_day=PER_DAY, per_month=Decimal(200))],
    [Budget(currency="NGN", per_day=IN_ALL, per_month=Decimal(1000))],
    max_refused=3,
    zone=ZONE,
)
WORDS = Words(["successful"], ["invalid", "already used", "failed"])
SAYS = ("recharge successful", "invalid code", "your PIN was already used", "try again later", "")
CREDITS = {"recharge successful": True, "invalid code": False, "your PIN was already used": False}
CODES = st.lists(st.integers(10**9, 10**9 + 200), min_size=1, max_size=8)
CRASHES = st.sampled_from(
    ["", "", "", "", "", "", "reserving", "reserved", "sending", "sent", "heard"]
)


@dataclass
class Carrier:
    """The truth: what each code was used for, and when it left."""

    uses: Counter[str]
    balance: dict[str, Decimal]
    credited: dict[str, list[tuple[str, str, Decimal]]]  # by day: SIM, code, amount

    def redeem(self, sim: str, code: str, amount: Decimal, day: str, *, credits_it: bool) -> None:
        self.uses[code] += 1
        if credits_it:
            self.balance[sim] += amount
            self.credited[day].append((sim, code, amount))


class MoneyMachine(RuleBasedStateMachine):
    """Each rule is a thing that happens; a crash may come between any two steps on disk."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.till: Till = self.run(open_till(self.folder / "trunkline.db"))
        self.now = NOW
        self.carrier = Carrier(Counter(), defaultdict(Decimal), defaultdict(list))
        self.brought = {f"7700000{n:02}" for n in range(12)}
        self.run(self.till.bring(*(f"{code},10" for code in sorted(self.brought))))
        self.truth: dict[str, bool] = {}  # by top-up: whether the money arrived

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if hasattr(self, "till"):
            self.run(self.till.store.close())
            self.loop.close()
            shutil.rmtree(self.folder)

    @rule(codes=CODES, amount=st.sampled_from(["5", "10", "15"]))
    def vouchers_come(self, codes: list[int], amount: str) -> None:
        new = {f"{code}" for code in codes} - self.brought
        imported = self.run(self.till.bring(*dict.fromkeys(f"{c},{amount}" for c in codes)))
        assert len(imported.added) == len(new)
        self.brought |= new

    @rule(
        sim=st.sampled_from(SIMS),
        says=st.sampled_from(SAYS),
        takes=st.booleans(),
        at=CRASHES,
        hours=st.sampled_from([0.0, 0.5, 6.0, 20.0]),
    )
    def a_topup(self, sim: str, says: str, takes: bool, at: str, hours: float) -> None:  # noqa: FBT001
        """The carrier takes the money as its words say, or as it likes where they say nothing."""
        self.now += hours * 3600
        due = RULES.permit(case(sim), self.till.ledger.book, self.now)
        voucher = self.till.pick(due.most) if isinstance(due, Due) else None
        if not isinstance(due, Due) or voucher is None:
            return
        topup, change = self.till.topups.reserve(wish_of(sim, due), voucher, self.now)
        if at == "reserving":
            self.crash()
            return
        self.run(self.till.write(change))
        if at == "reserved":
            self.crash()
            return
        self.truth[topup.topup_id] = False
        work = self.cut_short if at == "sending" else self.till.topups.send
        code = self.run(work(topup.topup_id, self.now))
        if code is None or at == "sent":
            self.crash()
            return
        self.arrive(topup, code.get_secret_value(), takes=CREDITS.get(says, takes))
        if at in {"sending", "heard"}:
            self.crash()
            return
        self.end(topup, judge_reply([says], WORDS), says)

    async def cut_short(self, topup_id: str, now: float) -> SecretStr | None:
        """Let the sending come as far as it does without the disk; gives what it let out."""
        sending = self.till.topups.send(topup_id, now)
        try:
            sending.send(None)
        except StopIteration as left:
            return cast("SecretStr", left.value)
        finally:
            sending.close()
            self.till.store._waiting.clear()
        return None

    def arrive(self, topup: TopUp, code: str, *, takes: bool) -> None:
        day = datetime.fromtimestamp(topup.committed_at or 0, ZONE).date()
        assert topup.amount is not None
        self.carrier.redeem(topup.sim, code, topup.amount, f"{day}", credits_it=takes)
        self.truth[topup.topup_id] = takes

    @rule(sims=st.lists(st.sampled_from(SIMS), min_size=1, max_size=4))
    def a_busy_hour(self, sims: list[str]) -> None:
        for sim in sims:
            self.a_topup(sim, SAYS[0], takes=True, at="", hours=0.0)

    @rule(sim=st.sampled_from(SIMS), says=st.sampled_from(SAYS))
    def a_late_reply(self, sim: str, says: str) -> None:
        """It says what the carrier did."""
        topup = self.till.topups.open_on(sim)
        if topup and CREDITS.get(says) in (None, self.truth[topup.topup_id]):
            event = judge_reply([says], WORDS)
            if may(topup, event):
                self.end(topup, event, says)

    @rule(sim=st.sampled_from(SIMS))
    def a_balance_is_seen(self, sim: str) -> None:
        seen = self.carrier.balance[sim]
        _, change = self.till.ledger.append(
            MoneyKind.BALANCE, self.now, sim=sim, amount=seen, currency="NGN"
        )
        self.run(self.till.write(change))
        topup = self.till.topups.open_on(sim)
        event = judge_balance(topup, seen, self.now) if topup else None
        if topup and event:
            assert (event is Event.CREDITED) == self.truth[topup.topup_id]
            self.end(topup, event)

    @rule(sim=st.sampled_from(SIMS))
    def a_person_decides(self, sim: str) -> None:
        self.run(self.till.write(self.till.topups.unlock(sim, None, self.now, None)))
        if topup := self.till.topups.open_on(sim):
            paid = self.truth[topup.topup_id]
            self.end(topup, Event.JUDGED_PAID if paid else Event.JUDGED_LOST)

    @rule()
    def crash(self) -> None:
        """Everything that was not on disk is gone."""
        self.run(self.till.crash())
        self.run(self.till.write(self.till.topups.recover(self.now)))

    def end(self, topup: TopUp, event: Event, says: str = "") -> None:
        self.run(self.till.write(self.till.topups.end(topup.topup_id, event, self.now, text=says)))

    @invariant()
    def no_code_is_used_twice(self) -> None:
        if hasattr(self, "till"):
            assert all(count == 1 for count in self.carrier.uses.values())

    @invariant()
    def no_voucher_is_lost(self) -> None:
        if hasattr(self, "till"):
            vouchers = self.till.vouchers.all()
            assert len(vouchers) == len(self.brought)
            free = [v for v in vouchers if v.state is VoucherState.FREE]
            assert len(free) <= len(self.brought) - len(self.carrier.uses)

    @invariant()
    def nothing_stands_between(self) -> None:
        """What is under way between two events is unknown: all else was decided."""
        if hasattr(self, "till"):
            assert {t.state for t in self.till.ledger.book.all_open()} <= {State.UNKNOWN}

    @invariant()
    def no_budget_is_passed(self) -> None:
        if hasattr(self, "till"):
            for spent in self.carrier.credited.values():
                assert sum(amount for _, _, amount in spent) <= IN_ALL
                for sim in SIMS:
                    assert sum(a for one, _, a in spent if one == sim) <= PER_DAY

    @invariant()
    def the_ledger_adds_up(self) -> None:
        if hasattr(self, "till"):
            assert self.run(self.till.problems()) == []


def case(sim: str) -> Case:
    return Case(sim, "desk-1", CARRIER, None, "NGN", redeems=True, busy=False)


def wish_of(sim: str, due: Due) -> Wish:
    return Wish(sim, "desk-1", CARRIER, due.amount, due.currency, due.why)


MoneyMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_money_machine = MoneyMachine.TestCase
