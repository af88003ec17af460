"""A gateway's money on simulated SIMs: real ptys, a real SQLite file, carriers that charge.

What the gateway does between these parts is done here as plainly as can be; `crash` loses what is
in memory and comes back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from config.carriers import Carriers, load_carriers
from config.models import GatewayConfig
from config.money import BalanceChecks, Budget, TopUpRule
from config.profiles import load_profiles
from drivers.facts import Fact, MessageReceived, RegistrationSeen, UssdHeard
from drivers.modem import Modem
from edge.destination import Destination
from edge.journal import Journal
from edge.lines import Line
from edge.message_desk import MessageDesk
from edge.money.audit import check
from edge.money.balance_desk import BalanceDesk
from edge.money.balances import Balances
from edge.money.conversation import Conversations
from edge.money.courier import Courier
from edge.money.entry import Change, Entry
from edge.money.funds import Fund
from edge.money.ledger import Ledger, read_entries
from edge.money.means import Means
from edge.money.requests import Codes
from edge.money.rules import Rules
from edge.money.topup_desk import TopUpDesk
from edge.money.topup_watch import TopUpWatch
from edge.money.topups import TopUps
from edge.money.vault import Vault
from edge.money.voucher_file import Defaults, read_vouchers
from edge.money.vouchers import Vouchers
from edge.outbox import Message, Outbox
from edge.outcome import Outcome
from edge.store import Store
from edge.tasks import Tasks
from edge.ussd_desk import UssdDesk
from mqtt import messages, topics
from mqtt.catalog import CHANNELS
from mqtt.fields import Model
from mqtt.vocabulary import TopUpAction
from simulator import Scenario, Simulator
from simulator.money.account import Account
from simulator.money.carrier import Carrier

PATIENCE_S = 10.0
ZONE = ZoneInfo("UTC")
MODELS = {channel.kind: channel.model for channel in CHANNELS}
KEY = b"k" * 32
CODES = ("1234567890123456", "2345678901234567", "3456789012345678")
NETWORK = {"setup_s": 0.2, "sms_delay_s": 0.1, "report_delay_s": 0.1}

M = TypeVar("M", bound=Model)


@cache
def carriers() -> Carriers:
    return load_carriers()


def carrier(dialect: str = "ng-mtn", **keys: Any) -> dict[str, Any]:
    """A carrier that sold CODES for 100 each."""
    vouchers = [{"code": code, "amount": "100.00"} for code in CODES]
    tariff = {"per_minute": "6.00"}
    return {"name": "c", "dialect": dialect, "vouchers": vouchers, "tariff": tariff} | keys


def scenario(*modems: dict[str, Any], balance: str = "50.00", **keys: Any) -> Scenario:
    """Modems m0, m1... whose SIMs have money at carrier c."""
    sim = {"account": {"carrier": "c", "balance": balance}}
    fast = {"latency_ms": 0, "registration_delay_s": 0}
    parts = [{"name": f"m{n}", "sims": [sim]} | fast | modem for n, modem in enumerate(modems)]
    whole = {"speed": 50, "network": NETWORK, "carriers": [carrier()]} | keys
    return Scenario.model_validate(whole | {"modems": parts})


def rule(**keys: Any) -> TopUpRule:
    return TopUpRule.model_validate(
        {"amount": "100", "below": "20", "per_month": "500", "per_day": "500"} | keys
    )


@dataclass
class Settings:
    """What the owner of the office set."""

    checks: BalanceChecks = field(default_factory=BalanceChecks)
    rules: Sequence[TopUpRule] = ()
    budgets: Sequence[Budget] = ()
    max_refused: int = 3
    warn_below: Decimal | None = None


class Office:
    """Lines desk-0, desk-1... one a modem; `told` is what the world hears, in order."""

    def __init__(self, sim: Simulator, folder: Path, settings: Settings) -> None:
        self.sim = sim
        self.folder = folder
        self.settings = settings
        self.told: list[Model] = []
        self.alarms: dict[str, str] = {}
        self.barred: list[str] = []
        self.funds: list[Fund] = []
        self.modems: list[Modem] = []

    async def open(self) -> None:
        self.tasks = Tasks("office")
        self.store = Store(self.folder / "trunkline.db", on_health=lambda _: None)
        await self.store.open()
        outbox = Outbox(self.store, _never, self._on_written)
        await outbox.load()
        self.journal = Journal(outbox, "office", str(uuid4()))
        self.lines: dict[str, Line] = {}
        await self._make_desks()
        for name, port in self.sim.ports.items():
            await self._take_up(name, Path(port))

    async def close(self) -> None:
        await self.tasks.end()
        for modem in self.modems:
            modem.close()
        self.modems.clear()
        await self.store.close()

    async def crash(self) -> None:
        """Lose what is in memory, commits that wait too, and come back."""
        self.store._waiting.clear()
        await self.close()
        await self.open()

    async def _make_desks(self) -> None:
        lines: Callable[[], dict[str, Line]] = lambda: self.lines  # noqa: E731
        spawn = self.tasks.spawn
        codes = Codes()
        self.ledger = Ledger(self.journal)
        await self.ledger.load(self.store)
        self.vouchers = Vouchers(self.ledger, Vault(KEY))
        await self.vouchers.load(self.store)
        self.balances = Balances(self.ledger)
        await self.balances.load(self.store, _now())
        self.ussd = UssdDesk(self.journal, lines)
        self.ussd.listen(codes.hide, lambda line, text: self._on_text(line, None, text))
        self.messages = MessageDesk(
            GatewayConfig(),
            self.store,
            self.journal,
            self,
            _nowhere,
            lambda _: None,
        )
        self.messages.listen(codes.hide, self._on_sms, lambda *_: Change())
        self.talks = Conversations(self.ussd, codes)
        self.balance_desk = BalanceDesk(
            self.settings.checks, ZONE, self.balances, self.talks, lines, self, spawn
        )
        topups = TopUps(self.ledger, self.vouchers)
        refusals = self.settings.max_refused
        rules = Rules(self.settings.rules, self.settings.budgets, refusals, ZONE)
        means = Means(self.ledger, self.vouchers, topups, rules, refusals, ZONE)
        courier = Courier(topups, self.talks, self.balance_desk)
        self.watch = TopUpWatch(means, self.balance_desk, codes, lines, self.alarm)
        self.desk = TopUpDesk(means, self.watch, courier, lines, self.alarm, spawn)
        await self.watch.recover()

    async def _take_up(self, name: str, port: Path) -> None:
        line = Line(f"desk-{len(self.lines)}", None)
        hear = partial(self._on_fact, line)
        modem = Modem(port, load_profiles(), None, hear, self.tasks.spawn)
        self.modems.append(modem)
        identity = await modem.open()
        line.iccid = await modem.read_iccid()
        self.lines[line.line] = line
        sim = await modem.attach()
        await modem.ussd.start()
        card = self.sim.modems[name].card
        line.number = card.number if card else None
        line.carrier = carriers().match(sim.imsi, sim.spn)
        line.bind(modem, name, identity, sim)
        self.changed(line)

    # --- what a gateway does with facts

    def _on_fact(self, line: Line, fact: Fact) -> None:
        match fact:
            case RegistrationSeen():
                line.see_registration(fact.status)
                self.changed(line)
            case UssdHeard():
                self.ussd.on_heard(line, fact)
            case MessageReceived():
                self.messages.on_message(line, fact)
            case _:
                pass

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        self.tasks.spawn(work)

    def changed(self, line: Line) -> None:
        self.talks.on_changed(line)
        self.balance_desk.on_line(line)
        self.watch.on_line(line)

    def _on_sms(self, line: Line, sender: str, text: str) -> None:
        if not self.talks.on_sms(line, sender, text):
            self._on_text(line, sender, text)

    def _on_text(self, line: Line, sender: str | None, text: str) -> None:
        self.watch.on_text(line, sender, text)
        self.balance_desk.on_text(line, sender, text)

    def _on_written(self, message: Message) -> None:
        topic = topics.parse(message.topic)
        assert topic
        self.told.append(MODELS[topic.kind].decode(message.payload))

    # --- Owner of the balance desk

    def on_balance(self, line: Line, fund: Fund) -> None:
        self.funds.append(fund)
        self.desk.on_balance(line, fund)

    def on_barred(self, line: Line) -> None:
        line.enabled = False
        self.barred.append(line.line)

    def warn_below(self, line: Line) -> Decimal | None:
        assert line.line in self.lines
        return self.settings.warn_below

    def alarm(self, name: str, message: str | None, line: str | None) -> None:
        assert line in self.lines or not self.lines
        if message:
            self.alarms[name] = message
        else:
            self.alarms.pop(name, None)

    # --- what a test does

    @property
    def line(self) -> Line:
        return self.lines["desk-0"]

    @property
    def account(self) -> Account:
        """What the carrier thinks of the first SIM."""
        return self.sim.network.money.accounts[self.line.iccid or ""]

    @property
    def carrier(self) -> Carrier:
        return self.sim.network.money.carriers["c"]

    @property
    def tried(self) -> list[str]:
        """The codes that reached the carrier, in order."""
        return [entry.code for entry in self.sim.network.money.tries]

    async def bring(self, *codes: str, amount: str = "100") -> None:
        """Import vouchers for the first line's carrier."""
        assert self.line.carrier
        defaults = Defaults(self.line.carrier.name, Decimal(amount))
        good, bad = read_vouchers("\n".join(codes), defaults, carriers(), date.today())  # noqa: DTZ011
        assert not bad
        await self.ledger.write(self.vouchers.add(good, _now()).change)

    def order(self, handle: Callable[[Any], Outcome], command: Any) -> Outcome:
        """Give a command whose answer is on disk at once."""
        outcome = handle(command)
        if outcome.act:
            outcome.act()
        return outcome

    def topup(self, action: str = "start", **fields: Any) -> Outcome:
        return self.order(self.desk.handle, topup_command(action, **fields))

    def of(self, kind: type[M]) -> list[M]:
        return [model for model in self.told if isinstance(model, kind)]

    def money(self, *kinds: str) -> list[messages.MoneyEvent]:
        events = self.of(messages.MoneyEvent)
        return [event for event in events if not kinds or event.kind in kinds]

    def story(self) -> list[str]:
        """The top-ups' entries: their kind without topup_, and what led there."""
        found = [event for event in self.money() if event.topup_id]
        return [f"{event.kind.removeprefix('topup_')} {event.cause}" for event in found]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Let the loop turn until it holds."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():  # noqa: ASYNC110 - no event tells of every fact asked here
                    await asyncio.sleep(0.001)
        except TimeoutError:
            heard = "\n".join(repr(model) for model in self.told[-12:])
            raise AssertionError(f"never came to be; the last that was told:\n{heard}") from None

    async def entries(self) -> list[Entry]:
        return await read_entries(self.store, limit=100_000)

    async def check(self) -> None:
        """What holds whatever happened: the ledger adds up, no code was tried twice or is told."""
        assert check(await self.entries(), self.vouchers.all()) == []
        assert len(self.tried) == len(set(self.tried))
        said = " ".join(model.encode().decode() for model in self.told)
        assert not any(code in said for code in CODES)


def topup_command(action: str = "start", **fields: Any) -> messages.TopUp:
    """A command about the top-up of `topup_id`, or else of the first line."""
    until = datetime.now(UTC) + timedelta(seconds=30)
    if "topup_id" not in fields:
        fields.setdefault("line", "desk-0")
    return messages.TopUp(id=uuid4().hex, action=TopUpAction(action), expires_at=until, **fields)


OpenOffice = Callable[..., AbstractAsyncContextManager[Office]]


@asynccontextmanager
async def office(
    folder: Path, world: Scenario, settings: Settings | None = None
) -> AsyncIterator[Office]:
    """An office whose lines are all registered."""
    sim = Simulator(world, folder / "tty")
    await sim.start()
    try:
        found = Office(sim, folder, settings or Settings())
        await found.open()
        try:
            await found.until(lambda: all(line.is_up for line in found.lines.values()))
            yield found
            await found.check()
        finally:
            await found.close()
    finally:
        await sim.stop()


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _nowhere(number: str) -> Destination:
    raise AssertionError(f"no dialer is here, but {number} was written to")


def _never(message: Message) -> asyncio.Future[None]:
    raise AssertionError(f"no broker is here, but {message.topic} was published")
