"""A whole gateway whose SIMs have money at a simulated carrier, and a person at its terminal."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from edge.cli.app import app
from mqtt.messages import MoneyEvent
from tests.brokers import Broker
from tests.edge.money.office import carrier
from tests.edge.worlds import World, world

COUNTRY = "NG"
BALANCE = "50"


class Shop:
    """`run` is the trunkline command."""

    def __init__(self, inside: World, folder: Path) -> None:
        self.world = inside
        self._config = folder / "gateway.toml"
        socket = inside.config.control.socket
        self._config.write_text(
            f'[gateway]\ncountry = "{COUNTRY}"\n[control]\nsocket = "{socket}"\n'
        )

    @property
    def iccids(self) -> list[str]:
        """The SIMs, one a modem."""
        return [modem.cards[0].part.iccid or "" for modem in self.world.sim.modems.values()]

    @property
    def lines(self) -> list[str]:
        """The lines of these SIMs."""
        return [f"sim-{iccid[-10:]}" for iccid in self.iccids]

    def money(self, *kinds: str) -> list[MoneyEvent]:
        """What was told of money over MQTT."""
        return [event for event in self.world.ear.heard.of(MoneyEvent) if event.kind in kinds]

    async def run(self, *arguments: str, stdin: str = "") -> Result:
        given = {"TRUNKLINE_CONFIG": str(self._config)}
        return await asyncio.to_thread(CliRunner(env=given).invoke, app, arguments, input=stdin)

    async def facts(self, *arguments: str, stdin: str = "") -> list[Any]:
        result = await self.run(*arguments, "--json", stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return [json.loads(text) for text in result.stdout.splitlines()]

    async def until(self, *kinds: str) -> None:
        """Wait until such an event was told."""
        await self.world.ear.until(lambda: self.money(*kinds))


@asynccontextmanager
async def shop(
    broker: Broker,
    folder: Path,
    lines: int = 1,
    rule: dict[str, Any] | None = None,
    **keys: Any,
) -> AsyncIterator[Shop]:
    """A gateway with so many lines that are ready, and one rule for top-ups."""
    sim = {"sims": [{"account": {"carrier": "c", "balance": BALANCE}}]}
    config = {
        "gateway": {"country": COUNTRY},
        "topup": [{"amount": "100", "per_day": "500", "per_month": "500"} | (rule or {})],
    }
    keys = {"carriers": [carrier()]} | keys
    async with world(broker, folder, *[sim] * lines, config=config, **keys) as inside:
        yield Shop(inside, folder)
