"""SMS through the gateway: sent with a record, received once, long ones put together on disk.

A message to send is on disk before its sender is answered; a received part is on disk before the
modem may forget it. What was on its way when the gateway died is reported as failed and never sent
a second time: nobody knows whether it left.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from itertools import count
from math import inf
from typing import Any
from uuid import uuid4

from config.models import GatewayConfig
from drivers.facts import MessageReceived, Unreadable
from drivers.messaging import SendFailed
from drivers.session import SessionLost
from edge import clock
from edge.block import Block
from edge.destination import Destination
from edge.journal import Journal
from edge.lanes import Lanes, Spawn
from edge.lines import Line
from edge.numbers import BadNumber, normalize
from edge.outbox import Message
from edge.outcome import Outcome, refuse
from edge.outgoing_sms import OutgoingSms
from edge.placement import refuse_block
from edge.store import Op, Store
from edge.usage import rows
from modem.errors import ParseError
from modem.sms import concat
from modem.sms.address import Address
from modem.sms.pdu import Deliver, StatusReport, Submit, decode_pdu, encode_submit
from modem.sms.pdu import Outcome as Delivery
from modem.sms.userdata import UserData
from mqtt.messages import Sms, SmsEvent
from mqtt.topics import SMS
from mqtt.vocabulary import Direction, Reason, Result, SmsState

log = logging.getLogger(__name__)

QUEUE_LIMIT = 1000  # messages that may wait on one line
REPORT_DAYS = 3  # after which no delivery report is expected any more
PART_DAYS = 1  # after which a long message is told with what there is of it
SUFFIX = 6  # digits that a report's number shares with the one that was dialled


def _as_it_is(text: str) -> str:
    return text


def _unheard(line: Line, sender: str, text: str) -> None:
    """Nobody waits for what comes in."""


class MessageDesk:
    """All messages. `lines` gives the lines there are; `spawn` starts a task of the gateway."""

    def __init__(
        self,
        config: GatewayConfig,
        store: Store,
        journal: Journal,
        lines: Callable[[], dict[str, Line]],
        spawn: Spawn,
        classify: Callable[[str], Destination],
    ) -> None:
        self._config = config
        self._store = store
        self._journal = journal
        self._lines = lines
        self._classify = classify
        self._hide: Callable[[str], str] = _as_it_is
        self._hear: Callable[[Line, str, str], None] = _unheard
        self._outgoing = Lanes(spawn)
        self._incoming = Lanes(spawn)
        self._awaiting: dict[tuple[str, int], OutgoingSms] = {}
        self._early: defaultdict[str, list[tuple[Line, StatusReport]]] = defaultdict(list)
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}
        self._reference = uuid4().int & 0xFF

    def listen(
        self, hide: Callable[[str], str], received: Callable[[Line, str, str], None]
    ) -> None:
        """Mask texts by `hide`; tell each, with its sender, to `received` once it is on disk."""
        self._hide, self._hear = hide, received

    async def recover(self) -> None:
        """Report what an earlier boot did not get away; go on waiting for delivery reports."""
        too_old = clock.now() - timedelta(days=REPORT_DAYS)
        for (body,) in await self._store.read("SELECT body FROM sms WHERE over = 0"):
            sms = OutgoingSms.model_validate_json(body)
            if not sms.sent:
                self._end(sms, SmsState.FAILED, "the gateway stopped while it was being sent")
            elif sms.at < too_old:
                self._write(_row(sms, over=True))
            else:
                self._await_reports(sms)
        await self._tell_old_parts()

    def send(self, command: Sms) -> Outcome:
        """Queue a message on a line."""
        try:
            number = normalize(command.to, self._config.gateway.country)
            parts = concat.split(command.text, self._next_reference())
        except BadNumber as error:
            return refuse(Reason.BAD_NUMBER, str(error))
        except ParseError as error:
            return refuse(Reason.BAD_REQUEST, f"This text cannot be sent: {error}.")
        line = self._choose(command.line, self._classify(number), len(parts))
        if isinstance(line, Outcome):
            return line
        sms = OutgoingSms(
            sms_id=f"s-{uuid4().hex}",
            number=number,
            text=command.text,
            line=line.line,
            cmd_id=command.id,
            status_report=command.status_report,
            validity_s=command.validity_s,
            parts=len(parts),
            at=clock.now(),
        )
        return Outcome(
            Result.ACCEPTED,
            sms_id=sms.sms_id,
            facts=(_row(sms),),
            act=lambda: self._outgoing.put(line.line, lambda: self._deliver(line, sms, parts)),
        )

    def on_message(self, line: Line, fact: MessageReceived) -> None:
        """A modem handed a message over."""
        self._incoming.put(line.line, lambda: self._take(line, fact))

    def is_idle(self, line: Line) -> bool:
        """Whether nothing is being sent or taken in on the line."""
        return not self._outgoing.depth(line.line) and not self._incoming.depth(line.line)

    # --- out

    def _choose(self, wanted: str | None, to: Destination, parts: int) -> Line | Outcome:
        """The line with the fewest messages before this one, in turn, or the wanted one."""
        lines = self._lines()
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
        if self._outgoing.depth(best.line) >= QUEUE_LIMIT:
            return refuse(Reason.QUEUE_FULL, "Too many messages wait; send it later.", 30)
        self._last_turn[best.line] = next(self._turns)
        return best

    def _load(self, line: Line) -> tuple[int, int]:
        return self._outgoing.depth(line.line), self._last_turn.get(line.line, 0)

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) & 0xFF
        return self._reference

    async def _deliver(self, line: Line, sms: OutgoingSms, parts: list[UserData]) -> None:
        try:
            for part in parts:
                reference = await self._send_part(line, sms, part)
                sms.references.append(reference)
                if sms.status_report:  # a report may come before the last part has left
                    self._awaiting[sms.line, reference] = sms
        except SendFailed as error:
            self._end(sms, SmsState.FAILED, str(error))
        except SessionLost:
            self._end(sms, SmsState.FAILED, "the modem went away while it was being sent")
        else:
            self._sent(sms)

    async def _send_part(self, line: Line, sms: OutgoingSms, part: UserData) -> int:
        if line.modem is None:
            raise SendFailed("the line has no modem any more")
        validity = timedelta(seconds=sms.validity_s) if sms.validity_s else None
        submit = Submit(
            recipient=Address.of(sms.number),
            user_data=part,
            validity=validity,
            status_report=sms.status_report,
        )
        return await line.modem.messages.send(encode_submit(submit))

    def _sent(self, sms: OutgoingSms) -> None:
        message = self._message(sms, SmsState.SENT)
        row = _row(sms, over=not sms.status_report)
        self._journal.write(message, facts=(row, *self._count(sms)))
        for line, report in self._early.pop(sms.sms_id, ()):
            self._reported(line, report)

    def _count(self, sms: OutgoingSms) -> tuple[Op, ...]:
        """Count what was sent on the accounts of its SIM."""
        line = self._lines().get(sms.line)
        if line is None or not line.accounts:
            return ()
        to, now = self._classify(sms.number), clock.now().timestamp()
        line.accounts[0].count_sms(sms.parts, to, now)
        return rows(line.accounts)

    def _await_reports(self, sms: OutgoingSms) -> None:
        for reference in sms.references:
            self._awaiting[sms.line, reference] = sms

    def _end(self, sms: OutgoingSms, state: SmsState, reason: str | None = None) -> None:
        for reference in sms.references:
            self._awaiting.pop((sms.line, reference), None)
        self._early.pop(sms.sms_id, None)
        self._write(_row(sms, over=True), self._message(sms, state, reason=reason))

    def _message(self, sms: OutgoingSms, state: SmsState, **fields: Any) -> Message:
        return self._event(
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

    def _event(self, **fields: Any) -> Message:
        event = self._journal.event(SmsEvent, **fields)
        return self._journal.message(self._journal.topics.of(SMS), event)

    def _write(self, fact: Op, *messages: Message) -> asyncio.Future[None]:
        return self._journal.write(*messages, facts=(fact,))

    # --- in

    async def _take(self, line: Line, fact: MessageReceived) -> None:
        """Put a message on disk, tell it unless it was told before, let the modem forget it."""
        match fact.message:
            case StatusReport():
                self._reported(line, fact.message)
            case Unreadable():
                await self._receive(line, fact, None, None)
            case Deliver():
                key = concat.part_key(fact.message)
                if key is None:
                    await self._receive(line, fact, fact.message, fact.message.text)
                else:
                    await self._receive_part(line, fact.pdu, key)
        if line.modem:
            line.modem.spawn(line.modem.messages.acknowledge(fact.receipt))

    async def _receive(
        self, line: Line, fact: MessageReceived, message: Deliver | None, text: str | None
    ) -> None:
        sms_id = _received_id(line, fact.pdu)
        if await self._store.read("SELECT 1 FROM sms WHERE sms_id = ?", sms_id):
            return
        told = self._received(line, sms_id, message, text, parts=1, pdu=fact.pdu)
        await self._write(_received_row(sms_id), told)
        if message and text:
            self._hear(line, message.sender.number, self._hide(text))

    def _received(
        self,
        line: Line,
        sms_id: str,
        message: Deliver | None,
        text: str | None,
        *,
        parts: int,
        pdu: str,
    ) -> Message:
        unreadable = text is None
        return self._event(
            sms_id=sms_id,
            direction=Direction.INCOMING,
            number=message.sender.number[:32] if message else "",
            state=SmsState.RECEIVED,
            parts=parts,
            line=line.line,
            text=None if text is None else self._hide(text),
            reason=f"no text in PDU {pdu}"[:512] if unreadable else None,
            sent_at=message.timestamp if message else None,
        )

    async def _receive_part(self, line: Line, pdu: str, key: concat.PartKey) -> None:
        """Keep a part; when it was the last one missing, tell the whole."""
        where = (line.iccid or line.line, key.sender, key.reference, key.total)
        rows = await self._store.read(_READ_PARTS, *where)
        pdus = list(dict.fromkeys([*(row[0] for row in rows), pdu]))
        messages = [message for message in map(_read, pdus) if message]
        whole = concat.join(message.user_data for message in messages)
        number = messages[-1].user_data.concat
        if whole is None:
            values = (*where, number.sequence if number else 0, _epoch(), pdu)
            await self._write(Op(_KEEP_PART, values))
            return
        sms_id = _received_id(line, *sorted(pdus))
        told = self._received(line, sms_id, messages[-1], whole.text, parts=key.total, pdu=pdu)
        gone = Op(_DROP_PARTS, where)
        if await self._store.read("SELECT 1 FROM sms WHERE sms_id = ?", sms_id):
            await self._write(gone)
            return
        await self._journal.write(told, facts=(gone, _received_row(sms_id)))
        if whole.text:
            self._hear(line, messages[-1].sender.number, self._hide(whole.text))

    async def _tell_old_parts(self) -> None:
        """A part whose message never became whole is told as it is."""
        oldest = _epoch() - PART_DAYS * 86_400
        rows = await self._store.read("SELECT sim, body FROM sms_part WHERE at < ?", oldest)
        for sim, pdu in rows:
            line = next((known for known in self._lines().values() if known.iccid == sim), None)
            message = _read(pdu)
            if line is None or message is None:
                continue
            sms_id = _received_id(line, pdu)
            told = self._received(line, sms_id, message, message.text, parts=1, pdu=pdu)
            gone = Op("DELETE FROM sms_part WHERE body = ?", (pdu,))
            self._journal.write(told, facts=(gone, _received_row(sms_id)))

    def _reported(self, line: Line, report: StatusReport) -> None:
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
                self._write(_row(sms))


_KEEP_PART = "INSERT OR IGNORE INTO sms_part VALUES (?, ?, ?, ?, ?, ?, ?)"
_READ_PARTS = "SELECT body FROM sms_part WHERE (sim, sender, reference, total) = (?, ?, ?, ?)"
_DROP_PARTS = "DELETE FROM sms_part WHERE (sim, sender, reference, total) = (?, ?, ?, ?)"


def _block(line: Line, to: Destination, parts: int) -> Block | None:
    """Why the limits of a line let no such message out."""
    if not line.accounts:
        return None
    return line.accounts[0].sms_block(clock.now().timestamp(), to, parts)


def _row(sms: OutgoingSms, *, over: bool = False) -> Op:
    values = (sms.sms_id, sms.at.timestamp(), over, sms.model_dump_json())
    return Op("INSERT OR REPLACE INTO sms VALUES (?, ?, ?, ?)", values)


def _received_row(sms_id: str) -> Op:
    """What keeps a message from being told twice; its text stays in no table."""
    values = (sms_id, _epoch(), True, "")
    return Op("INSERT OR IGNORE INTO sms VALUES (?, ?, ?, ?)", values)


def _received_id(line: Line, *pdus: str) -> str:
    """The same message, handed over twice by a modem, has the same name."""
    text = "|".join((line.iccid or line.line, *pdus))
    return f"r-{blake2b(text.encode(), digest_size=16).hexdigest()}"


def _read(pdu: str) -> Deliver | None:
    try:
        message = decode_pdu(pdu)
    except ParseError:
        return None
    return message if isinstance(message, Deliver) else None


def _same_number(one: str, other: str) -> bool:
    """National and international forms of one number end alike."""
    return one.lstrip("+")[-SUFFIX:] == other.lstrip("+")[-SUFFIX:]


def _epoch() -> float:
    return clock.now().timestamp()
