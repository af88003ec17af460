"""A session whose states and commands a test can wait for, and a second client beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt

from config.models import Mqtt
from mqtt.session import BrokerSession, Inbound, LinkState, Will
from tests.brokers import Broker

GATEWAY = "vienna"
STATUS = f"trunkline/v1/{GATEWAY}/status"
WILL = Will(STATUS, b'{"state":"offline"}')
PATIENCE_S = 10


class Rig:
    """A running session: `states` and `commands` are what it reported."""

    def __init__(self, settings: Mqtt) -> None:
        self.states: asyncio.Queue[tuple[LinkState, str]] = asyncio.Queue()
        self.commands: asyncio.Queue[Inbound] = asyncio.Queue()
        self.session = BrokerSession(
            settings,
            GATEWAY,
            WILL,
            self.commands.put_nowait,
            lambda state, why: self.states.put_nowait((state, why)),
        )
        self.task = asyncio.create_task(self.session.run(), name="session")

    async def state(self) -> tuple[LinkState, str]:
        return await asyncio.wait_for(self.states.get(), PATIENCE_S)

    async def until(self, wanted: LinkState) -> str:
        """Pass over states until the wanted one; give its sentence."""
        while (told := await self.state())[0] is not wanted:
            pass
        return told[1]

    async def command(self) -> Inbound:
        return await asyncio.wait_for(self.commands.get(), PATIENCE_S)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def settings(broker: Broker, **more: Any) -> Mqtt:
    return Mqtt(host="127.0.0.1", port=broker.port, **more)


@asynccontextmanager
async def running(broker: Broker, **more: Any) -> AsyncIterator[Rig]:
    """A session on its way to the broker."""
    rig = Rig(settings(broker, **more))
    try:
        yield rig
    finally:
        await rig.stop()


@asynccontextmanager
async def connected(broker: Broker, **more: Any) -> AsyncIterator[Rig]:
    """A session that is up."""
    async with running(broker, **more) as rig:
        await rig.until(LinkState.UP)
        yield rig


@asynccontextmanager
async def other(broker: Broker, *filters: str) -> AsyncIterator[aiomqtt.Client]:
    """Another MQTT 5 client, subscribed with QoS 1."""
    version = aiomqtt.ProtocolVersion.V5
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=version) as client:
        for topic in filters:
            await client.subscribe(topic, 1)
        yield client


async def heard(client: aiomqtt.Client) -> aiomqtt.Message:
    """The next message of a client."""
    return await asyncio.wait_for(anext(client.messages), PATIENCE_S)
