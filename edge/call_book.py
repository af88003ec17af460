"""The record of calls: which live, each state of each told once, one CDR at the end of each.

A state is on disk before it is published, and the last event goes to disk together with the CDR.
What was live when the gateway died is closed as `lost` at the next start.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from edge import clock
from edge.calls import Call
from edge.journal import Journal
from edge.limits.account import Charge
from edge.money.entry import write_money
from edge.numbers import mask
from edge.outbox import Message
from edge.placement import Settlement
from edge.store import Op, Store
from mqtt.messages import CallEvent, CallSound, Cdr, Recorded, VoiceEvent
from mqtt.topics import CALL, CDR, VOICE
from mqtt.vocabulary import CallState, Cause, HangupBy, VoiceKind

log = logging.getLogger(__name__)

RAW_MAX = 512  # characters of a modem's own words in an event


class CallBook:
    """All live calls, and the only writer of what becomes of them."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self.live: dict[str, Call] = {}
        self._none_live = asyncio.Event()
        self._none_live.set()

    async def left_open(self) -> list[Call]:
        """What an earlier boot did not close."""
        rows = await self._store.read("SELECT body FROM live_call")
        return [Call.decode(body) for (body,) in rows]

    async def none_live(self) -> None:
        """Wait until every call is over."""
        await self._none_live.wait()

    def enter(self, call: Call, state: CallState) -> tuple[Message, Op]:
        """Let a call enter a state; gives its event and its record, to be written together."""
        message = self._enter(call, state)
        return message, _live_row(call)

    def tell(self, call: Call, state: CallState) -> None:
        """Let a call enter a state, and write it down."""
        message, row = self.enter(call, state)
        self._journal.write(message, facts=(row,))

    def tell_digit(self, call: Call, digit: str) -> None:
        """Write down a digit that the far end pressed."""
        call.call_seq += 1
        message = self._message(call, call.state, dtmf=digit)
        self._journal.write(message, facts=(_live_row(call),))

    def tell_end_near(self, call: Call, left_s: float) -> None:
        """Write down that the call will be cut in so many seconds."""
        call.call_seq += 1
        message = self._message(call, call.state, cut_in_s=round(left_s, 1))
        self._journal.write(message, facts=(_live_row(call),))

    def tell_voice(self, call: Call, kind: VoiceKind, **fields: Any) -> None:
        """Write down what happened to the sound of a call."""
        event = self._journal.event(
            VoiceEvent, call_id=call.call_id, cmd_id=call.cmd_id, kind=kind, **fields
        )
        message = self._journal.message(self._journal.topics.of(VOICE, call.call_id), event)
        self._journal.write(message, facts=(_live_row(call),) if not call.is_over else ())

    def finish(
        self,
        call: Call,
        cause: Cause,
        raw: str | None,
        by: HangupBy,
        settle: Callable[[], Settlement],
        recording: Recorded | None = None,
        sound: CallSound | None = None,
    ) -> None:
        """Write the last event and the CDR of a call, and what it used."""
        raw = raw[:RAW_MAX] if raw else None
        evidence = call.answer_evidence if call.answered_at else None
        ended = self._enter(
            call, CallState.ENDED, cause=cause, raw_cause=raw, answer_evidence=evidence
        )
        used = settle()
        fields = {
            **call.cdr_fields(cause, raw, by),
            **_cost(used.charge),
            "recording": recording,
            "sound": sound,
        }
        cdr = self._journal.event(Cdr, **fields)
        gone = Op("DELETE FROM live_call WHERE call_id = ?", (call.call_id,))
        told = self._journal.message(self._journal.topics.of(CDR), cdr)
        facts = (gone, _cdr_row(cdr, told.payload), *used.facts)
        self._journal.write(ended, *used.messages, told, facts=facts)
        self.forget(call)
        log.info("call %s: %s on %s, %s", call.call_id, mask(call.number), call.line, cause)

    def forget(self, call: Call) -> None:
        """The call is over, or its beginning never reached the disk."""
        self.live.pop(call.call_id, None)
        if not self.live:
            self._none_live.set()

    def _enter(self, call: Call, state: CallState, **fields: Any) -> Message:
        before = call.enter(state, clock.now())
        self.live[call.call_id] = call
        self._none_live.clear()
        return self._message(call, before, **fields)

    def _message(self, call: Call, before: CallState | None, **fields: Any) -> Message:
        if call.state is CallState.ANSWERED:
            fields["answer_evidence"] = call.answer_evidence
        event = self._journal.event(CallEvent, call.since, **call.event_fields(before), **fields)
        return self._journal.message(self._journal.topics.of(CALL, call.call_id), event)


def _live_row(call: Call) -> Op:
    return Op("INSERT OR REPLACE INTO live_call VALUES (?, ?)", (call.call_id, call.encode()))


def _cdr_row(cdr: Cdr, body: bytes) -> Op:
    values = (cdr.call_id, cdr.ended_at.timestamp(), body)
    return Op("INSERT OR IGNORE INTO cdr VALUES (?, ?, ?)", values)


def _cost(charge: Charge | None) -> dict[str, Any]:
    """What the CDR says of money, where the call's SIM has a plan."""
    if charge is None or not charge.billed_s:
        return {}
    return {
        "billed_s": float(charge.billed_s),
        "cost": write_money(charge.money) if charge.currency else None,
        "currency": charge.currency,
        "bucket": charge.bucket,
    }
