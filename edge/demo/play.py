"""The demo from its start to its summary."""

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from config.models import Mqtt
from edge.demo.audit import Audit
from edge.demo.children import cancel_on
from edge.demo.dialing import Dialing, answer_callers, try_messages
from edge.demo.options import DemoFailed, Options
from edge.demo.stage import GATEWAY, Stage, set_stage
from mqtt import topics
from mqtt.catalog import EVENTS
from mqtt.client import Dialer
from mqtt.messages import Cdr, LineStatus
from mqtt.session import BrokerSession, LinkState
from mqtt.vocabulary import Direction

READY_S = 60  # real seconds for the first line
HELLO_S = 10  # to get a link to the broker
GOODBYE_S = 3  # for the last words of the gateway
WITH_MESSAGES = 3  # lines on which messages are tried

Screen = Callable[[Audit, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it, as --json prints it; docs/operations.md explains each."""

    calls: int
    cdrs: int
    by_cause: dict[str, int]
    duplicates: int
    lost: int
    mismatched: int
    incoming: int
    sms: int
    ussd: int
    lines: int
    speed: float
    seed: int
    broker: str
    seconds: float

    @property
    def all_well(self) -> bool:
        """Whether every call has exactly one CDR that fits, and nothing came twice."""
        return self.cdrs == self.calls and not (self.lost or self.duplicates or self.mismatched)


async def play(options: Options, on_cdr: Callable[[Cdr], None], screen: Screen) -> Summary:
    """Run the demo; `screen` shows it meanwhile. Raises DemoFailed."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    cancel_on(signal.SIGTERM)
    audit = Audit(on_cdr)
    with TemporaryDirectory(prefix="trunkline-demo-") as folder:
        async with set_stage(options, Path(folder)) as stage:
            try:
                dialing = await _perform(options, stage, audit, screen)
            except (TimeoutError, ConnectionError) as error:
                raise DemoFailed(stage.children.last_words("gateway")) from error
    return _summary(options, stage, audit, dialing, loop.time() - begun)


async def _perform(options: Options, stage: Stage, audit: Audit, screen: Screen) -> Dialing:
    """Dial and listen until all calls are over, then end it so that nothing is left unsaid."""
    access = stage.access
    async with _heard(audit, access):
        async with Dialer(access.host, access.port, GATEWAY, access) as dialer:
            dialing = Dialing(dialer, options.calls, options.seed, options.speed)
            await _first_of(
                stage.children.watch(),
                screen(audit, options.calls),
                _act(dialer, dialing, audit),
            )
        await _strike(stage, audit)
    return dialing


async def _strike(stage: Stage, audit: Audit) -> None:
    """Unplug the modems, which ends the calls that came in, then stop the gateway."""
    await stage.children.stop("simulator")
    with suppress(TimeoutError):  # what is open then counts as lost
        async with asyncio.timeout(GOODBYE_S):
            await audit.all_over.wait()
    await stage.children.stop("gateway")
    async with asyncio.timeout(GOODBYE_S):
        await audit.offline.wait()


async def _act(dialer: Dialer, dialing: Dialing, audit: Audit) -> None:
    """Put one worker on each line that becomes ready, until all calls are over."""
    async with asyncio.timeout(READY_S):
        first = await audit.ready.get()
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(answer_callers(dialer))
        staffing = group.create_task(_staff(group, dialer, dialing, audit, first))
        await dialing.over.wait()
        answering.cancel()
        staffing.cancel()


async def _staff(
    group: asyncio.TaskGroup, dialer: Dialer, dialing: Dialing, audit: Audit, line: LineStatus
) -> None:
    for place in itertools.count():
        group.create_task(dialing.work())
        if place < WITH_MESSAGES:
            group.create_task(try_messages(dialer, line))
        line = await audit.ready.get()


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


def _summary(
    options: Options, stage: Stage, audit: Audit, dialing: Dialing, seconds: float
) -> Summary:
    attempts = dialing.attempts
    outgoing = audit.of(Direction.OUTGOING)
    lost = {attempt.call_id or attempt.tag for attempt in attempts if attempt.cdr is None}
    lost.update(audit.without_cdr)
    return Summary(
        calls=len(attempts),
        cdrs=len(outgoing),
        by_cause=dict(Counter(str(cdr.cause) for cdr in outgoing).most_common()),
        duplicates=audit.duplicates,
        lost=len(lost),
        mismatched=sum(
            not attempt.is_consistent or attempt.states != audit.states[attempt.call_id]
            for attempt in attempts
            if attempt.cdr
        ),
        incoming=len(audit.of(Direction.INCOMING)),
        sms=audit.sms_received,
        ussd=audit.ussd_replies,
        lines=options.lines,
        speed=options.speed,
        seed=options.seed,
        broker=stage.broker,
        seconds=round(seconds, 2),
    )
