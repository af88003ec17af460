"""What the world sees of the gateway as it is now: lines, capacity, alarms, whether it is there.

A line is shown PAUSE_S after it changed, with all that changed meanwhile: what its modem and its
call have to do goes first.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from edge import clock
from edge.fleet import Fleet
from edge.lines import Line
from edge.store import Op, Store
from mqtt import topics
from mqtt.messages import Alarm, Capacity, LineStatus, Status
from mqtt.vocabulary import LineKind, LineState, Severity

PAUSE_S = 0.05  # a line that is busy for less is not worth a message

Show = Callable[[str, bytes], None]


class Display:
    """`show` puts a payload on a retained topic, an empty one takes it down.

    `status_of` describes a line; `shown` hears of each status that goes out.
    """

    def __init__(
        self,
        gateway: str,
        boot_id: str,
        store: Store,
        show: Show,
        status_of: Callable[[Line], LineStatus],
        shown: Callable[[Line, LineStatus], None],
    ) -> None:
        self._gateway = gateway
        self._boot_id = boot_id
        self._topics = topics.Topics(gateway)
        self._since = clock.now()
        self._show = show
        self._status_of = status_of
        self._shown = shown
        self._store = store
        self._due: dict[str, Line] = {}
        self._round: asyncio.TimerHandle | None = None
        self._again: dict[str, asyncio.TimerHandle] = {}
        self._raised: dict[str, str] = {}

    async def load(self) -> None:
        """Take down the alarms of an earlier boot: those that still hold are raised again."""
        for (name,) in await self._store.read("SELECT name FROM alarm"):
            self._show(self._topics.of(topics.ALARM, name), b"")
        self._store.write(Op("DELETE FROM alarm"), keep=True)

    def line(self, line: Line) -> None:
        """Show a line soon."""
        self._schedule()
        self._due[line.line] = line

    def drop(self, line: Line) -> None:
        """Take a line down."""
        self._schedule()
        self._due.pop(line.line, None)
        self._show(self._topics.of(topics.LINE, line.line), b"")

    def status(self, state: Literal["online", "offline"], reason: str | None) -> bytes:
        """The payload that says whether the gateway is there."""
        return Status(
            gateway=self._gateway,
            state=state,
            boot_id=self._boot_id,
            version=version("trunkline"),
            since=self._since,
            reason=reason,
        ).encode()

    def show_status(self, state: Literal["online", "offline"], reason: str | None = None) -> None:
        """Tell whether the gateway is there."""
        self._show(self._topics.of(topics.STATUS), self.status(state, reason))

    def alarm(
        self,
        name: str,
        message: str | None,
        line: str | None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Raise an alarm, or clear it with None; the same one again is no news."""
        topic = self._topics.of(topics.ALARM, name)
        if message == self._raised.get(name):
            return
        if message is None:
            del self._raised[name]
            self._show(topic, b"")
            self._store.write(Op("DELETE FROM alarm WHERE name = ?", (name,)), keep=True)
            return
        if name not in self._raised:
            self._store.write(Op("INSERT OR IGNORE INTO alarm VALUES (?)", (name,)), keep=True)
        self._raised[name] = message
        alarm = Alarm(
            gateway=self._gateway,
            name=name,
            severity=severity,
            message=message[:512],
            raised_at=clock.now(),
            line=line,
        )
        self._show(topic, alarm.encode())

    def follow(self, fleet: Fleet) -> None:
        """Whose lines are shown."""
        self._fleet = fleet

    def _schedule(self) -> None:
        if self._round is None:
            self._round = asyncio.get_running_loop().call_later(PAUSE_S, self.show_due)

    def show_due(self) -> None:
        """Show what changed, without waiting."""
        if self._round:
            self._round.cancel()
            self._round = None
        lines, self._due = self._due, {}
        for line in lines.values():
            status = self._status_of(line)
            self._show(self._topics.of(topics.LINE, line.line), status.encode())
            self._show_again_at(line, status.until)
            self._shown(line, status)
        self._show_capacity()

    def _show_again_at(self, line: Line, until: datetime | None) -> None:
        """What rests is shown anew when its rest ends."""
        if timer := self._again.pop(line.line, None):
            timer.cancel()
        if until:
            delay = max(0.05, (until - clock.now()).total_seconds())
            loop = asyncio.get_running_loop()
            self._again[line.line] = loop.call_later(delay, self._fleet.changed, line)

    def _show_capacity(self) -> None:
        ready = Counter({LineKind.GSM: 0})
        not_ready: Counter[str] = Counter()
        for line in self._fleet.lines.values():
            if line.told is LineState.READY:
                ready[line.kind] += 1
            elif line.told:
                not_ready[str(line.told)] += 1
        capacity = Capacity(gateway=self._gateway, ready=ready, not_ready=not_ready)
        self._show(self._topics.of(topics.CAPACITY), capacity.encode())
