"""The gateway put together: what exists, what runs, what hears what."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from typing import TYPE_CHECKING
from uuid import uuid4

from config.carriers import Carriers
from config.countries import Countries
from config.models import GatewayConfig
from config.profiles import Profiles
from drivers.facts import CallChanged, DigitHeard, Fact, MessageReceived, StorageFull, UssdHeard
from edge import clock
from edge.block import Block
from edge.board import Board
from edge.call_book import CallBook
from edge.call_desk import CallDesk
from edge.call_queue import CallQueue
from edge.commands import Commands
from edge.control import ControlDoor
from edge.destination import NumberingPlans
from edge.dial_desk import DialDesk, no_voice
from edge.display import Display
from edge.fleet import Fleet
from edge.guards import almanac
from edge.guards.almanac import Almanac
from edge.guards.attempts import Attempts
from edge.guards.deny import DenyList
from edge.guards.deny_desk import DenyDesk
from edge.guards.guards import Guards
from edge.guards.hashes import NumberHash
from edge.journal import Journal
from edge.lines import Line
from edge.message_desk import MessageDesk
from edge.money.desk import MoneyDesk
from edge.notify import feed_watchdog, notify
from edge.outbox import Message, Outbox
from edge.owner import Owner
from edge.placement import Placement
from edge.sim_transfer import SimTransfer
from edge.store import Store
from edge.tasks import Tasks
from edge.usage import Usage, zone_of
from edge.ussd_desk import UssdDesk
from mqtt import messages, topics
from mqtt.session import BrokerSession, Inbound, LinkState, Will
from mqtt.vocabulary import LineState, Severity

if TYPE_CHECKING:
    from edge.voice.voice import Voice

log = logging.getLogger(__name__)

_VOICE_VERBS = (
    messages.Bridge,
    messages.Transfer,
    messages.Hold,
    messages.Play,
    messages.Record,
    messages.Monitor,
)


class Gateway:
    """Everything of one gateway; `run` is its whole life."""

    def __init__(
        self, config: GatewayConfig, profiles: Profiles, carriers: Carriers, countries: Countries
    ) -> None:
        self._config = config
        name = config.gateway.name
        boot_id = str(uuid4())
        home = config.gateway.country
        self._countries = countries
        self._tasks = Tasks("gateway")
        self._stopping = asyncio.Event()
        self._store = Store(config.storage.path, on_health=self._on_disk)
        self._outbox = Outbox(self._store, self._publish, self._on_written)
        self._board = Board(self._publish_retained)
        self._journal = Journal(self._outbox, name, boot_id)
        self._display = Display(
            name,
            boot_id,
            self._store,
            self._show,
            self._status_of,
            self._on_shown,
        )
        status = topics.Topics(name).of(topics.STATUS)
        will = Will(status, self._display.status("offline", "lost"))
        self._broker = BrokerSession(config.mqtt, name, will, self._on_command, self._on_link)

        zone = zone_of(config)
        self._usage = Usage(config, self._store, zone)
        self._fleet = Fleet(
            config,
            profiles,
            carriers,
            self._store,
            self._usage,
            self._display.alarm,
            self._tasks.spawn,
        )
        self._display.follow(self._fleet)
        self._plans = NumberingPlans(home, countries, carriers)
        self._numbers = NumberHash()
        self._denied = DenyList(self._numbers)
        self._attempts = Attempts(self._numbers)
        self._almanac = Almanac()
        guards = Guards(config, countries, self._denied, self._attempts, self._almanac)
        self._messages = MessageDesk(
            config,
            self._store,
            self._journal,
            self._fleet,
            self._plans.classify,
            guards.check_sms,
        )
        self._ussd = UssdDesk(self._journal, lambda: self._fleet.lines)
        self._money = MoneyDesk(
            config, zone, self._store, self._journal, self._ussd, self._messages, self._fleet
        )
        self._placement = Placement(
            config.dispatcher,
            self._plans.classify,
            guards,
            self._attempts,
            self._usage,
            self._money.charge,
            self._fleet.candidates,
        )
        self._book = CallBook(self._store, self._journal)
        queue = CallQueue(config.dispatcher.queue_limit)
        self._calls = CallDesk(
            config, self._book, self._placement, self._fleet, queue, self._money.on_call_ended
        )
        self._dials = DialDesk(
            config, self._book, self._journal, self._placement, self._fleet, self._calls, queue
        )
        self._commands = Commands(
            self._store,
            self._journal,
            self._fleet,
            self._book,
            self._status_of,
            self._dials.is_urgent,
            {
                messages.Dial: self._dials.dial,
                messages.Why: self._dials.why,
                messages.Hangup: self._calls.hangup,
                messages.Answer: self._calls.answer,
                messages.Dtmf: self._calls.dtmf,
                messages.Sms: self._messages.send,
                messages.Ussd: self._ussd.handle,
                messages.Balance: self._money.balance_desk.handle,
                messages.TopUp: self._money.topup_desk.handle,
                messages.Deny: DenyDesk(self._denied, home).deny,
            },
        )
        owner = Owner(
            self._store,
            self._money.means,
            carriers,
            self._denied,
            home,
            SimTransfer(name, self._store, self._usage, self._money.balances, self._fleet),
            self._money.topup_desk.consider_all,
        )
        self._voice = self._make_voice() if config.has_voice else None
        if self._voice is None:
            self._commands.serve(dict.fromkeys(_VOICE_VERBS, no_voice))
        self._control = ControlDoor(
            config.control.socket,
            self._commands,
            self._fleet,
            self._store,
            {**owner.verbs, **(self._voice.verbs if self._voice else {})},
            at_enabled=config.console.at_enabled,
        )

    def _make_voice(self) -> Voice:
        from edge.voice.voice import Voice  # noqa: PLC0415 - 40 MB that not every gateway needs

        voice = Voice(
            _with_notice(self._config, self._countries),
            self._store,
            self._book,
            self._calls,
            self._plans.classify,
            self._commands.order,
            self._display.alarm,
        )
        self._calls.follower = voice.talks
        self._dials.agents = voice
        self._commands.serve(voice.handlers)
        return voice

    async def run(self) -> None:
        """Live until `stop` or a signal; raises StoreError when the disk cannot be used."""
        loop = asyncio.get_running_loop()
        await self._control.check_free()
        await self._store.open()
        await self._outbox.load()
        await self._display.load()
        await self._numbers.load(self._store)
        await self._denied.load(self._store)
        await self._attempts.load(self._store, clock.now().timestamp())
        await self._usage.load()
        await self._money.load()
        await self._fleet.load()
        await self._commands.load()
        await self._placement.load(self._store)
        await self._calls.recover()
        await self._messages.recover()
        if self._voice:
            await self._voice.start()
        await self._control.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        self._display.show_status("online")
        self._fleet.start(self)
        try:
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(work)
                    for work in (
                        self._broker.run(),
                        self._outbox.run(),
                        self._commands.forget_for_ever(),
                        almanac.keep(self._almanac, self._config.gateway.country, self._on_almanac),
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
            if self._voice:
                await self._voice.stop()
            await self._store.close()

    def stop(self) -> None:
        """Ask it to end."""
        notify("STOPPING=1")
        self._stopping.set()

    async def _wind_down(self) -> None:
        """End the calls, let the modems go, say goodbye, close the doors."""
        await self._calls.end_all()
        await self._fleet.stop()
        self._display.show_due()
        self._display.show_status("offline", "stopped")
        await self._board.all_sent()
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
                self._display.alarm(f"sms-storage-{line.line}", None, line.line)
            case UssdHeard():
                self._ussd.on_heard(line, fact)
            case StorageFull():
                text = "The SIM has no room for messages."
                self._display.alarm(f"sms-storage-{line.line}", text, line.line)
            case _:
                pass

    def on_changed(self, line: Line) -> None:
        """What a line may do is known at once, and it is shown soon."""
        self._money.see_credit(line)
        self._display.line(line)
        self._dials.serve_queue()

    def on_gone(self, line: Line) -> None:
        """Take a line off the board."""
        self._display.drop(line)

    def _status_of(self, line: Line) -> messages.LineStatus:
        return line.status(self._config.gateway.name, self._money.shown(line))

    def _on_shown(self, line: Line, status: messages.LineStatus) -> None:
        """A line is shown: what waits for its state, and what a person should look into."""
        self._money.on_line(line)
        if line.accounts:
            self._display.alarm(f"unhealthy-{line.line}", line.accounts[0].alarm, line.line)
        if status.state is LineState.ABSENT:
            self._ussd.on_gone(line)

    def is_idle(self, line: Line) -> bool:
        """Whether no message and no session is under way on a line."""
        return self._messages.is_idle(line) and self._ussd.is_idle(line)

    def held(self, line: Line) -> Block | None:
        """Why a call must not have the line now, though it looks free."""
        return self._money.held(line)

    def _on_almanac(self) -> None:
        self._plans.know_networks(self._almanac.networks)
        self._store.write(self._attempts.tidy(clock.now().timestamp()), keep=True)

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

    def _on_disk(self, failure: str | None) -> None:
        message = f"The disk does not take records: {failure}" if failure else None
        self._display.alarm("storage", message, None, Severity.CRITICAL)


def _with_notice(config: GatewayConfig, countries: Countries) -> GatewayConfig:
    """The configuration with what the country says of recordings, where the owner says nothing."""
    if config.recording.notice is not None:
        return config
    notice = countries.of(config.gateway.country).recording_notice
    recording = config.recording.model_copy(update={"notice": notice})
    return config.model_copy(update={"recording": recording})


def _settle_memory() -> None:
    """What is there at the start stays: the collector need not look at it again and again.

    Without this a full collection stops the loop for some 10 ms now and then.
    """
    gc.collect()
    gc.freeze()
