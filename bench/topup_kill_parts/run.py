"""One run: a world that stays, a gateway that is killed in it, and what both say in the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.bed.brokers import Mosquitto
from bench.topup_kill_parts.books import Books, read_books
from bench.topup_kill_parts.dialer import Dialer
from bench.topup_kill_parts.gateway import Gateway, configure
from bench.topup_kill_parts.killer import Killer
from bench.topup_kill_parts.people import People
from bench.topup_kill_parts.scenario import Kiosk, scenario
from bench.topup_kill_parts.truth import Truth
from edge.money.saga import KINDS, State
from simulator import Simulator

LOOK_S = 0.1
QUIET_S = 1.0  # without an entry, when all is over
UNSURE_S = 4.0  # and when not: longer than the gateway waits between two checks of a balance
_UNDER_WAY = frozenset({KINDS[State.RESERVED], KINDS[State.SENT]})
_UNSURE = frozenset({KINDS[State.UNKNOWN]})


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of it: top-ups begun and kills, at least."""

    topups: int
    kills: int
    lines: int
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left in the end; `check` is the gateway's own `ledger check`.

    `seconds` is how long the gateway was killed again and again.
    """

    books: Books
    truth: Truth
    killer: Killer
    dialer: Dialer
    seconds: float
    check: dict[str, Any]

    @property
    def unexplained(self) -> int:
        """Top-ups that are neither over nor before a person; entries told and not on disk, or not
        told, or told twice with two meanings.
        """
        open_ended = [topup for topup in self.books.topups() if not topup.is_over]
        waiting = [
            topup
            for topup in open_ended
            if topup.state is State.UNKNOWN and f"topup-{topup.line}" in self.dialer.alarms
        ]
        written = {entry.number for entry in self.books.entries}
        untold = self.dialer.told.keys() ^ written
        return len(open_ended) - len(waiting) + len(untold) + len(self.dialer.contradictions)


async def run(wanted: Wanted, folder: Path) -> Outcome:
    """Let people top up and the killer kill; then let it settle, stop, and read the books."""
    simulator = Simulator(scenario(wanted.lines, wanted.seed), folder / "ports")
    await simulator.start()
    try:
        with Mosquitto(folder) as broker:
            async with _dialer(broker.port) as dialer:
                gateway = Gateway(configure(folder, broker.port, simulator.ports))
                return await _play(wanted, simulator, gateway, dialer)
    finally:
        await simulator.stop()


@asynccontextmanager
async def _dialer(port: int) -> AsyncIterator[Dialer]:
    dialer = Dialer(port)
    task = asyncio.create_task(dialer.run(), name="dialer")
    try:
        await dialer.connected()
        yield dialer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _play(wanted: Wanted, simulator: Simulator, gateway: Gateway, dialer: Dialer) -> Outcome:
    truth = Truth(simulator.network)
    random = Random(wanted.seed)  # noqa: S311 - repeatable
    kiosk = Kiosk(simulator.network.money, random)
    people = People(dialer, gateway.socket, kiosk, random)
    killer = Killer(gateway, dialer, people, random)
    work = [
        asyncio.create_task(people.bring_vouchers(), name="vouchers"),
        asyncio.create_task(people.decide(truth), name="person"),
        *(asyncio.create_task(people.top_up(n), name="line") for n in range(wanted.lines)),
    ]
    began = time.monotonic()
    await killer.run(
        lambda: len(dialer.begun) >= wanted.topups and len(gateway.kills) >= wanted.kills
    )
    seconds = time.monotonic() - began
    await _end(work)
    await people.bring_again()
    await _settled(dialer)
    check = await people.ask("ledger_check")
    await gateway.stop()
    codes = [card.code for card in kiosk.sold]
    books = read_books(gateway.database, codes)
    return Outcome(books, truth, killer, dialer, seconds, check)


async def _end(work: Sequence[asyncio.Task[None]]) -> None:
    """Stop what people do; a task that failed says so here."""
    for task in work:
        task.cancel()
    for found in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(found, Exception):
            raise found


async def _settled(dialer: Dialer) -> None:
    """Wait until nothing moves any more: what is unknown then is for a person."""
    loop = asyncio.get_running_loop()
    seen, since = 0, loop.time()
    quiet_s = UNSURE_S
    while dialer.count(_UNDER_WAY) or loop.time() - since < quiet_s:
        await asyncio.sleep(LOOK_S)
        quiet_s = UNSURE_S if dialer.count(_UNSURE) else QUIET_S
        if len(dialer.told) != seen:
            seen, since = len(dialer.told), loop.time()
