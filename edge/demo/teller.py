"""Asks for the balances of the prepaid lines: at first, whenever money moved, and at the end."""

import asyncio
import logging
from collections.abc import Sequence

from edge.demo.money_heard import MoneyHeard
from mqtt.client import CommandRefused, Dialer, new_id
from mqtt.messages import Balance
from mqtt.session import BrokerAway

log = logging.getLogger(__name__)

ANSWER_S = 40  # real seconds for an answer: the line may have to end its call first


class Teller:
    """Asks for `lines`, one question at a time."""

    def __init__(self, dialer: Dialer, heard: MoneyHeard, lines: Sequence[str]) -> None:
        self._dialer = dialer
        self._heard = heard
        self._lines = lines

    async def work(self) -> None:
        """Ask whenever money moved, for ever."""
        while True:
            line = await self._heard.moved.get()
            if line in self._lines:
                await self._ask(line)
            self._heard.moved.task_done()

    async def settle(self) -> None:
        """See each balance once more, and have no top-up on its way; needs `work` to run."""
        await self._heard.until(lambda: not self._heard.topping_up)
        for line in self._lines:
            self._heard.moved.put_nowait(line)
        await self._heard.moved.join()

    async def ask_all(self) -> None:
        """Ask for every balance."""
        for line in self._lines:
            await self._ask(line)

    async def _ask(self, line: str) -> None:
        """Ask the carrier, and wait for what it says."""
        last = max(self._heard.entries, default=0)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._dialer.ask(Balance(id=new_id(), line=line))
                await self._heard.until(lambda: self._heard.balances(line, after=last))
        except (CommandRefused, BrokerAway, TimeoutError) as error:
            log.info("no balance of %s: %r", line, error)
