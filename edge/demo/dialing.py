"""The demo's dialer: places calls over MQTT, one after the other for each line."""

import asyncio
import logging
from dataclasses import dataclass, field
from random import Random

from mqtt.client import Call, CommandRefused, Dialer, new_id, soon
from mqtt.messages import Answer, CallEvent, Cdr, LineStatus
from mqtt.session import BrokerAway
from mqtt.vocabulary import CallState, Direction

log = logging.getLogger(__name__)

TRIES = 5  # for a call that is refused, as when all lines are busy
RING_S = 75  # real seconds that a gateway lets a call ring, and some
WORLD_S = 150  # simulated seconds that set-up, ringing and talking may take in the demo's world
ANSWER_LIFE_S = 10
MESSAGES_S = 10  # then the messages of a line are given up


@dataclass(slots=True)
class Attempt:
    """A call that the dialer wanted, and all that it was told of it."""

    number: str
    tag: str
    call_id: str = ""
    states: list[CallEvent] = field(default_factory=list)
    cdr: Cdr | None = None

    @property
    def is_consistent(self) -> bool:
        """Whether its events count from 1 without a gap, end once, and agree with its CDR."""
        if self.cdr is None or not self.states:
            return False
        last = self.states[-1]
        counted = [event.call_seq for event in self.states]
        said = {(event.number, event.tag) for event in self.states}
        return (
            counted == list(range(1, len(counted) + 1))
            and last.state is CallState.ENDED
            and last.cause is self.cdr.cause
            and said == {(self.number, self.tag)} == {(self.cdr.number, self.cdr.tag)}
        )


class Dialing:
    """Places `calls` calls in all; each `work` keeps one line busy."""

    def __init__(self, dialer: Dialer, calls: int, seed: int, speed: float) -> None:
        rng = Random(seed)  # noqa: S311 - a repeatable demo is the purpose
        numbers = (f"+4930{rng.randrange(10**8):08d}" for _ in range(calls))
        self.attempts = [Attempt(number, f"demo {n}") for n, number in enumerate(numbers, 1)]
        self._dialer = dialer
        self._waiting = iter(self.attempts)
        self._open = calls
        self._deadline_s = RING_S + WORLD_S / speed
        self.over = asyncio.Event()

    async def work(self) -> None:
        """Take the next call until there is none."""
        for attempt in self._waiting:
            await self._follow(attempt)
            self._open -= 1
            if not self._open:
                self.over.set()

    async def _follow(self, attempt: Attempt) -> None:
        """Place a call and listen to its end; what is lost is left without a CDR."""
        try:
            async with asyncio.timeout(self._deadline_s):
                call = await self._place(attempt)
                attempt.call_id = call.call_id
                async for event in call:
                    attempt.states.append(event)
                attempt.cdr = await call.cdr()
        except (CommandRefused, BrokerAway, TimeoutError) as error:
            log.warning("%s: %r", attempt.tag, error)

    async def _place(self, attempt: Attempt) -> Call:
        """Dial, again after a refusal that asks to wait; raises the last one."""
        for _ in range(TRIES - 1):
            try:
                return await self._dialer.dial(attempt.number, tag=attempt.tag)
            except CommandRefused as error:
                if error.reply.retry_after_s is None:
                    raise
                await asyncio.sleep(error.reply.retry_after_s)
        return await self._dialer.dial(attempt.number, tag=attempt.tag)


async def answer_callers(dialer: Dialer) -> None:
    """Answer every call that comes in, for ever."""
    async for event in dialer.events():
        match event:
            case CallEvent(direction=Direction.INCOMING, state=CallState.ALERTING):
                await _answer(dialer, event.call_id)
            case _:
                pass


async def _answer(dialer: Dialer, call_id: str) -> None:
    """Answer a call, unless it is over already."""
    command = Answer(id=new_id(), expires_at=soon(ANSWER_LIFE_S), call_id=call_id)
    try:
        await dialer.ask(command)
    except (CommandRefused, BrokerAway, TimeoutError) as error:
        log.info("not answered: %r", error)


async def try_messages(dialer: Dialer, line: LineStatus) -> None:
    """Ask for the balance of a line, and send a message from its SIM to itself."""
    try:
        async with asyncio.timeout(MESSAGES_S):
            await dialer.ussd(line.line, "*100#")
            if line.number:
                await dialer.sms(line.number, "Trunkline's demo says hello.", line.line)
    except (CommandRefused, BrokerAway, TimeoutError) as error:
        log.info("no message: %r", error)
