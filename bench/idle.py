"""Idle: what ready lines cost the machine while nothing happens, and what one call costs.

The floor of the first is the same interpreter with an empty asyncio loop, the floor of the second
is plain Python on the same parts.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE

from bench.bed.parts import Bed, Gateway, Usage, bed, usage_of
from bench.bed.report import Goal, Report, Row, arguments
from bench.bed.scenarios import quick
from bench.bed.traffic import Traffic

GOAL_CPU_PERCENT = 0.5  # of one core
GOAL_RSS_MB = 64
GOAL_CALL_MS = 3
WARM_UP_S = 3.0
EMPTY_LOOP = "import asyncio; print(flush=True); asyncio.run(asyncio.sleep(3600))"


async def main() -> None:
    options = arguments("idle", lines=32, seconds=60, calling=20)
    report = Report("idle")
    report.rows.append(await _floor(options.seconds))
    async with bed(quick(options.lines)) as there, there.gateway() as gateway:
        await there.client.until_ready(options.lines)
        idle = await _idle(gateway, options.seconds)
        calling = await _calling("trunkline", there, gateway, options.calling)
    async with bed(quick(options.lines)) as there, there.floor() as floor:
        await there.client.until_ready(options.lines)
        least = await _calling("floor: plain Python", there, floor, options.calling)
    report.rows += [
        {"what": f"trunkline, {options.lines} ready lines", **idle},
        calling,
        least,
    ]
    report.goals = [
        Goal(f"CPU of {options.lines} idle lines", GOAL_CPU_PERCENT, _n(idle["cpu_percent"]), "%"),
        Goal(f"memory of {options.lines} idle lines", GOAL_RSS_MB, _n(idle["rss_mb"]), "MB"),
        Goal("CPU of a call, dialled to CDR", GOAL_CALL_MS, _n(calling["cpu_ms_per_call"]), "ms"),
    ]
    report.show(as_json=options.json)


def _n(value: str | float | None) -> float | None:
    return value if isinstance(value, int | float) else None


async def _idle(gateway: Gateway, seconds: int) -> Row:
    before = gateway.usage()
    await asyncio.sleep(seconds)
    return _row(before, gateway.usage(), seconds)


async def _calling(who: str, there: Bed, gateway: Gateway, seconds: int) -> Row:
    """Dial on all lines for so long, after as many calls as it takes to get warm."""
    await Traffic(there).run(min(WARM_UP_S, seconds), incoming=False)
    before = gateway.usage()
    traffic = Traffic(there)
    await traffic.run(seconds, incoming=False)
    after = gateway.usage()
    calls = sum(traffic.ledger.cdrs.values())
    return {
        "what": f"{who}, {calls} calls dialled",
        "seconds": seconds,
        "cpu_ms_per_call": round((after.cpu_s - before.cpu_s) / calls * 1000, 2),
        "rss_mb": round(after.rss_mb, 1),
    }


async def _floor(seconds: int) -> Row:
    """An empty asyncio loop, for a quarter of the time."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", EMPTY_LOOP, stdout=PIPE)
    if child.stdout:
        await child.stdout.readline()
    await asyncio.sleep(1)
    before = usage_of(child.pid)
    await asyncio.sleep(seconds / 4)
    after = usage_of(child.pid)
    child.kill()
    await child.wait()
    return {"what": "floor: an empty asyncio loop", **_row(before, after, seconds / 4)}


def _row(before: Usage, after: Usage, seconds: float) -> Row:
    return {
        "seconds": seconds,
        "cpu_percent": round((after.cpu_s - before.cpu_s) / seconds * 100, 2),
        "rss_mb": round(after.rss_mb, 1),
    }


if __name__ == "__main__":
    asyncio.run(main())
