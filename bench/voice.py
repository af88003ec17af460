"""Voice: what it costs the gateway to carry calls, and what it does to their sound.

Simulated modems on ptys on one side, RTP on the other, tones both ways, clocks that drift apart.
In the same run and between the same ends: a relay that hands each frame on at once, whose delay is
that of the ends alone and is taken off; and baresip, which joins as many calls from RTP to RTP.
"""

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.bed.parts import Bed, Child, Usage, bed, obedient, sound_of
from bench.bed.report import Goal, Report, Row, arguments, quantile, spread
from bench.voice_parts.rival import BARESIP, IN, baresip
from bench.voice_parts.sip import HOST
from bench.voice_parts.tone import delays
from simulator import Scenario
from simulator.scenario import Callee, ModemPart, NetworkPart

LOADS = (1, 8, 16, 32)
PPM = (200, -200, 0)  # of the modems' clocks, by turns
SETTLE_S = 4.0  # buffers have found their place, what is loaded at the first call is loaded
RTP_FROM, RTP_TO = 20_000, 29_998
RIVAL_RTP = 31_000
GOAL_CPU_PERCENT = 25.0  # of one core
GOAL_P50_MS, GOAL_P99_MS = 60.0, 100.0
OURS, FLOOR, RIVAL = "trunkline", "floor: relay in plain Python", "baresip 1.0"
# What edge.voice.member says at the end of a call whose sound was not whole.
_COUNTS = re.compile(r"(\d+) frames late, (\d+) lost, (\d+) concealed")


@dataclass(slots=True)
class Sound:
    """What was heard of calls for a while, at both ends, and what carrying them cost."""

    cpu_percent: float  # of one core
    to_line: list[int] = field(default_factory=list)  # delays, nanoseconds
    to_phone: list[int] = field(default_factory=list)
    discontinuities: int = 0
    silent: int = 0  # ways on which no mark was heard

    def add(self, phone: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        """Take in what one call's ends found."""
        there = delays(phone["said"], line["heard"])
        back = delays(line["said"], phone["heard"])
        self.to_line += there
        self.to_phone += back
        self.discontinuities += phone["discontinuities"] + line["discontinuities"]
        self.silent += (not there) + (not back)


class Carrier(Protocol):
    """Whoever carries calls: its process."""

    def usage(self) -> Usage: ...


async def main() -> None:
    options = arguments("voice", lines=32, seconds=15, rival=1)
    report = Report("voice")
    for lines in [load for load in LOADS if load < options.lines] + [options.lines]:
        async with bed(_world(lines)) as there, _phones() as (phones, port):
            numbers = [f"+4940{n:08d}" for n in range(lines)]
            await there.world.order("talk")  # nobody yet: what it takes once is taken now
            floor = await _floor(there, phones, numbers, options.seconds, report)
            sound, row = await _ours(there, phones, port, numbers, options.seconds)
        p50, p99 = _added(sound, floor)
        report.rows.append(row | {"added_p50_ms": p50, "added_p99_ms": p99})
        if options.rival and BARESIP:
            report.rows.append(await _rival(numbers, options.seconds))
        if lines == options.lines:
            report.goals = _goals(lines, sound, floor)
    report.show(as_json=options.json)


def _world(lines: int) -> Scenario:
    """So many EC25 with sound, whose clocks differ; everybody answers and stays."""
    modems = tuple(
        ModemPart(
            name=f"m-{n}",
            family="quectel",
            latency_ms=0.0,
            registration_delay_s=0.0,
            audio=True,
            audio_ppm=PPM[n % len(PPM)],
        )
        for n in range(lines)
    )
    callee = Callee(share=1, answer_after_s=0.1, then="stay")
    network = NetworkPart(setup_s=0.0, technology="gsm", ringback=False)
    return Scenario(network=network, callees=(callee,), modems=modems)


@asynccontextmanager
async def _phones() -> AsyncIterator[tuple[Child, int]]:
    port = _udp_port()
    async with obedient("voice_parts/phones", port) as phones:
        yield phones, port


def _udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


# --- who carries the calls


async def _floor(
    there: Bed, phones: Child, numbers: list[str], seconds: int, report: Report
) -> Sound:
    async with obedient("voice_parts/relay") as relay:
        for number, port in zip(numbers, there.ports.values(), strict=True):
            rtp = await phones.order("rtp", number=number)
            way = await relay.order(
                "call", number=number, command=port, sound=sound_of(port), port=rtp
            )
            await phones.order("talk", number=number, port=way)
        cpu = await _talk(relay, there, phones, seconds)
        await phones.order("hang_up", server=0)
        await relay.order("end")
    sound, row = await _heard(FLOOR, cpu, there, phones)
    report.rows.append(row)
    return sound


async def _ours(
    there: Bed, phones: Child, port: int, numbers: list[str], seconds: int
) -> tuple[Sound, Row]:
    sip = _udp_port()
    async with there.gateway(_config(sip, port, len(numbers))) as gateway:
        await there.client.until_ready(len(numbers))
        before = gateway.usage()
        uris = {number: f"sip:{number}@{HOST}:{sip}" for number in numbers}
        await _call(phones, uris, uris, sip)
        cpu = await _talk(gateway, there, phones, seconds)
        mb = (gateway.usage().rss_mb - before.rss_mb) / len(numbers)
        await phones.order("hang_up", server=sip)
    sound, row = await _heard(OURS, cpu, there, phones)
    log = (there.folder / "gateway.log").read_text()
    counts = [tuple(map(int, found)) for found in _COUNTS.findall(log)]
    late, lost, concealed = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    told: Row = {"late": late, "lost": lost, "concealed": concealed}
    return sound, row | {"mb_per_call": round(mb, 2)} | told


async def _rival(numbers: list[str], seconds: int) -> Row:
    sip = _udp_port()
    async with bed(_world(1)) as there, _phones() as (phones, port):
        async with baresip(there.folder / "baresip", sip, RIVAL_RTP) as rival:
            before = rival.usage()
            uris = dict.fromkeys(numbers, f"sip:{IN}@{HOST}:{sip}")
            tos = {number: f"sip:{number}@{HOST}:{port}" for number in numbers}
            await _call(phones, uris, tos, sip)
            cpu = await _talk(rival, None, phones, seconds)
            mb = (rival.usage().rss_mb - before.rss_mb) / len(numbers)
            await phones.order("hang_up", server=sip)
        _, row = await _heard(RIVAL, cpu, None, phones)
    return row | {"mb_per_call": round(mb, 2)}


async def _call(phones: Child, uris: dict[str, str], tos: dict[str, str], server: int) -> None:
    if refused := await phones.order("call", uris=uris, tos=tos, server=server):
        raise ConnectionError(f"calls were not answered: {Counter(refused.values())}")


def _config(sip: int, phones: int, calls: int) -> str:
    return (
        f'[sip]\naddress = "{HOST}"\nport = {sip}\nrtp_from = {RTP_FROM}\nrtp_to = {RTP_TO}\n'
        f'[[pbx]]\nname = "bench"\nmode = "peer"\nhost = "{HOST}"\nport = {phones}\n'
        f"max_calls = {calls}\n"
    )


# --- what is measured


async def _talk(carrier: Carrier, there: Bed | None, phones: Child, seconds: int) -> float:
    """Let all calls talk and, once they have settled, measure: the carrier's CPU in percent."""
    ends = [there.world, phones] if there else [phones]
    if there:
        await there.world.order("talk")
    await asyncio.sleep(min(SETTLE_S, seconds))
    for end in ends:
        await end.order("begin")
    before = carrier.usage()
    await asyncio.sleep(seconds)
    after = carrier.usage()
    for end in ends:
        await end.order("end")
    return (after.cpu_s - before.cpu_s) / seconds * 100


async def _heard(who: str, cpu: float, there: Bed | None, phones: Child) -> tuple[Sound, Row]:
    """What the ends found, once the calls are over: looking takes them longer than a frame."""
    found = await phones.order("found")
    await phones.order("forget")
    lines = await there.world.order("found") if there else {"ends": found["called"], "tally": {}}
    sound = Sound(round(cpu, 1))
    for number, phone in found["phones"].items():
        sound.add(phone, lines["ends"][number])
    return sound, {**_row(who, len(found["phones"]), sound), **lines["tally"]}


def _row(who: str, calls: int, sound: Sound) -> Row:
    there, back = spread(sound.to_line), spread(sound.to_phone)
    return {
        "calls": calls,
        "who": who,
        "cpu_percent": sound.cpu_percent,
        "to_line_p50_ms": there["p50_ms"],
        "to_line_p99_ms": there["p99_ms"],
        "to_phone_p50_ms": back["p50_ms"],
        "to_phone_p99_ms": back["p99_ms"],
        "breaks": sound.discontinuities,
        "silent": sound.silent,
    }


def _added(sound: Sound, floor: Sound) -> tuple[float | None, float | None]:
    """p50 and p99 of the milliseconds by which we are slower than the ends alone."""
    ways = ((sound.to_line, floor.to_line), (sound.to_phone, floor.to_phone))
    if not all(ours and ends for ours, ends in ways):
        return None, None
    added = [ns - quantile(ends, 0.5) for ours, ends in ways for ns in ours]
    return round(quantile(added, 0.5) / 1e6, 1), round(quantile(added, 0.99) / 1e6, 1)


def _goals(calls: int, sound: Sound, floor: Sound) -> list[Goal]:
    p50, p99 = _added(sound, floor)
    breaks = sound.discontinuities + sound.silent
    return [
        Goal(f"CPU of the gateway with {calls} calls", GOAL_CPU_PERCENT, sound.cpu_percent, "%"),
        Goal("delay added by us, p50", GOAL_P50_MS, p50, "ms"),
        Goal("delay added by us, p99", GOAL_P99_MS, p99, "ms"),
        Goal("discontinuities of steady tones, both ways", 0, breaks, ""),
    ]


if __name__ == "__main__":
    asyncio.run(main())
