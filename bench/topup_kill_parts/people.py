"""The people around a gateway: they top lines up, bring vouchers, decide what nobody else can."""

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

from bench.topup_kill_parts.dialer import Dialer
from bench.topup_kill_parts.scenario import Card, Kiosk, as_file
from bench.topup_kill_parts.truth import Truth
from edge.control_client import LONG_TIMEOUT_S, ControlClient, GatewayAway
from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind, Reason, TopUpAction

FIRST_FILE, FILE = 240, 4  # vouchers: more than one commit takes, and a few
BUY_S = (0.0, 0.6)  # between two files
PAUSE_S = (0.0, 0.7)  # of a line, between two top-ups
LOOK_S = 0.25
PATIENT_S = 8.0  # that a person lets the balance decide; longer than it needs


class People:
    """All of them; `importing` is set while a file is on its way."""

    def __init__(self, dialer: Dialer, socket: Path, kiosk: Kiosk, random: Random) -> None:
        self._dialer = dialer
        self._control = ControlClient(socket)
        self._kiosk = kiosk
        self._random = random
        self.importing = asyncio.Event()

    async def top_up(self, place: int) -> None:
        """Top the n-th line up for ever, as often as it may be."""
        line = await self._dialer.line(place)
        while True:
            reply = await self._dialer.topup(TopUpAction.START, line=line)
            await asyncio.sleep(self._random.uniform(*PAUSE_S))
            if reply and reply.reason is Reason.LOCKED_OUT:
                await self._dialer.topup(TopUpAction.UNLOCK, line=line)

    async def bring_vouchers(self) -> None:
        """Import file after file, each again and again until it is answered."""
        size = FIRST_FILE
        while True:
            cards = self._kiosk.sell(size)
            await self._bring(cards)
            size = FILE
            await asyncio.sleep(self._random.uniform(*BUY_S))

    async def bring_again(self) -> None:
        """Import all of them once more: the gateway leaves out what it has."""
        await self._bring(self._kiosk.sold)

    async def _bring(self, cards: list[Card]) -> None:
        while not await self._import(cards):  # noqa: ASYNC110 - until the gateway is back
            await asyncio.sleep(LOOK_S)

    async def _import(self, cards: list[Card]) -> bool:
        self.importing.set()
        try:
            await self.ask("vouchers_import", text=as_file(cards))
        except GatewayAway:
            return False
        finally:
            self.importing.clear()
        return True

    async def ask(self, verb: str, **payload: object) -> dict[str, Any]:
        """Ask the gateway at its own machine; raises GatewayAway."""
        return await asyncio.to_thread(lambda: self._control.own(verb, LONG_TIMEOUT_S, **payload))

    async def decide(self, truth: Truth) -> None:
        """Decide what the balance could not, by what the carrier tells who calls it."""
        while True:
            await asyncio.sleep(LOOK_S)
            for step in self._dialer.last_steps().values():
                patient_s = time.time() - step.ts.timestamp()
                if step.kind is MoneyKind.TOPUP_UNKNOWN and patient_s > PATIENT_S:
                    await self._decide(step, truth)

    async def _decide(self, step: MoneyEvent, truth: Truth) -> None:
        """Tell the gateway what became of a top-up; its code left before it became unknown."""
        topup_id, sim = step.topup_id or "", step.sim or ""
        sent_at = self._dialer.sent_at[topup_id]
        action = TopUpAction.CONFIRM if truth.took_since(sim, sent_at) else TopUpAction.REJECT
        await self._dialer.topup(action, topup_id=topup_id)
