"""Hears all that the gateway publishes, beside the dialer, and counts what it hears twice."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from edge.demo.money_heard import MoneyHeard
from mqtt import topics
from mqtt.catalog import EVENTS
from mqtt.messages import (
    CallEvent,
    Cdr,
    Event,
    LineStatus,
    MoneyEvent,
    SmsEvent,
    Status,
    UssdEvent,
)
from mqtt.session import Inbound
from mqtt.vocabulary import Direction, LineState, SmsState, UssdState


class Audit:
    """What was heard; `on_told` is called for each call that ends, and for each entry about money.

    `all_over` is set while no call is open, `offline` once the gateway said goodbye; `ready` holds
    each line when it is ready for the first time, `exhausted` lines as they reached their limit.
    """

    def __init__(self, on_told: Callable[[Cdr | MoneyEvent], None]) -> None:
        self._on_told = on_told
        self._seen: set[object] = set()
        self._were_ready: set[str] = set()
        self.lines: dict[str, LineStatus] = {}
        self.exhausted: dict[str, LineStatus] = {}
        self.money = MoneyHeard()
        self.states: dict[str, list[CallEvent]] = defaultdict(list)
        self.cdrs: dict[str, Cdr] = {}
        self.without_cdr: set[str] = set()
        self.all_over = asyncio.Event()
        self.duplicates = 0
        self.sms_received = 0
        self.ussd_replies = 0
        self.ready: asyncio.Queue[LineStatus] = asyncio.Queue()
        self.offline = asyncio.Event()

    def of(self, direction: Direction) -> list[Cdr]:
        """CDRs of one direction."""
        return [cdr for cdr in self.cdrs.values() if cdr.direction is direction]

    def hear(self, inbound: Inbound) -> None:
        """Take a message from the broker."""
        topic = topics.parse(inbound.topic)
        if topic is None or not inbound.payload:
            return
        if topic.kind == topics.LINE:
            self._line(LineStatus.decode(inbound.payload))
        elif topic.kind == topics.STATUS:
            self._status(Status.decode(inbound.payload))
        elif topic.kind in EVENTS:
            self._event(EVENTS[topic.kind].decode(inbound.payload))

    def _line(self, line: LineStatus) -> None:
        self.lines[line.line] = line
        if line.state is LineState.READY and line.line not in self._were_ready:
            self._were_ready.add(line.line)
            self.ready.put_nowait(line)
        elif line.state is LineState.EXHAUSTED:
            self.exhausted.setdefault(line.line, line)

    def _status(self, status: Status) -> None:
        if status.state == "offline":
            self.offline.set()

    def _event(self, event: Event) -> None:
        if not self._is_new(event):
            self.duplicates += 1
            return
        match event:
            case CallEvent():
                self._call(event)
            case Cdr():
                self._cdr(event)
            case SmsEvent(state=SmsState.RECEIVED):
                self.sms_received += 1
            case UssdEvent(state=UssdState.REPLY):
                self.ussd_replies += 1
            case MoneyEvent():
                self.money.hear(event)
                self._on_told(event)
            case _:
                pass

    def _call(self, event: CallEvent) -> None:
        self.states[event.call_id].append(event)
        if event.call_id not in self.cdrs:
            self.without_cdr.add(event.call_id)
            self.all_over.clear()

    def _cdr(self, cdr: Cdr) -> None:
        self.cdrs[cdr.call_id] = cdr
        self.without_cdr.discard(cdr.call_id)
        if not self.without_cdr:
            self.all_over.set()
        self._on_told(cdr)

    def _is_new(self, event: Event) -> bool:
        """Whether neither its id nor its place in a call was heard before."""
        names: set[object] = {event.event_id}
        if isinstance(event, CallEvent):
            names.add((event.call_id, event.call_seq))
        elif isinstance(event, Cdr):
            names.add((event.call_id, "cdr"))
        new = names.isdisjoint(self._seen)
        self._seen |= names
        return new
