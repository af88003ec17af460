"""A whole small world: simulated modems, a broker, a gateway, and a dialer that hears all of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from config.carriers import Carriers, load_carriers
from config.countries import Countries, load_countries
from config.models import GatewayConfig, Sim
from config.models import Modem as ModemSettings
from config.profiles import Profiles, load_profiles
from edge.gateway import Gateway
from mqtt.fields import format_timestamp
from mqtt.messages import CallEvent, Reply
from mqtt.vocabulary import Result
from simulator import Scenario, Simulator
from simulator.calls import NetworkCall
from simulator.modem import Modem
from tests.brokers import Broker
from tests.edge.ear import PATIENCE_S, Ear

ANSWERS, STAYS, RINGS, BUSY, REJECTS, NO_ANSWER, UNASSIGNED, NETWORK_ERROR, UNREACHABLE, BARRED = (
    f"+4930123456{n:02}" for n in range(10)
)
CALLEES = [
    {"number": ANSWERS, "does": "answer", "answer_after_s": 2, "talk_s": 2},
    {"number": STAYS, "does": "answer", "answer_after_s": 2, "then": "stay"},
    {"number": RINGS, "does": "answer", "answer_after_s": 100_000, "then": "stay"},
    {"number": BUSY, "does": "busy"},
    {"number": REJECTS, "does": "reject", "answer_after_s": 2},
    {"number": NO_ANSWER, "does": "no_answer"},
    {"number": UNASSIGNED, "does": "unassigned"},
    {"number": NETWORK_ERROR, "does": "network_error"},
    {"number": UNREACHABLE, "does": "unreachable"},
    {"number": BARRED, "does": "barred"},
]
NETWORK = {"setup_s": 0.5, "ring_timeout_s": 100_000, "sms_delay_s": 0.2, "report_delay_s": 0.5}
FAST = {"latency_ms": 0, "registration_delay_s": 0}
OUTSIDE = "+491701234567"
SPEED = 50


@cache
def profiles() -> Profiles:
    return load_profiles()


@cache
def carriers() -> Carriers:
    return load_carriers()


@cache
def countries() -> Countries:
    return load_countries()


def soon(seconds: float = 30) -> str:
    """Write the time so many seconds from now."""
    return format_timestamp(datetime.now(UTC) + timedelta(seconds=seconds))


async def eventually(holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Let the loop turn until it holds: for what no message tells."""
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110 - no event tells of every fact asked here
            await asyncio.sleep(0.001)


class World:
    """What one test plays in; the gateway may be stopped and started again in it."""

    def __init__(self, sim: Simulator, ear: Ear, config: GatewayConfig) -> None:
        self.sim = sim
        self.ear = ear
        self.config = config
        self.gateway: Gateway | None = None
        self._run: asyncio.Task[None] | None = None

    @property
    def modem(self) -> Modem:
        """The first modem."""
        return next(iter(self.sim.modems.values()))

    @property
    def calls(self) -> list[NetworkCall]:
        """The calls as the network saw them: the truth."""
        return list(self.sim.network.calls)

    @property
    def number(self) -> str:
        """The number of the first modem's SIM."""
        return self.modem.cards[0].number

    def limit(self, **bounds: float) -> None:
        """Bound calls more tightly than the owner may: seconds of a test, not of a person."""
        calls = self.config.calls.model_copy(update=bounds)
        self.config = self.config.model_copy(update={"calls": calls})

    def add_modem(self, name: str, port: Path) -> None:
        """Configure one more modem; it is taken up at the next start."""
        modems = (*self.config.modem, ModemSettings(name=name, port=port))
        self.config = self.config.model_copy(update={"modem": modems})

    def know_sim(self, **fields: Any) -> None:
        """Configure the first modem's SIM; in force at the next start."""
        sim = Sim.model_validate({"iccid": self.modem.cards[0].part.iccid} | fields)
        self.config = self.config.model_copy(update={"sim": (sim,)})

    def start(self) -> None:
        self.gateway = Gateway(self.config, profiles(), carriers(), countries())
        self._run = asyncio.create_task(self.gateway.run(), name="gateway")

    async def stop(self) -> None:
        if self.gateway and self._run:
            self.gateway.stop()
            await asyncio.wait_for(self._run, PATIENCE_S)
            self.gateway = self._run = None

    async def ready(self, lines: int | None = None) -> None:
        """Wait until so many lines, all by default, can take a call."""
        wanted = len(self.sim.modems) if lines is None else lines
        await self.ear.until(lambda: self.ear.ready() == wanted)

    async def order(self, to: str, **fields: Any) -> Reply:
        """Ask for a call."""
        return await self.ear.ask("dial", to=to, expires_at=fields.pop("until", soon()), **fields)

    async def dial(self, to: str, **fields: Any) -> str:
        """Ask for a call that is accepted; gives its call_id."""
        reply = await self.order(to, **fields)
        assert reply.result is Result.ACCEPTED, reply
        assert reply.call_id
        return reply.call_id

    async def rung(self, caller: str = OUTSIDE) -> tuple[NetworkCall, str]:
        """Call the first modem from outside; gives the call at both ends."""
        return await self.rung_on(self.modem.name, caller)

    async def rung_on(self, name: str, caller: str = OUTSIDE) -> tuple[NetworkCall, str]:
        """Call a modem from outside; gives the call at both ends."""
        known = self._call_ids()
        call = self.sim.network.call(caller, self.sim.modems[name].cards[0].number)
        await self.ear.until(lambda: self._call_ids() - known)
        [call_id] = self._call_ids() - known
        return call, call_id

    def _call_ids(self) -> set[str]:
        return {event.call_id for event in self.ear.heard.of(CallEvent)}


def scenario(*modems: dict[str, Any], **keys: Any) -> Scenario:
    """Modems m0, m1... that answer at once, in a network much faster than real time."""
    parts = [{"name": f"m{index}"} | FAST | modem for index, modem in enumerate(modems)]
    network = NETWORK | keys.pop("network", {})
    whole = {"speed": SPEED, "network": network, "callees": CALLEES} | keys | {"modems": parts}
    return Scenario.model_validate(whole)


def settings(
    broker: Broker,
    folder: Path,
    ports: dict[str, str],
    audio: dict[str, str] | None = None,
    **more: Any,
) -> GatewayConfig:
    """A configuration for one test: its own name, files in its folder, `more` over it."""
    whole: dict[str, Any] = {
        "gateway": {"name": f"t-{uuid4().hex[:12]}"},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "storage": {"path": folder / "trunkline.db"},
        "control": {"socket": folder / "control.sock"},
        "discovery": {"usb": False},
        "modem": [
            {"name": name.replace(".", "-").lower(), "port": port}
            | ({"audio": audio[name]} if audio and name in audio else {})
            for name, port in ports.items()
        ],
    }
    for section, values in more.items():
        known = whole.get(section)
        whole[section] = known | values if isinstance(known, dict) else values
    return GatewayConfig.model_validate(whole)


@asynccontextmanager
async def world(
    broker: Broker,
    folder: Path,
    *modems: dict[str, Any],
    config: dict[str, Any] | None = None,
    running: bool = True,
    **keys: Any,
) -> AsyncIterator[World]:
    """Simulator, dialer and (unless told otherwise) a gateway whose lines are all ready."""
    sim = Simulator(scenario(*(modems or ({},)), **keys), folder / "tty")
    await sim.start()
    chosen = settings(broker, folder, sim.ports, sim.audio_ports, **(config or {}))
    try:
        async with Ear(broker, chosen.gateway.name) as ear:
            whole = World(sim, ear, chosen)
            try:
                if running:
                    whole.start()
                    await whole.ready()
                yield whole
            finally:
                await whole.stop()
            ear.check()
    finally:
        await sim.stop()
