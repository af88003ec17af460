"""Calls on all lines at once, out and in by turns, and what became of each."""

import asyncio
import itertools
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator

from bench.bed.parts import Bed, Stamp, expiry
from edge.lines import COOL_S
from mqtt.client import new_id
from mqtt.messages import Dial

REST_S = COOL_S + 0.05  # a dial before that would wait for its line
RING_S = 0.05
PING_EVERY_S = 0.02
ENDED = "ended"

# +QIND: "ccinfo",<index>,<direction>,<state>,<mode>,<multiparty>,"<number>",<type>
_CCINFO = re.compile(r'\+QIND: "ccinfo",\d+,(?:0,(?:3|0|-1)|1,(?:4|-1)),')
_STATES = {"0,3": "alerting", "0,0": "answered", "0,-1": ENDED, "1,4": "alerting", "1,-1": ENDED}
_ATD = re.compile(r"ATD(\+\d+);")

Moment = tuple[str, str]  # number and state; every number is used once


class Ledger:
    """What a dialer hears of calls: when each event came, and one CDR for each call."""

    def __init__(self) -> None:
        self.events: dict[Moment, int] = {}
        self.cdrs: Counter[str] = Counter()
        self._over: dict[str, asyncio.Future[None]] = {}

    def take(self, now: int, topic: str, payload: bytes) -> None:
        """Note a message of the gateway."""
        kind = topic.split("/")[3]
        if kind not in {"call", "cdr"}:
            return
        message = json.loads(payload)
        number = message["number"]
        if kind == "call":
            self.events.setdefault((number, message["state"]), now)
            return
        self.cdrs[number] += 1
        if over := self._over.pop(number, None):
            over.set_result(None)

    def over(self, number: str) -> asyncio.Future[None]:
        """Done when the CDR of the call came."""
        return self._over.setdefault(number, asyncio.get_running_loop().create_future())


class Traffic:
    """Keeps every line busy for a while, and measures the bare round trip meanwhile."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self._numbers = (f"+4940{n:08d}" for n in itertools.count(1))
        self._random = random.Random(1)  # noqa: S311 - spreads the calls, hides nothing
        self.ledger = Ledger()
        self.dialed: dict[str, int] = {}
        self.pings: list[int] = []
        bed.client.on_message = self.ledger.take

    async def run(self, seconds: float, *, incoming: bool = True) -> None:
        """Call on all lines for so long, out and in by turns, and wait for the last CDR."""
        until = time.monotonic() + seconds
        lines = list(self._bed.client.lines.values())
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ping(until))
            for line in lines:
                group.create_task(
                    self._keep_busy(line["line"], line["modem"] if incoming else None, until)
                )

    async def ping(self, until: float) -> None:
        """Measure the bare round trip at odd moments."""
        while time.monotonic() < until:
            self.pings.append(await self._bed.client.ping())
            await asyncio.sleep(PING_EVERY_S * self._random.uniform(0.5, 1.5))

    async def _keep_busy(self, line: str, modem: str | None, until: float) -> None:
        await asyncio.sleep(self._random.random())
        while time.monotonic() < until:
            await self._dial(line)
            if modem:
                await self._be_called(modem)

    async def _dial(self, line: str) -> None:
        number = next(self._numbers)
        over = self.ledger.over(number)
        command = Dial(id=new_id(), expires_at=expiry(), to=number, line=line)
        self.dialed[number] = self._bed.client.send(command)
        await over
        await self._rest()

    async def _be_called(self, modem: str) -> None:
        number = next(self._numbers)
        over = self.ledger.over(number)
        await self._bed.world.order("ring", modem=modem, **{"from": number, "for_s": RING_S})
        await over
        await self._rest()

    async def _rest(self) -> None:
        """Wait until the line may dial again, and a while, so that lines do not fall into step."""
        await asyncio.sleep(REST_S * self._random.uniform(1, 2))


def dial_times(dialed: dict[str, int], heard: list[Stamp]) -> list[int]:
    """Nanoseconds from the command's publish to its ATD."""
    found = ((ns, _ATD.match(line)) for ns, _, line in heard)
    return [ns - dialed[match[1]] for ns, match in found if match and match[1] in dialed]


def urc_times(events: dict[Moment, int], said: list[Stamp]) -> list[int]:
    """Nanoseconds from a call's URC to its event."""
    return [events[moment] - ns for ns, moment in _moments(said) if moment in events]


def ring_stamps(said: list[Stamp]) -> dict[str, int]:
    """When each caller's RING was written, by the number in the +CLIP behind it."""
    stamps: dict[str, int] = {}
    rang = 0
    for ns, _, line in said:
        if line in {"RING", "+CRING: VOICE"}:
            rang = ns
        elif line.startswith("+CLIP:"):
            stamps.setdefault(line.split('"')[1], rang)
    return stamps


def _moments(said: list[Stamp]) -> Iterator[tuple[int, Moment]]:
    for ns, _, line in said:
        if _CCINFO.match(line):
            fields = line.split(",")
            state = _STATES[f"{fields[2]},{fields[3]}"]
            yield ns, (fields[6].strip('"'), state)
