"""What the dialer and the gateway's owner do in the demo, once the world is there."""

import asyncio
import itertools
import logging
from dataclasses import dataclass

from edge.control_client import GatewayAway, RequestRefused
from edge.demo.audit import Audit
from edge.demo.cast import Cast
from edge.demo.dialing import Dialing, answer_callers, try_messages
from edge.demo.owner import Owner
from edge.demo.teller import Teller
from mqtt.client import Dialer
from mqtt.messages import LineStatus

log = logging.getLogger(__name__)

READY_S = 60  # real seconds for the first lines
SETTLE_S = 90  # for the last balances: calls that came in may be on the lines
WITH_MESSAGES = 5  # lines on which messages are tried


@dataclass(frozen=True, slots=True)
class Act:
    """The dialer with its calls, the teller with its questions, the owner with its vouchers."""

    cast: Cast
    audit: Audit
    dialer: Dialer
    dialing: Dialing
    teller: Teller
    owner: Owner

    async def run(self) -> None:
        """Put one worker on each line that becomes ready, until all calls are over."""
        async with asyncio.timeout(READY_S):
            lines = await self._first_lines()
            await self.owner.bring_vouchers(self.cast)
            await self.teller.ask_all()
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(answer_callers(self.dialer)),
                group.create_task(self._staff(group, lines)),
                group.create_task(self.teller.work()),
            ]
            await self.dialing.over.wait()
            await self._settle()
            for task in beside:
                task.cancel()

    async def _first_lines(self) -> list[LineStatus]:
        """The lines that are ready first, those that calls will ask for among them."""
        lines = [await self.audit.ready.get()]
        while not self.cast.named.keys() <= {line.line for line in lines}:
            lines.append(await self.audit.ready.get())
        return lines

    async def _staff(self, group: asyncio.TaskGroup, lines: list[LineStatus]) -> None:
        for place in itertools.count():
            line = lines.pop(0) if lines else await self.audit.ready.get()
            group.create_task(self.dialing.work(line.line))
            if place < WITH_MESSAGES:  # on prepaid lines the gateway speaks USSD itself
                ussd = line.line not in self.cast.prepaid
                group.create_task(try_messages(self.dialer, line, ussd=ussd))

    async def _settle(self) -> None:
        """See the last balances; if one calls for a top-up, that one's balance too."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await self.teller.settle()
                while await self._is_topping_up():
                    await self.teller.settle()
        except (TimeoutError, GatewayAway, RequestRefused) as error:
            log.warning("the last balances were not told: %r", error)

    async def _is_topping_up(self) -> bool:
        """Whether a balance called for a top-up, as far as the ledger goes by now."""
        money, ledger = self.audit.money, await self.owner.check()
        await money.until(lambda: len(money.entries) >= ledger.entries)
        return money.topping_up
