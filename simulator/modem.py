"""One simulated modem: a pty, SIM slots, a radio, calls, messages, a dialect."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.board import Board
from simulator.clock import Timers, draw, seeded
from simulator.console import Console
from simulator.dialects import dialect_for
from simulator.fxo.chips import CHIPS
from simulator.fxo.console import FxoConsole
from simulator.fxo.device import Device
from simulator.inbox import Inbox
from simulator.oddities import Dice, Oddity
from simulator.port import Port
from simulator.radio import Radio
from simulator.sim_card import SimCard
from simulator.sound.device import Audio
from simulator.ussd_session import UssdSession

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from simulator.network import Network
    from simulator.scenario import ModemPart

_RECEIVED_LINES = 10_000
_SIM_BUSY_S = 5.0


class Modem:
    """Speaks on its port what its dialect says; misbehaves when told or by its dice."""

    def __init__(
        self,
        part: ModemPart,
        network: Network,
        seed: int,
        loop: asyncio.AbstractEventLoop,
        link: Path | None,
    ) -> None:
        self.part = part
        self.name = part.name
        self.network = network
        self.rng = seeded(seed, part.name)
        self.dice = Dice(part.oddities, seeded(seed, part.name, "oddities"))
        self.timers = Timers(network.clock)
        self.dialect = dialect_for(part)
        self.settings: dict[str, str] = {}
        self.cards = [SimCard(sim) for sim in part.sims]
        self.slot = 0
        self.received: deque[str] = deque(maxlen=_RECEIVED_LINES)
        self.on_received: Callable[[str], None] | None = None
        self.on_urc: Callable[[str], None] | None = None
        self.port = Port(loop, link, self._data)
        self.audio = Audio(self, loop, link and link.with_name(f"{link.name}.audio"))
        self.board = Board(self)
        self.inbox = Inbox(self)
        self.ussd = UssdSession(self)
        self.radio = Radio(self)
        self.fxo = Device(self) if part.family in CHIPS else None
        self.console = FxoConsole(self, self.fxo) if self.fxo else Console(self)
        self.sim_busy = False
        self.ready = False

    @property
    def card(self) -> SimCard | None:
        """The card in the active slot."""
        if self.slot >= len(self.cards):
            return None
        card = self.cards[self.slot]
        return card if card.present else None

    def start(self) -> None:
        """Plug in: open the port and power up."""
        self.port.open()
        self.audio.open()
        self.restore_settings()
        self.radio.function = 1
        self.board.has_data_bearer = self.dialect.has_data_bearer(self)
        self.board.has_data_bearer |= self.dice.throw(Oddity.DATA_BEARER)
        if self.card and self.dice.throw(Oddity.STORAGE_FULL):
            self.card.store.blocked = True
        for card in self.cards:
            card.power_up()
        boot_s = draw(self.part.boot_s, self.rng)
        if boot_s:
            self.timers.later(boot_s, self._boot)
        else:
            self._boot()

    def stop(self) -> None:
        """Unplug: calls are lost, the port is gone."""
        self.port.close()
        self.audio.close()
        if self.fxo:
            self.fxo.put_down()
        self.board.drop_all()
        self.radio.off()
        self.timers.cancel_all()
        self.console.reset()
        self.inbox.reset()
        self.ussd.reset()
        self.ready = self.sim_busy = False

    vanish = stop

    def come_back(self) -> None:
        """Plug in again: a new pty, the same link."""
        if not self.port.is_open:
            self.start()

    def reenumerate(self) -> None:
        """Vanish and come back after `reenumerate_s`."""
        self.stop()
        self.timers.later(self.part.reenumerate_s, self.come_back)

    def hang(self, seconds: float | None = None) -> None:
        """Answer nothing for so many simulated seconds, or for ever; URCs go on."""
        self.console.deafen(seconds)

    def write_raw(self, data: bytes) -> None:
        """Put octets on the port as they are."""
        self.port.write(data)

    def urc(self, line: str, body: str = "") -> None:
        """Send an unsolicited line, and the PDU that belongs to it."""
        if self.dialect.urcs_pass(self):
            if self.on_urc:
                self.on_urc(line)
            text = self.dialect.framed(line)
            whole = f"{text}{body}\r\n" if body else text
            self.port.write(whole.encode("latin-1", "replace"))

    def hear(self, line: str) -> None:
        """Note what came in."""
        self.received.append(line)
        if self.on_received:
            self.on_received(line)

    def restore_settings(self) -> None:
        """ATZ: every setting back to its default."""
        defaults = self.dialect.commands.settings.values()
        self.settings = {setting.name: setting.default for setting in defaults}

    def lose_registration(self, seconds: float | None = None) -> None:
        """Lose the network, for so long or for good."""
        if self.fxo:
            self.fxo.lose_line(seconds)
        else:
            self.radio.lose(seconds)

    def parallel(self, *, lifted: bool) -> None:
        """Take a second phone on an FXO line off its hook, or put it down."""
        if self.fxo:
            self.fxo.parallel(lifted=lifted)

    def remove_sim(self) -> None:
        """Pull the card out of the active slot."""
        if self.card is None:
            return
        self.board.drop_all()
        self.cards[self.slot].present = False
        self.radio.update()
        self.dialect.card_moved(self)

    def insert_sim(self) -> None:
        """Put the card back."""
        if self.card is None and self.slot < len(self.cards):
            self.cards[self.slot].present = True
            self.cards[self.slot].power_up()
            self.dialect.card_moved(self)
            self.radio.update()

    def switch_slot(self, slot: int) -> bool:
        """Use another slot; False when there is none."""
        if slot >= len(self.cards):
            return False
        self.board.drop_all()
        self.radio.off()
        self.slot = slot
        self.radio.update()
        return True

    def fill_storage(self, *, full: bool = True) -> None:
        """Make the card's message storage full, or free again."""
        if self.card:
            self.card.store.blocked = full
            self.inbox.flush()

    def _boot(self) -> None:
        self.ready = True
        if self.fxo:
            self.fxo.loop.connect()
            return
        if self.dice.throw(Oddity.SIM_BUSY):
            self.sim_busy = True
            self.timers.later(_SIM_BUSY_S, self._card_ready)
        self.dialect.booted(self)
        self.radio.update()

    def _card_ready(self) -> None:
        self.sim_busy = False

    def _data(self, data: bytes) -> None:
        if self.ready:
            self.console.feed(data)
