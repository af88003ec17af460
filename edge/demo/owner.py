"""The owner at the control socket: brings vouchers, and has the ledger checked."""

import asyncio
from dataclasses import dataclass
from typing import Any

from edge.control_client import ANSWER_TIMEOUT_S, ControlClient
from edge.demo.cast import PROFILE, TOPUP, Cast
from mqtt.messages import MoneyEvent

ENTRIES_MAX = 1000  # that the gateway shows at once


@dataclass(frozen=True, slots=True)
class Checked:
    """What `ledger check` found: how many entries, and what does not add up.

    `unexplained` is how much more the balances rose than top-ups and charges say, in EUR, by ICCID.
    """

    entries: int
    problems: tuple[str, ...]
    unexplained: dict[str, str]


class Owner:
    """Talks to the gateway in a thread; every method may raise GatewayAway, RequestRefused."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    async def bring_vouchers(self, cast: Cast) -> None:
        """Import the vouchers, as `trunkline vouchers import` does."""
        await self._ask("vouchers_import", text=cast.vouchers, carrier=PROFILE, amount=TOPUP)

    async def check(self) -> Checked:
        """Prove that the ledger adds up, as `trunkline ledger check` does."""
        found = await self._ask("ledger_check")
        return Checked(
            found["entries"],
            tuple(problem["message"] for problem in found["problems"]),
            {each["sim"]: each["unexplained"] for each in found["sums"] if each["unexplained"]},
        )

    async def topups(self) -> tuple[MoneyEvent, ...]:
        """The last entries that tell of top-ups, as `trunkline ledger` shows them."""
        found = await self._ask("ledger", limit=ENTRIES_MAX)
        events = (MoneyEvent.model_validate(entry, strict=False) for entry in found["entries"])
        return tuple(event for event in events if event.topup_id)

    async def _ask(self, verb: str, **payload: object) -> dict[str, Any]:
        return await asyncio.to_thread(lambda: self._client.own(verb, ANSWER_TIMEOUT_S, **payload))
