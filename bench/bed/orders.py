"""A child that obeys: each order is one JSON line on stdin, each is answered by one on stdout."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

MAX_ORDER = 1 << 20


async def obey(do: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
    """Do one order after the other, until stdin ends."""
    async for order in _orders():
        answer = await do(order)
        print(json.dumps(answer), flush=True)


async def _orders() -> AsyncIterator[dict[str, Any]]:
    reader = asyncio.StreamReader(limit=MAX_ORDER)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    async for line in reader:
        yield json.loads(line)
