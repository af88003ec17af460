"""The demo from its start to its summary."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.control_client import GatewayAway, RequestRefused
from edge.demo.acting import Act
from edge.demo.audit import Audit
from edge.demo.children import cancel_on, first_of
from edge.demo.dialing import Dialing
from edge.demo.listening import listening
from edge.demo.options import DemoFailed, Options
from edge.demo.owner import Owner
from edge.demo.stage import GATEWAY, Stage, set_stage
from edge.demo.story import Books, tell_story
from edge.demo.summary import Summary, summarize
from edge.demo.talking import Talking
from edge.demo.teller import Teller
from mqtt.client import Dialer
from mqtt.messages import Cdr, MoneyEvent

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
            seconds = loop.time() - begun
            talking = Talking(stage.children, Path(folder), stage.access, on_told, screen)
            conversation = await talking.run(options.recording)
    story = tell_story(stage.cast, audit, dialing.attempts, books)
    return summarize(options, stage.broker, audit, dialing, story, conversation, seconds)


async def _perform(
    options: Options, stage: Stage, audit: Audit, screen: Screen
) -> tuple[Dialing, Books]:
    """Dial and listen until all calls are over, then end it so that nothing is left unsaid."""
    access, cast, owner = stage.access, stage.cast, Owner(stage.control)
    async with listening(audit, access, GATEWAY):
        async with Dialer(access.host, access.port, GATEWAY, access) as dialer:
            dialing = Dialing(dialer, options.calls, options.seed, options.speed, cast.named)
            teller = Teller(dialer, audit.money, cast.prepaid)
            act = Act(cast, audit, dialer, dialing, teller, owner)
            await first_of(stage.children.watch(), screen(audit, options.calls), act.run())
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
