"""Kills the gateway again and again: between the steps of a top-up, in an import, in a start."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from bench.topup_kill_parts.dialer import Dialer
from bench.topup_kill_parts.gateway import Gateway
from bench.topup_kill_parts.people import People
from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind

STARTS, IMPORTS = 0.2, 0.1  # share of the lives that end while they begin, and in an import
START_S, IMPORT_S = 0.3, 0.02  # that these take, about
DULL_S = 3.0  # a life in which what is waited for does not come ends all the same


@dataclass(frozen=True, slots=True)
class Moment:
    """A kill comes so many seconds, at most, after the n-th of these entries was told."""

    kinds: frozenset[MoneyKind]
    within_s: float
    most: int = 1


_ENDS = frozenset({MoneyKind.TOPUP_CONFIRMED, MoneyKind.TOPUP_REJECTED, MoneyKind.TOPUP_UNKNOWN})
MOMENTS = (
    Moment(frozenset({MoneyKind.TOPUP_RESERVED}), 0.004, 3),
    Moment(frozenset({MoneyKind.TOPUP_RESERVED}), 0.1, 3),
    Moment(frozenset({MoneyKind.TOPUP_SENT}), 0.02, 3),
    Moment(frozenset({MoneyKind.TOPUP_SENT}), 0.2, 3),
    Moment(_ENDS, 0.004, 3),
    Moment(frozenset({MoneyKind.BALANCE}), 0.004, 6),
    Moment(frozenset(MoneyKind), 0.5, 20),
)


class Killer:
    """`starting` and `importing` count the kills that came in a start and in an import."""

    def __init__(self, gateway: Gateway, dialer: Dialer, people: People, random: Random) -> None:
        self._gateway = gateway
        self._dialer = dialer
        self._people = people
        self._random = random
        self.starting = 0
        self.importing = 0

    @property
    def kills(self) -> Sequence[float]:
        """When each was, in seconds of the epoch."""
        return self._gateway.kills

    async def run(self, enough: Callable[[], bool]) -> None:
        """Kill until it is enough; the gateway is left running."""
        while not enough():
            self._gateway.start()
            fate = self._random.random()
            if fate < STARTS:
                await asyncio.sleep(self._random.uniform(0.0, START_S))
            elif fate < STARTS + IMPORTS:
                await self._until(self._people.importing, IMPORT_S)
            else:
                moment = self._random.choice(MOMENTS)
                await self._until(self._see(moment), moment.within_s)
            self.starting += fate < STARTS
            self.importing += self._people.importing.is_set()
            await self._gateway.kill()
        self._gateway.start()

    def _see(self, moment: Moment) -> asyncio.Event:
        count = self._random.randint(1, moment.most)
        seen = asyncio.Event()

        def see(event: MoneyEvent) -> None:
            nonlocal count
            count -= event.kind in moment.kinds
            if count <= 0:
                seen.set()

        self._dialer.on_money = see
        return seen

    async def _until(self, seen: asyncio.Event, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DULL_S):
                await seen.wait()
                await asyncio.sleep(self._random.uniform(0.0, within_s))
