"""SMS through the gateway: sent with a record, received once, long ones put together on disk.

A received part is on disk before the modem may forget it. What goes out is in edge.sms_sending.
"""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from config.models import GatewayConfig
from drivers.facts import MessageReceived, Unreadable
from edge import clock
from edge.block import Block
from edge.destination import Destination
from edge.journal import Journal
from edge.lanes import Lanes
from edge.lines import Line
from edge.outbox import Message
from edge.outcome import Outcome
from edge.sms_sending import Bill, Fleet, SmsSending
from edge.store import Op, Store
from modem.errors import ParseError
from modem.sms import concat
from modem.sms.pdu import Deliver, StatusReport, decode_pdu
from mqtt.messages import Sms, SmsEvent
from mqtt.topics import SMS
from mqtt.vocabulary import Direction, SmsState

PART_DAYS = 1  # after which a long message is told with what there is of it


def _as_it_is(text: str) -> str:
    return text


def _unheard(line: Line, sender: str, text: str) -> None:
    """Nobody waits for what comes in."""


class MessageDesk:
    """All messages; `guard` says why none may go to a callee, whatever line is free."""

    def __init__(
        self,
        config: GatewayConfig,
        store: Store,
        journal: Journal,
        fleet: Fleet,
        classify: Callable[[str], Destination],
        guard: Callable[[Destination], Block | None],
    ) -> None:
        self._store = store
        self._journal = journal
        self._fleet = fleet
        self._hide: Callable[[str], str] = _as_it_is
        self._hear: Callable[[Line, str, str], None] = _unheard
        country = config.gateway.country
        self._sending = SmsSending(country, store, journal, fleet, classify, guard)
        self._incoming = Lanes(fleet.spawn)

    def listen(
        self,
        hide: Callable[[str], str],
        received: Callable[[Line, str, str], None],
        bill: Bill,
    ) -> None:
        """Mask texts by `hide`; tell each, with its sender, to `received` once it is on disk.

        `bill` makes the ledger's entry of what a message cost.
        """
        self._hide, self._hear = hide, received
        self._sending.bill = bill

    async def recover(self) -> None:
        """Take up what an earlier boot left."""
        await self._sending.recover()
        await self._tell_old_parts()

    def send(self, command: Sms) -> Outcome:
        """Queue a message on a line."""
        return self._sending.send(command)

    def on_message(self, line: Line, fact: MessageReceived) -> None:
        """A modem handed a message over."""
        self._incoming.put(line.line, lambda: self._take(line, fact))

    def is_idle(self, line: Line) -> bool:
        """Whether nothing is being sent or taken in on the line."""
        return not self._sending.depth(line) and not self._incoming.depth(line.line)

    def _event(self, **fields: Any) -> Message:
        event = self._journal.event(SmsEvent, **fields)
        return self._journal.message(self._journal.topics.of(SMS), event)

    def _write(self, fact: Op, *messages: Message) -> asyncio.Future[None]:
        return self._journal.write(*messages, facts=(fact,))

    async def _take(self, line: Line, fact: MessageReceived) -> None:
        """Put a message on disk, tell it unless it was told before, let the modem forget it."""
        match fact.message:
            case StatusReport():
                self._sending.on_report(line, fact.message)
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
            line = next((known for known in self._fleet.lines.values() if known.iccid == sim), None)
            message = _read(pdu)
            if line is None or message is None:
                continue
            sms_id = _received_id(line, pdu)
            told = self._received(line, sms_id, message, message.text, parts=1, pdu=pdu)
            gone = Op("DELETE FROM sms_part WHERE body = ?", (pdu,))
            self._journal.write(told, facts=(gone, _received_row(sms_id)))


_KEEP_PART = "INSERT OR IGNORE INTO sms_part VALUES (?, ?, ?, ?, ?, ?, ?)"
_READ_PARTS = "SELECT body FROM sms_part WHERE (sim, sender, reference, total) = (?, ?, ?, ?)"
_DROP_PARTS = "DELETE FROM sms_part WHERE (sim, sender, reference, total) = (?, ?, ?, ?)"


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


def _epoch() -> float:
    return clock.now().timestamp()
