"""One call of the gateway: what is known of it, which state may follow which, and its records.

    outgoing: queued -> dialing -> alerting -> answered <-> held -> ended
    incoming: alerting (or waiting, behind another call) -> answered <-> held -> ended

A state may be skipped, never repeated or taken back; every state may end.
"""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from time import time_ns
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from mqtt.messages import Agent, Broadcast, LiveCall
from mqtt.vocabulary import (
    AnswerEvidence,
    CallState,
    Cause,
    Direction,
    HangupBy,
    Purpose,
)

_NEXT: dict[CallState, frozenset[CallState]] = {
    CallState.QUEUED: frozenset({CallState.DIALING, CallState.ENDED}),
    CallState.DIALING: frozenset({CallState.ALERTING, CallState.ANSWERED, CallState.ENDED}),
    CallState.ALERTING: frozenset({CallState.ANSWERED, CallState.ENDED}),
    CallState.WAITING: frozenset({CallState.ALERTING, CallState.ANSWERED, CallState.ENDED}),
    CallState.ANSWERED: frozenset({CallState.HELD, CallState.ENDED}),
    CallState.HELD: frozenset({CallState.ANSWERED, CallState.ENDED}),
    CallState.ENDED: frozenset(),
}

_STAMPS = {
    CallState.QUEUED: "queued_at",
    CallState.DIALING: "dialed_at",
    CallState.ALERTING: "alerting_at",
    CallState.ANSWERED: "answered_at",
    CallState.ENDED: "ended_at",
}


def new_call_id() -> str:
    """A name for a call that no other call ever had; names in order of time spare the disk."""
    return f"c-{time_ns():016x}{token_hex(8)}"


@dataclass(slots=True, kw_only=True)
class Call:
    """A call, as it is kept on disk while it lives."""

    call_id: str
    direction: Direction
    number: str
    state: CallState
    since: datetime
    call_seq: int = 0
    cmd_id: str | None = None
    line: str | None = None
    sim: str | None = None
    carrier: str | None = None
    purpose: Purpose | None = None
    consent: str | None = None
    attempt_at: float | None = None  # under which the book of attempts has it
    tag: str | None = None
    ring_timeout_s: float = 60
    max_duration_s: float | None = None
    warn_at_s: float | None = None  # seconds of talk after which the end is announced
    is_emergency: bool = False
    expires_at: datetime | None = None
    queued_at: datetime | None = None
    dialed_at: datetime | None = None
    alerting_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    answer_evidence: AnswerEvidence = AnswerEvidence.UNKNOWN
    forced_cause: Cause | None = None  # why we ended it ourselves, where a time-out did
    bridge: Agent | None = None  # who is to speak with the callee
    broadcast: Broadcast | None = None  # what the callee is to hear
    record: bool | None = None
    agent: str | None = None  # the extension that speaks, or spoke last
    agent_at: datetime | None = None  # when one first did
    closing: Annotated[bool, Field(exclude=True)] = False  # over, its last word is being written

    def encode(self) -> bytes:
        """Write it for the disk, without what is as always."""
        return _CALL.dump_json(self, exclude_defaults=True)

    @staticmethod
    def decode(body: bytes) -> "Call":
        """Read what `encode` wrote; raises pydantic.ValidationError."""
        return _CALL.validate_json(body)

    def may_enter(self, state: CallState) -> bool:
        """Whether `state` is news: late reports of a state that is over are not."""
        return state in _NEXT[self.state]

    def enter(self, state: CallState, at: datetime) -> CallState | None:
        """Go to `state`; gives the state before, None for a call that has just begun."""
        before = self.state if self.call_seq else None
        if before is not None and not self.may_enter(state):
            raise ValueError(f"a call cannot go from {before} to {state}")
        self.state, self.since = state, at
        self.call_seq += 1
        stamp = _STAMPS.get(state)
        if stamp and getattr(self, stamp) is None:
            setattr(self, stamp, at)
        return before

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.closing or self.state is CallState.ENDED

    @property
    def talk_s(self) -> float:
        """Seconds from the answer to the end."""
        return _seconds(self.answered_at, self.ended_at)

    @property
    def ring_s(self) -> float:
        """Seconds from the first sign of ringing, or the dial, to the answer or the end."""
        return _seconds(self.alerting_at or self.dialed_at, self.answered_at or self.ended_at)

    def event_fields(self, before: CallState | None) -> dict[str, Any]:
        """What a CallEvent says of it."""
        return {
            "call_id": self.call_id,
            "call_seq": self.call_seq,
            "direction": self.direction,
            "state": self.state,
            "number": self.number,
            "prev": before,
            "cmd_id": self.cmd_id,
            "line": self.line,
            "tag": self.tag,
        }

    def cdr_fields(
        self, cause: Cause, raw_cause: str | None, hangup_by: HangupBy
    ) -> dict[str, Any]:
        """What the Cdr says of it."""
        return {
            "call_id": self.call_id,
            "direction": self.direction,
            "number": self.number,
            "ended_at": self.ended_at,
            "ring_s": round(self.ring_s, 3),
            "talk_s": round(self.talk_s, 3),
            "cause": cause,
            "raw_cause": raw_cause,
            "hangup_by": hangup_by,
            "answer_evidence": self.answer_evidence,
            "cmd_id": self.cmd_id,
            "line": self.line,
            "sim": self.sim,
            "purpose": self.purpose,
            "tag": self.tag,
            "queued_at": self.queued_at,
            "dialed_at": self.dialed_at,
            "alerting_at": self.alerting_at,
            "answered_at": self.answered_at,
            "agent": self.agent,
            "agent_at": self.agent_at,
        }

    def live(self) -> LiveCall:
        """What a snapshot says of it."""
        return LiveCall(
            call_id=self.call_id,
            call_seq=self.call_seq,
            direction=self.direction,
            state=self.state,
            number=self.number,
            since=self.since,
            cmd_id=self.cmd_id,
            line=self.line,
            tag=self.tag,
            agent=self.agent,
        )


_CALL = TypeAdapter(Call)


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return max(0.0, (end - start).total_seconds()) if start and end else 0.0
