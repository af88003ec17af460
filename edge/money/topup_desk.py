"""Top-ups begin here: by the owner's rules when a balance is told, or by command.

Reserved on disk first, with a voucher or without, then handed to the courier, once. Every step
is an entry of the ledger, on disk before anything depends on it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.money import TopUpMethod
from edge import clock
from edge.block import Block
from edge.lanes import Spawn
from edge.lines import Line
from edge.money.courier import Courier, Errand, Verdict
from edge.money.funds import Fund
from edge.money.means import Means
from edge.money.requests import recharge_request
from edge.money.rules import Case, Due
from edge.money.saga import Event, SagaError, State, TopUp
from edge.money.topup_watch import Alarm, TopUpWatch
from edge.money.topups import Wish
from edge.money.vouchers import Voucher
from edge.outcome import Outcome, refuse
from edge.store import StoreError
from mqtt.messages import TopUp as TopUpCommand
from mqtt.vocabulary import Reason, Result, TopUpAction

log = logging.getLogger(__name__)

DAY_S = 86_400.0
_OPEN_ENDED = frozenset({Event.NO_REPLY, Event.UNCLEAR, Event.CARRIER_TIMED_OUT})
_QUIET = frozenset({Reason.RESTING, Reason.WRONG_STATE, Reason.LINE_BUSY, Reason.LOCKED_OUT})


@dataclass(frozen=True, slots=True)
class _Plan:
    """A top-up that may begin: with a voucher, from a line that gives, or asked of a person."""

    due: Due
    voucher: Voucher | None = None
    giver: Line | None = None


class TopUpDesk:
    """`lines` gives the lines there are; `alarm` raises (a message) or clears (None)."""

    def __init__(
        self,
        means: Means,
        watch: TopUpWatch,
        courier: Courier,
        lines: Callable[[], dict[str, Line]],
        alarm: Alarm,
        spawn: Spawn,
    ) -> None:
        self._means = means
        self._book = means.ledger.book
        self._watch = watch
        self._courier = courier
        self._lines = lines
        self._alarm = alarm
        self._spawn = spawn
        self._again: dict[str, asyncio.TimerHandle] = {}

    # --- by rule

    def on_balance(self, line: Line, fund: Fund) -> None:
        """A balance was told: it may end a top-up, or call for one."""
        self._watch.on_balance(line, fund)
        self.consider(line)

    def consider_all(self) -> None:
        """Vouchers came in: lines may have waited for them."""
        for line in tuple(self._lines().values()):
            self.consider(line)

    def consider(self, line: Line) -> None:
        """Begin a top-up if the rules want one; tell what stands in its way."""
        if timer := self._again.pop(line.line, None):
            timer.cancel()
        case = _case(line)
        if case is None or not line.is_up:
            return
        found = self._means.rules.due(case, self._book, _now())
        plan = self._plan(line, case, found) if isinstance(found, Due) else found
        self._tell_block(line, plan if isinstance(plan, Block) else None)
        if isinstance(plan, _Plan):
            self._send(self._begin(line, case, plan), line, plan)

    # --- by command

    def handle(self, command: TopUpCommand) -> Outcome:
        """Begin a top-up, or take a person's decision about one."""
        if block := self._ledger_block():
            return _refusal(block)
        if command.action in {TopUpAction.CONFIRM, TopUpAction.REJECT}:
            topup = self._book.topups.get(command.topup_id or "")
            if topup is None:
                message = f"There is no top-up {command.topup_id}."
                return refuse(Reason.UNKNOWN_TOPUP, message)
            return self._decide(topup, confirm=command.action is TopUpAction.CONFIRM)
        line = self._lines().get(command.line or "")
        if line is None:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {command.line}.")
        if command.action is TopUpAction.UNLOCK:
            return self._unlock(line, command.id)
        return self._start(line, command.id)

    def _start(self, line: Line, cmd_id: str) -> Outcome:
        case = _case(line, busy=bool(line.calls or line.reserved))
        if case is None:
            return refuse(Reason.NO_PROFILE, "No carrier profile is known for this line's SIM.")
        if not line.is_up:
            return refuse(Reason.LINE_NOT_READY, "The line is not ready; try again later.", 10)
        found = self._means.rules.permit(case, self._book, _now())
        plan = self._plan(line, case, found) if isinstance(found, Due) else found
        if isinstance(plan, Block):
            return _refusal(plan)
        return self._accepted(self._begin(line, case, plan, cmd_id), line, plan)

    def _accepted(self, topup: TopUp, line: Line, plan: _Plan) -> Outcome:
        """What it takes is taken already: the next command finds it gone."""
        return Outcome(
            Result.ACCEPTED,
            topup_id=topup.topup_id,
            act=lambda: self._send(topup, line, plan),
            undo=lambda: self._watch.step(topup, Event.DECLINED, message="the disk failed"),
        )

    def _unlock(self, line: Line, cmd_id: str) -> Outcome:
        if line.iccid is None:
            return refuse(Reason.UNKNOWN_LINE, "The line has no SIM.")
        sim = line.iccid

        def act() -> None:
            self._means.ledger.write(self._means.topups.unlock(sim, line.line, _now(), cmd_id))
            self._watch.unlocked(line)
            self.consider(line)

        return Outcome(Result.DONE, act=act)

    def _decide(self, topup: TopUp, *, confirm: bool) -> Outcome:
        event = _DECISIONS.get((topup.state, confirm))
        if event is None:
            message = f"{topup.topup_id} is {topup.state}: there is nothing to decide."
            return refuse(Reason.WRONG_STATE, message)
        if event is Event.PAID_BY_HAND and (outcome := self._approve(topup)):
            return outcome

        def act() -> None:
            try:
                self._watch.step(topup, event)
            except SagaError as error:  # the carrier was faster
                log.info("%s", error)

        return Outcome(Result.DONE, topup_id=topup.topup_id, act=act)

    def _approve(self, topup: TopUp) -> Outcome | None:
        """A person said yes: a voucher that fits is used; None where there is none to use."""
        line = next((one for one in self._lines().values() if one.iccid == topup.sim), None)
        case = _case(line) if line else None
        if line is None or case is None or not case.redeems:
            return None
        found = self._means.rules.permit(case, self._book, _now(), approving=topup.topup_id)
        if isinstance(found, Block):
            return _refusal(found)
        voucher = self._pick(case, found)
        if voucher is None:
            return None
        self._means.ledger.write(self._means.topups.approve(topup.topup_id, voucher, _now()))
        approved = self._book.topups[topup.topup_id]
        self._watch.show(approved)
        return self._accepted(approved, line, _Plan(found, voucher))

    # --- inside

    def _ledger_block(self) -> Block | None:
        """Nothing begins or ends by a ledger that cannot be relied on."""
        problem = self._means.ledger.problem
        if problem is None:
            return None
        advice = "No top-ups until a person has looked: `trunkline ledger check`."
        return Block(Reason.STORAGE_FAILED, f"{problem} {advice}")

    def _plan(self, line: Line, case: Case, due: Due) -> _Plan | Block:
        if block := self._ledger_block():
            return block
        match due.rule.method:
            case TopUpMethod.ASK:
                return _Plan(due)
            case TopUpMethod.VOUCHER:
                if voucher := self._pick(case, due):
                    return _Plan(due, voucher)
                why = self._means.vouchers.problem or "No voucher fits: import some."
                return Block(Reason.NO_VOUCHER, why)
            case TopUpMethod.TRANSFER:
                return self._transfer(line, due)

    def _pick(self, case: Case, due: Due) -> Voucher | None:
        today = datetime.fromtimestamp(_now(), self._means.zone).date()
        return self._means.vouchers.pick(
            case.carrier or "", due.amount, due.currency, due.most, today
        )

    def _transfer(self, line: Line, due: Due) -> _Plan | Block:
        if line.number is None:
            return Block(Reason.NO_PROFILE, "The line's own number is not known: set sim.number.")
        donors = self._means.rules.donors(due.rule, self._book)
        up = {one.iccid: one for one in self._lines().values() if one.is_up and one is not line}
        giver = next((up[sim] for sim in donors if sim in up), None)
        if giver is None:
            return Block(Reason.NO_LINE, "No SIM that may give is there and has enough.")
        return _Plan(due, giver=giver)

    def _begin(self, line: Line, case: Case, plan: _Plan, cmd_id: str | None = None) -> TopUp:
        """Write its first entry: it counts against the budgets from now on."""
        wish = Wish(
            case.sim,
            line.line,
            case.carrier,
            plan.due.amount,
            plan.due.currency,
            plan.due.why,
            cmd_id,
            f"given by {plan.giver.line}" if plan.giver else None,
            plan.giver.iccid if plan.giver else None,
        )
        if plan.due.rule.method is TopUpMethod.ASK:
            topup, change = self._means.topups.ask(wish, _now())
        else:
            topup, change = self._means.topups.reserve(wish, plan.voucher, _now())
        self._means.ledger.write(change)
        self._watch.show(topup)
        return topup

    def _send(self, topup: TopUp, line: Line, plan: _Plan) -> None:
        if topup.state is State.RESERVED:
            self._spawn(self._carry(Errand(topup, line, plan.giver, plan.due.rule)))

    async def _carry(self, errand: Errand) -> None:
        try:
            verdict = await self._courier.carry(errand)
        except (SagaError, StoreError) as error:  # declined meanwhile, or the gateway stops
            log.warning("%s was not sent: %s", errand.topup.topup_id, error)
            return
        self._settle(errand, verdict)

    def _settle(self, errand: Errand, verdict: Verdict) -> None:
        event, text = verdict.event, verdict.text
        if verdict.late and self._watch.is_ambiguous(errand.topup):
            event = Event.UNCLEAR
        beside = self._watch.heard_meanwhile(errand.topup, errand.line)
        if beside and event in _OPEN_ENDED:
            event, text = beside
        try:
            self._watch.step(errand.topup, event, text=text, message=verdict.reason)
        except SagaError as error:  # a person declined it while it waited
            log.info("%s", error)

    def _tell_block(self, line: Line, block: Block | None) -> None:
        """Tell why a top-up that is due does not begin, and look again when time mends it."""
        loud = block is not None and block.reason not in _QUIET
        message = f"{line.line} needs a top-up: {block.message}" if block and loud else None
        self._alarm(f"topup-blocked-{line.line}", message, line.line)
        if block and block.until:
            delay_s = min(max(block.until - _now(), 0.0), DAY_S) + 1
            loop = asyncio.get_running_loop()
            self._again[line.line] = loop.call_later(delay_s, self.consider, line)


_DECISIONS = {
    (State.ASKED, True): Event.PAID_BY_HAND,
    (State.ASKED, False): Event.DECLINED,
    (State.RESERVED, False): Event.DECLINED,
    (State.UNKNOWN, True): Event.JUDGED_PAID,
    (State.UNKNOWN, False): Event.JUDGED_LOST,
}


def _case(line: Line, *, busy: bool = False) -> Case | None:
    """How the rules see a line; None for one without a SIM or a carrier.

    What begins by rule waits for a `busy` line; what is commanded does not.
    """
    if line.iccid is None or line.carrier is None:
        return None
    return Case(
        sim=line.iccid,
        line=line.line,
        carrier=line.carrier.name,
        plan=line.plan.name if line.plan else None,
        currency=line.carrier.currency,
        redeems=recharge_request(line.carrier.recharge, "") is not None,
        busy=busy,
    )


def _refusal(block: Block) -> Outcome:
    wait_s = max(0.0, block.until - _now()) if block.until else None
    return refuse(block.reason, block.message, wait_s)


def _now() -> float:
    return clock.now().timestamp()
