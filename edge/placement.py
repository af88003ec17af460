"""Where a call may go: what rules say of its callee, which line takes it, what it may use there.

Before the dial the worst case is reserved on the SIM's account and the attempt is counted; at the
end of the call both are settled, in the commit of its CDR.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, isinf

from config.models import Dispatcher
from edge import clock
from edge.block import Block
from edge.calls import Call
from edge.candidates import Candidate, Wanted
from edge.destination import Destination
from edge.dispatcher import Chosen, Refusal, Wait, choose, explain
from edge.guards.attempts import Attempts
from edge.guards.guards import Guards
from edge.limits.account import Account, CallResult, Charge, Ending
from edge.lines import Line
from edge.money.entry import Change
from edge.outbox import Message
from edge.outcome import Outcome, refuse
from edge.store import Op, Store
from edge.usage import Usage, rows
from mqtt.messages import Choice, Dial, LineChoice, Why
from mqtt.vocabulary import Cause, Direction, Purpose, Result

SEEN_MAX = 10_000  # callees whose line is remembered
_CAMPAIGNS = frozenset({Purpose.CAMPAIGN, Purpose.BROADCAST})
_NEVER_RANG = frozenset({Cause.UNREACHABLE, Cause.NO_ANSWER})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a call took, None where nobody counts, and what must be written and told of it."""

    charge: Charge | None = None
    facts: tuple[Op, ...] = ()
    messages: tuple[Message, ...] = ()


class Placement:
    """Asks rules and lines about calls. `candidates` gives the lines as they are now.

    Of a line's name it gives that one alone.
    """

    def __init__(
        self,
        settings: Dispatcher,
        classify: Callable[[str], Destination],
        guards: Guards,
        attempts: Attempts,
        usage: Usage,
        charge: Callable[[Call, Charge], Change],
        candidates: Callable[[str | None], list[Candidate]],
    ) -> None:
        self._policies = settings.policies
        self._classify = classify
        self._guards = guards
        self._attempts = attempts
        self._usage = usage
        self._charge = charge
        self._candidates = candidates
        self._seen: dict[str, str] = {}

    async def load(self, store: Store) -> None:
        """Remember from the CDRs which line each callee saw last."""
        sql = "SELECT body FROM cdr ORDER BY ended_at DESC LIMIT ?"
        for (body,) in reversed(await store.read(sql, SEEN_MAX // 10)):
            cdr = json.loads(body)
            if cdr.get("alerting_at") or cdr.get("answered_at"):
                self._see(cdr["number"], cdr.get("line"))

    # --- before the call

    def wanted(self, number: str, command: Dial | Why) -> Wanted:
        """What a command asks of a line."""
        return Wanted(
            to=self._classify(number),
            line=command.line,
            purpose=command.purpose,
            seconds=command.max_duration_s if isinstance(command, Dial) else None,
            seen_from=self._seen.get(number),
        )

    def forbidden(self, wanted: Wanted, consent: str | None) -> Block | None:
        """Why the callee may not be called now, whatever line is free."""
        return self._guards.check(wanted.to, wanted.purpose, consent, clock.now())

    def candidates(self) -> list[Candidate]:
        """All lines as they are now."""
        return self._candidates(None)

    def choose(
        self, wanted: Wanted, candidates: list[Candidate] | None = None
    ) -> Chosen | Wait | Refusal:
        """The line that takes the call now, or when one may."""
        if (lines := candidates) is None:
            lines = self._candidates(None if wanted.is_emergency else wanted.line)
        return choose(wanted, lines, clock.now().timestamp(), self._policies)

    def why(self, wanted: Wanted, consent: str | None) -> Outcome:
        """Tell which line would take a call, and why the others would not."""
        block = self.forbidden(wanted, consent)
        now = clock.now().timestamp()
        lines = self.candidates()
        found = block or choose(wanted, lines, now, self._policies)
        currencies = {line.line: line.currency for line in lines}
        choice = Choice(
            number=wanted.to.number,
            kind=wanted.to.kind,
            country=wanted.to.country,
            carrier=wanted.to.carrier,
            line=found.line if isinstance(found, Chosen) else None,
            lines=[
                LineChoice(
                    line=row.line,
                    rank=row.rank,
                    reason=row.block.reason if row.block else None,
                    message=row.block.message if row.block else None,
                    until=_moment(row.block.until) if row.block else None,
                    seconds=None if row.seconds is None or isinf(row.seconds) else row.seconds,
                    cost=None if row.price is None else f"{row.price:.4f}",
                    currency=currencies[row.line],
                    switch_s=row.switch_s,
                )
                for row in explain(wanted, lines, now, self._policies)
            ],
        ).model_copy(update=_refusal(found, now))
        return Outcome(Result.DONE, data=choice)

    def ring_s(self, wanted: Wanted, wished: float) -> float:
        """Seconds to let it ring."""
        return self._guards.ring_s(wanted.to, wanted.purpose, wished)

    # --- the call on its line

    def reserve(self, call: Call, line: Line) -> tuple[Op, ...] | Block:
        """Set aside the most that the call can take; an emergency call is not counted."""
        call.line, call.sim = line.line, line.iccid
        call.carrier = line.carrier.name if line.carrier else None
        now = clock.now().timestamp()
        if call.is_emergency or not line.accounts:
            return self._count(call, now)
        kept = line.accounts[0].reserve(
            call.call_id, self._classify(call.number), call.max_duration_s, now
        )
        if isinstance(kept, Block):
            return kept
        if not isinf(kept.seconds):
            call.max_duration_s, call.warn_at_s = kept.seconds, kept.warn_at_s
        return self._count(call, now)

    def release(self, call: Call, line: Line) -> tuple[Op, ...]:
        """The call was not dialled after all; gives what to write if its intent is on disk."""
        if line.accounts:
            line.accounts[0].release(call.call_id)
        if call.attempt_at is None:
            return ()
        return (self._attempts.undo(call.number, call.attempt_at),)

    def settle(self, call: Call, cause: Cause, raw: str | None, line: Line | None) -> Settlement:
        """Count what the call took and how it went; `raw` is what the modem said of its end."""
        if call.direction is Direction.INCOMING or call.dialed_at is None:
            return Settlement()
        if line and line.reserved is call:  # it was never dialled
            return Settlement(None, self.release(call, line))
        rang = call.alerting_at is not None or call.answered_at is not None
        if rang:
            self._see(call.number, call.line)
        facts: tuple[Op, ...] = ()
        if call.attempt_at is not None:
            facts = (self._attempts.end(call.number, call.attempt_at, cause, rang=rang),)
        accounts = line.accounts if line else self._recovered(call)
        if not accounts or call.is_emergency:
            return Settlement(None, facts)
        now = clock.now().timestamp()
        result = CallResult(_ending(call, cause, raw, rang=rang), call.talk_s)
        charge = accounts[0].settle(call.call_id, result, now)
        told = self._charge(call, charge)
        return Settlement(charge, (*facts, *rows(accounts), *told.facts), told.messages)

    def _recovered(self, call: Call) -> tuple[Account, ...]:
        """The accounts of a call that an earlier boot began, with what it had reserved there."""
        if call.line is None or call.dialed_at is None:
            return ()
        accounts = (
            self._usage.of_sim(call.sim, call.line, call.carrier)
            if call.sim
            else self._usage.of_fxo(call.line)
        )
        accounts[0].renew(
            call.call_id,
            self._classify(call.number),
            inf if call.max_duration_s is None else call.max_duration_s,
            call.dialed_at.timestamp(),
            clock.now().timestamp(),
        )
        return accounts

    def _count(self, call: Call, now: float) -> tuple[Op, ...]:
        if call.purpose not in _CAMPAIGNS:
            return ()
        call.attempt_at = now
        return (self._attempts.begin(call.number, now),)

    def _see(self, number: str, line: str | None) -> None:
        self._seen.pop(number, None)
        if line:
            self._seen[number] = line
        if len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]


def refuse_block(block: Block) -> Outcome:
    """Refuse for a reason that may mend with time."""
    return refuse(block.reason, block.message, retry_after(block.until))


def retry_after(until: float | None) -> float | None:
    """Seconds from now, never negative."""
    return None if until is None else round(max(0.0, until - clock.now().timestamp()), 1)


def _refusal(found: Block | Chosen | Wait | Refusal, now: float) -> dict[str, object]:
    """Why no line takes it now."""
    if isinstance(found, Chosen):
        return {}
    block = found.block if isinstance(found, Wait) else found
    until = found.until if isinstance(found, Block | Wait) else None
    return {
        "reason": block.reason,
        "message": block.message,
        "retry_after_s": None if until is None else max(0.0, until - now),
    }


def _ending(call: Call, cause: Cause, raw: str | None, *, rang: bool) -> Ending:
    """How the call went, as far as the health of its SIM goes."""
    if call.answered_at:
        return Ending.ANSWERED
    if cause in {Cause.CANCELLED, Cause.LOST}:
        return Ending.CANCELLED
    if cause in {Cause.BUSY, Cause.REJECTED}:
        return Ending.BUSY
    if cause in _NEVER_RANG:
        return Ending.NO_ANSWER if rang else Ending.NO_ALERT
    return Ending.NO_CARRIER if raw == "NO CARRIER" else Ending.FAILED


def _moment(epoch: float | None) -> datetime | None:
    return None if epoch is None or isinf(epoch) else datetime.fromtimestamp(epoch, UTC)
