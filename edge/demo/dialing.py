"""The demo's dialer: places calls over MQTT, one after the other for each line."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from random import Random

from mqtt.client import Call, CommandRefused, Dialer, DialOptions, new_id, soon
from mqtt.messages import Answer, CallEvent, Cdr, Choice, LineStatus, Why
from mqtt.session import BrokerAway
from mqtt.vocabulary import CallState, Direction, Reason

log = logging.getLogger(__name__)

TRIES = 5  # for a call that is refused, as when all lines are busy
WAIT_S = 15  # a call that may be tried again later than this is given up
LOOK_S = 0.05  # until a busy line is looked at again
RING_S = 75  # real seconds that a gateway lets a call ring, and some
WORLD_S = 150  # simulated seconds that set-up, ringing and talking may take in the demo's world
ANSWER_LIFE_S = 10
FRIENDS = "+493000001"  # who always answer, in the demo's scenario
MESSAGES_S = 10  # then the messages of a line are given up


@dataclass(slots=True)
class Attempt:
    """A call that the dialer wanted, and all that it was told of it.

    `line` is the one that it asked for, and `refused` that this line had no more to give.
    """

    number: str
    tag: str
    call_id: str = ""
    states: list[CallEvent] = field(default_factory=list)
    cdr: Cdr | None = None
    line: str | None = None
    refused: bool = False

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
    """Places `calls` calls in all, `named` of them over lines that it asks for.

    Each `work` keeps one line busy.
    """

    def __init__(
        self, dialer: Dialer, calls: int, seed: int, speed: float, named: Mapping[str, int]
    ) -> None:
        rng = Random(seed)  # noqa: S311 - a repeatable demo is the purpose
        tags = (f"demo {number}" for number in count(1))
        friends = (f"{FRIENDS}{number:03d}" for number in count())
        self._own = {
            line: [Attempt(next(friends), next(tags), line=line) for _ in range(many)]
            for line, many in named.items()
        }
        others = [
            Attempt(f"+4930{rng.randrange(10**8):08d}", next(tags))
            for _ in range(calls - sum(named.values()))
        ]
        self.attempts = [*chain(*self._own.values()), *others]
        self._dialer = dialer
        self._waiting = iter(others)
        self._open = calls
        self._deadline_s = RING_S + WORLD_S / speed
        self.over = asyncio.Event()

    async def work(self, line: str) -> None:
        """Place the calls that ask for this line; then any, unless it has no more to give."""
        own = self._own.pop(line, [])
        await self._place_all(own)
        if not any(attempt.refused for attempt in own):  # as many workers as lines
            await self._place_all(self._waiting)

    async def _place_all(self, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
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
                return await self._dial(attempt)
            except CommandRefused as error:
                wait_s = error.reply.retry_after_s
                if wait_s is None or wait_s > WAIT_S:
                    raise
                await asyncio.sleep(wait_s)
        return await self._dial(attempt)

    async def _dial(self, attempt: Attempt) -> Call:
        options = DialOptions(tag=attempt.tag)
        if attempt.line and await self._is_free(attempt.line, attempt.number):
            options["line"] = attempt.line
        elif attempt.line:
            attempt.refused = True
        return await self._dialer.dial(attempt.number, **options)

    async def _is_free(self, line: str, number: str) -> bool:
        """Wait until a line may take a call; False where it has no more to give."""
        while True:
            why = Why(id=new_id(), to=number, line=line)
            choice = (await self._dialer.ask(why)).data
            reason = choice.reason if isinstance(choice, Choice) else None
            if reason is not Reason.LINE_BUSY:
                return reason is not Reason.LIMIT_REACHED
            await asyncio.sleep(LOOK_S)


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


async def try_messages(dialer: Dialer, line: LineStatus, *, ussd: bool) -> None:
    """Send a message from the SIM of a line to itself, and before it, perhaps, a USSD code."""
    try:
        async with asyncio.timeout(MESSAGES_S):
            if ussd:
                await dialer.ussd(line.line, "*100#")
            if line.number:
                await dialer.sms(line.number, "Trunkline's demo says hello.", line.line)
    except (CommandRefused, BrokerAway, TimeoutError) as error:
        log.info("no message: %r", error)
