"""An office with a control socket, and the trunkline command on it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from config.models import GatewayConfig
from config.profiles import Profiles
from drivers.facts import Fact
from edge.call_book import CallBook
from edge.cli.app import app
from edge.commands import Commands, Handler
from edge.control import ControlDoor
from edge.fleet import Fleet
from edge.guards.deny import DenyList
from edge.guards.deny_desk import DenyDesk
from edge.guards.hashes import NumberHash
from edge.lines import Line
from edge.money.means import Means
from edge.money.rules import Rules
from edge.money.topups import TopUps
from edge.outbox import Message
from edge.owner import Owner
from edge.sim_transfer import SimTransfer
from edge.usage import Usage
from mqtt import messages
from simulator import Scenario, Simulator
from tests.edge.money.office import ZONE, Office, Settings, carriers

COUNTRY = "NG"


class Shop(Office):
    """An office with doors; `run` is a person at its terminal."""

    async def open(self) -> None:
        self.door: ControlDoor | None = None
        await super().open()
        config = GatewayConfig.model_validate({"discovery": {"usb": False}})
        self.usage = Usage(config, self.store, ZONE)
        await self.usage.load()
        self.denied = DenyList(NumberHash(b"k"))
        await self.denied.load(self.store)
        self.fleet = Fleet(
            config, Profiles({}), carriers(), self.store, self.usage, self.alarm, _always
        )
        self.fleet.lines = self.lines
        self.fleet.start(self)
        desks: dict[type[messages.AnyCommand], Handler] = {
            messages.Balance: self.balance_desk.handle,
            messages.TopUp: self.desk.handle,
            messages.Deny: DenyDesk(self.denied, COUNTRY).deny,
        }
        book = CallBook(self.store, self.journal)
        commands = Commands(self.store, self.journal, self.fleet, book, desks)
        await commands.load()
        self.door = ControlDoor(
            self.folder / "control.sock",
            commands,
            self.fleet,
            self.store,
            self._owner().verbs,
            at_enabled=False,
        )
        await self.door.start()

    async def close(self) -> None:
        if self.door:
            await self.door.stop()
        await super().close()

    def _owner(self) -> Owner:
        topups = TopUps(self.ledger, self.vouchers)
        means = Means(self.ledger, self.vouchers, topups, Rules((), (), 3, ZONE), 3, ZONE)
        sims = SimTransfer("shop", self.store, self.usage, self.balances, self.fleet)
        waiting = self.desk.consider_all
        return Owner(self.store, means, carriers(), self.denied, COUNTRY, sims, waiting)

    def _on_written(self, message: Message) -> None:
        super()._on_written(message)
        if self.door:
            self.door.show(message.topic, message.payload)

    # --- Listener of the fleet

    def on_fact(self, line: Line, fact: Fact) -> None:
        raise AssertionError(f"no keeper is here, but {line.line} heard {fact}")

    def on_changed(self, line: Line) -> None:
        assert line.line in self.lines

    def on_gone(self, line: Line) -> None:
        raise AssertionError(f"{line.line} is gone")

    async def run(self, *arguments: str, stdin: str = "") -> Result:
        config = self.folder / "gateway.toml"
        config.write_text(
            f'[gateway]\ncountry = "{COUNTRY}"\n[control]\nsocket = "{self.folder}/control.sock"\n'
        )
        given = {"TRUNKLINE_CONFIG": str(config)}
        return await asyncio.to_thread(CliRunner(env=given).invoke, app, arguments, input=stdin)

    async def facts(self, *arguments: str, stdin: str = "") -> list[Any]:
        result = await self.run(*arguments, "--json", stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return [json.loads(text) for text in result.stdout.splitlines()]


@asynccontextmanager
async def shop(
    folder: Path, world: Scenario, settings: Settings | None = None
) -> AsyncIterator[Shop]:
    """A shop whose lines are registered."""
    sim = Simulator(world, folder / "tty")
    await sim.start()
    found = Shop(sim, folder, settings or Settings())
    try:
        await found.open()
        await found.until(lambda: all(line.is_up for line in found.lines.values()))
        yield found
        await found.check()
    finally:
        await found.close()
        await sim.stop()


def _always(_line: Line) -> bool:
    return True
