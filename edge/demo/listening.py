"""Lets an audit hear all that a gateway publishes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.models import Mqtt
from edge.demo.audit import Audit
from mqtt import topics
from mqtt.catalog import EVENTS
from mqtt.session import BrokerSession, LinkState

HELLO_S = 10  # to get a link to the broker


@asynccontextmanager
async def listening(audit: Audit, access: Mqtt, gateway: str) -> AsyncIterator[None]:
    """Let the audit hear everything of a gateway from here on."""
    own = topics.Topics(gateway)
    up = asyncio.Event()
    session = BrokerSession(
        access.model_copy(update={"client_id": f"{gateway}-audit"}),
        gateway,
        None,
        audit.hear,
        lambda state, _: up.set() if state is LinkState.UP else None,
        subscriptions=[f"{own.of(kind)}/#" for kind in (*EVENTS, topics.LINE, topics.STATUS)],
        session_expiry_s=0,
    )
    running = asyncio.create_task(session.run(), name="audit")
    try:
        async with asyncio.timeout(HELLO_S):
            await up.wait()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
