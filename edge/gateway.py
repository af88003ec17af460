"""The gateway put together: what exists, what runs, what hears what."""

import asyncio
import gc
import logging
import signal
from collections import Counter
from importlib.metadata import version
from uuid import uuid4

from config.models import GatewayConfig
from config.profiles import Profiles
from drivers.facts import CallChanged, DigitHeard, Fact, MessageReceived, StorageFull, UssdHeard
from edge import clock
from edge.board import Board
from edge.call_book import CallBook
from edge.call_desk import CallDesk
from edge.commands import Commands
from edge.control import ControlDoor
from edge.fleet import Fleet
from edge.journal import Journal
from edge.lines import Line
from edge.message_desk import MessageDesk
from edge.notify import feed_watchdog, notify
from edge.outbox import Message, Outbox
from edge.store import Store
from edge.tasks import Tasks
from edge.ussd_desk import UssdDesk
from mqtt import topics
from mqtt.messages import Alarm, Capacity, Status
from mqtt.session import BrokerSession, Inbound, LinkState, Will
from mqtt.vocabulary import LineKind, LineState, Severity

log = logging.getLogger(__name__)


class Gateway:
    """Everything of one gateway; `run` is its whole life."""

    def __init__(self, config: GatewayConfig, profiles: Profiles) -> None:
        self._config = config
        name = config.gateway.name
        self._topics = topics.Topics(name)
        self._since = clock.now()
        self._boot_id = str(uuid4())
        self._tasks = Tasks("gateway")
        self._stopping = asyncio.Event()
        will = Will(self._topics.of(topics.STATUS), self._status("offline", "lost"))
        self._broker = BrokerSession(config.mqtt, name, will, self._on_command, self._on_link)
        self._store = Store(config.storage.path, on_health=self._on_disk)
        self._outbox = Outbox(self._store, self._publish, self._on_written)
        self._board = Board(self._publish_retained)
        self._journal = Journal(self._outbox, name, self._boot_id)
        self._fleet = Fleet(config, profiles, self._store, self._alarm)
        self._book = CallBook(self._store, self._journal)
        self._calls = CallDesk(
            config, self._book, self._journal, lambda: self._fleet.lines, self._fleet.changed
        )
        self._messages = MessageDesk(
            config, self._store, self._journal, lambda: self._fleet.lines, self._tasks.spawn
        )
        self._ussd = UssdDesk(self._journal, lambda: self._fleet.lines)
        self._commands = Commands(
            self._store,
            self._journal,
            self._fleet,
            self._book,
            self._calls,
            self._messages,
            self._ussd,
        )
        self._control = ControlDoor(
            config.control.socket,
            self._commands,
            self._fleet,
            self._store,
            at_enabled=config.console.at_enabled,
        )
        self._to_show: dict[str, Line] = {}
        self._show_due = False

    async def run(self) -> None:
        """Live until `stop` or a signal; raises StoreError when the disk cannot be used."""
        loop = asyncio.get_running_loop()
        await self._control.check_free()
        await self._store.open()
        await self._outbox.load()
        await self._fleet.load()
        await self._commands.load()
        await self._book.recover()
        await self._messages.recover()
        await self._control.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        self._board.show(self._topics.of(topics.STATUS), self._status("online", None))
        self._fleet.start(self)
        try:
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(work)
                    for work in (
                        self._broker.run(),
                        self._outbox.run(),
                        self._board.run(),
                        self._commands.forget_for_ever(),
                        feed_watchdog(),
                    )
                ]
                _settle_memory()
                notify("READY=1")
                await self._stopping.wait()
                await self._wind_down()
                for task in running:
                    task.cancel()
        finally:
            await self._tasks.end()
            await self._store.close()

    def stop(self) -> None:
        """Ask it to end."""
        notify("STOPPING=1")
        self._stopping.set()

    async def _wind_down(self) -> None:
        """End the calls, let the modems go, say goodbye, close the doors."""
        await self._calls.end_all()
        await self._fleet.stop()
        self._board.show(self._topics.of(topics.STATUS), self._status("offline", "stopped"))
        await self._board.flush()
        await self._outbox.close()
        await self._control.stop()

    # --- what modems say

    def on_fact(self, line: Line, fact: Fact) -> None:
        """Pass a fact to the desk that deals with it."""
        match fact:
            case CallChanged():
                self._calls.on_call(line, fact)
            case DigitHeard():
                self._calls.on_digit(line, fact)
            case MessageReceived():
                self._messages.on_message(line, fact)
            case UssdHeard():
                self._ussd.on_heard(line, fact)
            case StorageFull():
                text = "The SIM has no room for messages."
                self._alarm(f"sms-storage-{line.line}", text, line.line)
            case _:
                pass

    def on_changed(self, line: Line) -> None:
        """Show a line at the end of this loop turn: what its modem must do goes first."""
        self._show_soon()
        self._to_show[line.line] = line

    def on_gone(self, line: Line) -> None:
        """Take a line off the board."""
        self._show_soon()
        self._to_show.pop(line.line, None)
        self._show(self._topics.of(topics.LINE, line.line), b"")

    # --- the broker

    def _on_command(self, inbound: Inbound) -> None:
        self._tasks.spawn(self._commands.from_broker(inbound))

    def _on_link(self, state: LinkState, _why: str) -> None:
        connected = state is LinkState.UP
        self._board.set_connected(connected=connected)
        self._outbox.set_connected(connected=connected)

    def _publish(self, message: Message) -> asyncio.Future[None]:
        return self._broker.publish(message.topic, message.payload, correlation=message.correlation)

    def _on_written(self, message: Message) -> None:
        self._control.show(message.topic, message.payload)

    def _publish_retained(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        return self._broker.publish(topic, payload, retain=True)

    # --- the board

    def _show(self, topic: str, payload: bytes) -> None:
        self._board.show(topic, payload)
        self._control.show(topic, payload)

    def _show_soon(self) -> None:
        if not self._show_due:
            self._show_due = True
            asyncio.get_running_loop().call_soon(self._show_lines)

    def _show_lines(self) -> None:
        """Show the lines that changed, and what the gateway can carry now."""
        self._show_due = False
        lines, self._to_show = self._to_show, {}
        for line in lines.values():
            status = line.status(self._config.gateway.name)
            self._show(self._topics.of(topics.LINE, line.line), status.encode())
            if status.state is LineState.READY:
                self._calls.serve_queue()
            elif status.state is LineState.ABSENT:
                self._ussd.on_gone(line)
        self._show_capacity()

    def _show_capacity(self) -> None:
        states = Counter(self._fleet.states.values())
        ready = states.pop(LineState.READY, 0)
        capacity = Capacity(
            gateway=self._config.gateway.name,
            ready={LineKind.GSM: ready},
            not_ready={str(state): count for state, count in states.items()},
        )
        self._show(self._topics.of(topics.CAPACITY), capacity.encode())

    def _status(self, state: str, reason: str | None) -> bytes:
        return Status(
            gateway=self._config.gateway.name,
            state="online" if state == "online" else "offline",
            boot_id=self._boot_id,
            version=version("trunkline"),
            since=self._since,
            reason=reason,
        ).encode()

    def _on_disk(self, failure: str | None) -> None:
        message = f"The disk does not take records: {failure}" if failure else None
        self._alarm("storage", message, None, Severity.CRITICAL)

    def _alarm(
        self,
        name: str,
        message: str | None,
        line: str | None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Raise an alarm, or clear it with None."""
        topic = self._topics.of(topics.ALARM, name)
        if message is None:
            self._board.take_down(topic)
            return
        alarm = Alarm(
            gateway=self._config.gateway.name,
            name=name,
            severity=severity,
            message=message[:512],
            raised_at=clock.now(),
            line=line,
        )
        self._show(topic, alarm.encode())


def _settle_memory() -> None:
    """What is there at the start stays: the collector need not look at it again and again.

    Without this a full collection stops the loop for some 10 ms now and then.
    """
    gc.collect()
    gc.freeze()
