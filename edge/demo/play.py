"""The demo from its start to its summary."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from config.models import Mqtt
from edge.control_client import GatewayAway, RequestRefused
from edge.demo.acting import Act
from edge.demo.audit import Audit
from edge.demo.children import cancel_on
from edge.demo.dialing import Dialing
from edge.demo.options import DemoFailed, Options
from edge.demo.owner import Owner
from edge.demo.stage import GATEWAY, Stage, set_stage
from edge.demo.story import Books, tell_story
from edge.demo.summary import Summary, summarize
from edge.demo.teller import Teller
from mqtt import topics
from mqtt.catalog import EVENTS
from mqtt.client import Dialer
from mqtt.messages import Cdr, MoneyEvent
from mqtt.session import BrokerSession, LinkState

HELLO_S = 10  # to get a link to the broker
GOODBYE_S = 3  # for the last words of the gateway

Screen = Callable[[Audit, int], Awaitable[None]]


async def play(
    options: Options, on_told: Callable[[Cdr | MoneyEvent], None], screen: Screen
) -> Summary:
    """Run the demo; `screen` shows it meanwhile. Raises DemoFailed."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    cancel_on(signal.SIGTERM)
    audit = Audit(on_told)
    with TemporaryDirectory(prefix="trunkline-demo-") as folder:
        async with set_stage(options, Path(folder)) as stage:
            try:
                dialing, books = await _perform(options, stage, audit, screen)
            except (TimeoutError, ConnectionError, GatewayAway, RequestRefused) as error:
                raise DemoFailed(stage.children.last_words("gateway")) from error
    story = tell_story(stage.cast, audit, dialing.attempts, books)
    return summarize(options, stage.broker, audit, dialing, story, loop.time() - begun)


async def _perform(
    options: Options, stage: Stage, audit: Audit, screen: Screen
) -> tuple[Dialing, Books]:
    """Dial and listen until all calls are over, then end it so that nothing is left unsaid."""
    access, cast, owner = stage.access, stage.cast, Owner(stage.control)
    async with _heard(audit, access):
        async with Dialer(access.host, access.port, GATEWAY, access) as dialer:
            dialing = Dialing(dialer, options.calls, options.seed, options.speed, cast.named)
            teller = Teller(dialer, audit.money, cast.prepaid)
            act = Act(cast, audit, dialer, dialing, teller, owner)
            await _first_of(stage.children.watch(), screen(audit, options.calls), act.run())
        ledger, topups = await owner.check(), await owner.topups()
        carriers = await _strike(stage, audit)
    return dialing, Books(ledger, topups, carriers)


async def _strike(stage: Stage, audit: Audit) -> dict[str, Any]:
    """Unplug the modems, which ends the calls that came in, then stop the gateway.

    Returns what the carriers have in their own books.
    """
    books = await stage.end_world()
    with suppress(TimeoutError):  # what is open then counts as lost
        async with asyncio.timeout(GOODBYE_S):
            await audit.all_over.wait()
    await stage.children.stop("gateway")
    async with asyncio.timeout(GOODBYE_S):
        await audit.offline.wait()
    return books


@asynccontextmanager
async def _heard(audit: Audit, access: Mqtt) -> AsyncIterator[None]:
    """Let the audit hear everything from here on."""
    own = topics.Topics(GATEWAY)
    up = asyncio.Event()
    session = BrokerSession(
        access.model_copy(update={"client_id": "demo-audit"}),
        GATEWAY,
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


async def _first_of(*works: Awaitable[None]) -> None:
    """Run them until one ends, cancel the others; raises what the first one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
