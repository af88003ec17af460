"""What the gateway tells of money over MQTT: the entries of its ledger, in their order."""

import asyncio
from collections.abc import Callable

from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind

_MOVES = frozenset({MoneyKind.CHARGE, MoneyKind.TOPUP_CONFIRMED})
_OPEN = frozenset({MoneyKind.TOPUP_RESERVED, MoneyKind.TOPUP_SENT})


class MoneyHeard:
    """`entries` by number; `moved` holds a line each time that money moved on it."""

    def __init__(self) -> None:
        self.entries: dict[int, MoneyEvent] = {}
        self.moved: asyncio.Queue[str] = asyncio.Queue()
        self._topups: dict[str, MoneyKind] = {}
        self._news = asyncio.Event()

    def hear(self, event: MoneyEvent) -> None:
        """Take an entry."""
        self.entries[event.entry] = event
        if event.topup_id:
            self._topups[event.topup_id] = event.kind
        if event.kind in _MOVES and event.line:
            self.moved.put_nowait(event.line)
        self._news.set()

    @property
    def topping_up(self) -> bool:
        """Whether a top-up is on its way."""
        return not _OPEN.isdisjoint(self._topups.values())

    def balances(self, line: str, after: int = 0) -> list[MoneyEvent]:
        """The balances of a line that were told in entries after that one."""
        return [
            event
            for number, event in self.entries.items()
            if number > after and event.kind is MoneyKind.BALANCE and event.line == line
        ]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until it holds; asked again with each entry."""
        while not holds():
            self._news.clear()
            await self._news.wait()
