"""Messages on their way out: on disk before their sender is answered, then sent line by line.

What a message can take of the limits is kept from its answer to its end; each part counts as it
leaves. What was on its way when the gateway died is reported as failed and never sent a second
time: nobody knows whether it left.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from math import inf
from typing import Any, Protocol
from uuid import uuid4

from drivers.messaging import SendFailed
from drivers.session import SessionLost
from edge import clock
from edge.block import Block
from edge.destination import Destination
from edge.journal import Journal
from edge.lanes import Lanes
from edge.limits.account import Charge
from edge.lines import Line
from edge.money.entry import Change
from edge.numbers import BadNumber, normalize
from edge.outbox import Message
from edge.outcome import Outcome, refuse
from edge.outgoing_sms import OutgoingSms
from edge.placement import refuse_block
from edge.store import Op, Store
from edge.usage import rows
from modem.at.dialog import DialogFull
from modem.errors import ParseError
from modem.sms import concat
from modem.sms.address import Address
from modem.sms.pdu import Outcome as Delivery
from modem.sms.pdu import StatusReport, Submit, encode_submit
from modem.sms.userdata import UserData
from mqtt.messages import Sms, SmsEvent
from mqtt.topics import SMS
from mqtt.vocabulary import Direction, Reason, Result, SmsState

log = logging.getLogger(__name__)

QUEUE_LIMIT = 1000  # messages that may wait on one line
REPORT_DAYS = 3  # after which no delivery report is expected any more
SUFFIX = 6  # digits that a report's number shares with the one that was dialled

Bill = Callable[[Line, Charge, str], Change]  # the entry of what the message of an id cost


class Fleet(Protocol):
    """What is asked of the lines."""

    lines: dict[str, Line]

    def changed(self, line: Line) -> None:
        """A line must be shown anew."""

    def spawn(self, work: Coroutine[None, None, None]) -> object:
        """Start a task of the gateway."""


class SmsSending:
    """All messages that are sent. `guard` says why no message may go to a callee at all."""

    def __init__(
        self,
        country: str | None,
        store: Store,
        journal: Journal,
        fleet: Fleet,
        classify: Callable[[str], Destination],
        guard: Callable[[Destination], Block | None],
    ) -> None:
        self._country = country
        self._store = store
        self._journal = journal
        self._fleet = fleet
        self._classify = classify
        self._guard = guard
        self.bill: Bill = lambda *_: Change()
        self._lanes = Lanes(fleet.spawn)
        self._awaiting: dict[tuple[str, int], OutgoingSms] = {}
        self._early: defaultdict[str, list[tuple[Line, StatusReport]]] = defaultdict(list)
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}
        self._reference = uuid4().int & 0xFF

    async def recover(self) -> None:
        """Report what an earlier boot did not get away; go on waiting for delivery reports."""
        too_old = clock.now() - timedelta(days=REPORT_DAYS)
        for (body,) in await self._store.read("SELECT body FROM sms WHERE over = 0"):
            sms = OutgoingSms.model_validate_json(body)
            if not sms.sent:
                self._end(sms, SmsState.FAILED, "the gateway stopped while it was being sent")
            elif sms.at < too_old:
                self._journal.write(facts=(_row(sms, over=True),))
            else:
                self._await_reports(sms)

    def send(self, command: Sms) -> Outcome:
        """Queue a message on a line, with all that it can take."""
        try:
            number = normalize(command.to, self._country)
            parts = concat.split(command.text, self._next_reference())
        except BadNumber as error:
            return refuse(Reason.BAD_NUMBER, str(error))
        except ParseError as error:
            return refuse(Reason.BAD_REQUEST, f"This text cannot be sent: {error}.")
        to = self._classify(number)
        if block := self._guard(to):
            return refuse_block(block)
        line = self._choose(command.line, to, len(parts))
        if isinstance(line, Outcome):
            return line
        sms = _outgoing(command, number, line, len(parts))
        self._keep(line, sms)
        return Outcome(
            Result.ACCEPTED,
            sms_id=sms.sms_id,
            facts=(_row(sms),),
            act=lambda: self._lanes.put(line.line, lambda: self._deliver(line, sms, parts)),
            undo=lambda: _release(line, sms),
        )

    def depth(self, line: Line) -> int:
        """How many messages wait on a line or are being sent."""
        return self._lanes.depth(line.line)

    def on_report(self, line: Line, report: StatusReport) -> None:
        """A delivery report: which message it is of says the reference, and the number's end."""
        sms = self._awaiting.get((line.line, report.reference))
        if sms is None or not _same_number(sms.number, report.recipient.number):
            log.info("a delivery report of %s matches no message", line.line)
        elif not sms.sent:
            self._early[sms.sms_id].append((line, report))
        elif report.outcome is Delivery.FAILED:
            self._end(sms, SmsState.FAILED, f"not delivered, status {report.status}")
        elif report.outcome is Delivery.DELIVERED:
            sms.delivered.add(report.reference)
            if sms.delivered >= set(sms.references):
                self._end(sms, SmsState.DELIVERED)
            else:
                self._journal.write(facts=(_row(sms),))

    # --- which line

    def _choose(self, wanted: str | None, to: Destination, parts: int) -> Line | Outcome:
        """The line with the fewest messages before this one, in turn, or the wanted one."""
        lines = self._fleet.lines
        if wanted and wanted not in lines:
            return refuse(Reason.UNKNOWN_LINE, f"There is no line {wanted}.")
        up = [line for line in lines.values() if wanted in {None, line.line} and line.is_up]
        if not up:
            reason = Reason.LINE_NOT_READY if wanted else Reason.NO_LINE
            return refuse(reason, "No line can send it now; `trunkline lines` says why.", 10)
        blocks = [_block(line, to, parts) for line in up]
        usable = [line for line, block in zip(up, blocks, strict=True) if block is None]
        if not usable:
            return refuse_block(min(filter(None, blocks), key=lambda block: block.until or inf))
        best = min(usable, key=self._load)
        if self.depth(best) >= QUEUE_LIMIT:
            return refuse(Reason.QUEUE_FULL, "Too many messages wait; send it later.", 30)
        self._last_turn[best.line] = next(self._turns)
        return best

    def _load(self, line: Line) -> tuple[int, int]:
        return self.depth(line), self._last_turn.get(line.line, 0)

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) & 0xFF
        return self._reference

    # --- its turn

    async def _deliver(self, line: Line, sms: OutgoingSms, parts: list[UserData]) -> None:
        charges: list[Charge] = []
        problem: str | None = None
        try:
            await self._send_all(line, sms, parts, charges)
        except SendFailed as error:
            problem = str(error)
        except SessionLost:
            problem = "the modem went away while it was being sent"
        except DialogFull:
            problem = "the modem has too much to do; send it again later"
        except ParseError as error:
            problem = f"it cannot be written as an SMS: {error}"
        finally:
            _release(line, sms)
            self._fleet.changed(line)
        self._close(line, sms, problem, charges)

    async def _send_all(
        self, line: Line, sms: OutgoingSms, parts: list[UserData], charges: list[Charge]
    ) -> None:
        """Send part after part; adds to `charges` what each took. Raises as Messaging.send."""
        if block := self._keep(line, sms):  # what is left may be less than when it was accepted
            raise SendFailed(block.message)
        for part in parts:
            reference = await self._send_part(line, sms, part)
            charges += self._count(line, sms)
            self._left(line, sms, reference)

    async def _send_part(self, line: Line, sms: OutgoingSms, part: UserData) -> int:
        if line.modem is None or not line.is_up:
            raise SendFailed(f"the line is not ready any more: {line.state[1]}")
        validity = timedelta(seconds=sms.validity_s) if sms.validity_s else None
        submit = Submit(
            recipient=Address.of(sms.number),
            user_data=part,
            validity=validity,
            status_report=sms.status_report,
        )
        return await line.modem.messages.send(encode_submit(submit))

    def _left(self, line: Line, sms: OutgoingSms, reference: int) -> None:
        """A part has left: one with others behind it is on disk at once, lest a crash forget it."""
        sms.references.append(reference)
        if not sms.sent:
            self._journal.write(facts=(_row(sms), *rows(line.accounts)))
        if sms.status_report:  # a report may come before the last part has left
            self._awaiting[sms.line, reference] = sms

    def _keep(self, line: Line, sms: OutgoingSms) -> Block | None:
        """Keep for a message what its parts can take, or say why it may not go."""
        if not line.accounts:
            return None
        to, now = self._classify(sms.number), clock.now().timestamp()
        return line.accounts[0].reserve_sms(sms.sms_id, sms.parts, to, now)

    def _count(self, line: Line, sms: OutgoingSms) -> list[Charge]:
        """Count a part that has left on the accounts of its SIM."""
        if not line.accounts:
            return []
        to, now = self._classify(sms.number), clock.now().timestamp()
        return [line.accounts[0].count_sms(sms.sms_id, to, now)]

    # --- its end

    def _close(
        self, line: Line, sms: OutgoingSms, problem: str | None, charges: list[Charge]
    ) -> None:
        """Tell how it went, with what its parts took, in one commit."""
        if problem is None:
            row = _row(sms, over=not sms.status_report)
            told = self._message(sms, SmsState.SENT)
        else:
            self._forget(sms)
            row = _row(sms, over=True)
            told = self._message(sms, SmsState.FAILED, reason=problem)
        used = rows(line.accounts) if charges else ()
        cost = self.bill(line, _sum(charges), sms.sms_id) if charges else Change()
        self._journal.write(told, *cost.messages, facts=(row, *used, *cost.facts))
        for reporter, report in self._early.pop(sms.sms_id, ()):
            self.on_report(reporter, report)

    def _end(self, sms: OutgoingSms, state: SmsState, reason: str | None = None) -> None:
        self._forget(sms)
        told = self._message(sms, state, reason=reason)
        self._journal.write(told, facts=(_row(sms, over=True),))

    def _await_reports(self, sms: OutgoingSms) -> None:
        for reference in sms.references:
            self._awaiting[sms.line, reference] = sms

    def _forget(self, sms: OutgoingSms) -> None:
        """No report of it is awaited any more."""
        for reference in sms.references:
            self._awaiting.pop((sms.line, reference), None)
        self._early.pop(sms.sms_id, None)

    def _message(self, sms: OutgoingSms, state: SmsState, **fields: Any) -> Message:
        event = self._journal.event(
            SmsEvent,
            sms_id=sms.sms_id,
            direction=Direction.OUTGOING,
            number=sms.number,
            state=state,
            parts=sms.parts,
            line=sms.line,
            reference=sms.references[-1] if sms.references else None,
            cmd_id=sms.cmd_id,
            **fields,
        )
        return self._journal.message(self._journal.topics.of(SMS), event)


def _outgoing(command: Sms, number: str, line: Line, parts: int) -> OutgoingSms:
    return OutgoingSms(
        sms_id=f"s-{uuid4().hex}",
        number=number,
        text=command.text,
        line=line.line,
        cmd_id=command.id,
        status_report=command.status_report,
        validity_s=command.validity_s,
        parts=parts,
        at=clock.now(),
    )


def _block(line: Line, to: Destination, parts: int) -> Block | None:
    """Why the limits of a line let no such message out."""
    if not line.accounts:
        return None
    return line.accounts[0].sms_block(clock.now().timestamp(), to, parts)


def _release(line: Line, sms: OutgoingSms) -> None:
    if line.accounts:
        line.accounts[0].release_sms(sms.sms_id)


def _sum(charges: list[Charge]) -> Charge:
    """What all parts of a message took; there is one at least."""
    return replace(charges[0], money=sum((charge.money for charge in charges), Decimal(0)))


def _row(sms: OutgoingSms, *, over: bool = False) -> Op:
    values = (sms.sms_id, sms.at.timestamp(), over, sms.model_dump_json())
    return Op("INSERT OR REPLACE INTO sms VALUES (?, ?, ?, ?)", values)


def _same_number(one: str, other: str) -> bool:
    """National and international forms of one number end alike."""
    return one.lstrip("+")[-SUFFIX:] == other.lstrip("+")[-SUFFIX:]
