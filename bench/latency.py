"""Latency: from a command to its ATD, from a URC to its event, with every line busy.

Both hold a commit to disk. The goal for a dial counts it; for a URC it is taken off, as the bare
commit that was measured before the load. The rows have both. Each load is repeated, and the goals
are held against the round in which the bare round trip was quickest: what else the machine's host
had to do then counts least.

Beside the bare QoS 1 round trip through the same broker, measured before the load and during it,
beside a floor of plain Python under the same load, and beside python-gsmmodem-new on the same
simulated modem. Then a burst of incoming calls, each of which must become its events and one CDR.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.bed.parts import Bed, bed, script
from bench.bed.report import Goal, Report, Row, arguments, quantile, spread
from bench.bed.scenarios import quick
from bench.bed.traffic import (
    ENDED,
    Ledger,
    Traffic,
    dial_times,
    ring_stamps,
    urc_times,
)

LOADS = (1, 8, 32)
BURST = "incoming back to back"
ROUNDS = 3
BARE_S = 2.0
DISK_WRITES = 200
DISK_PAGE = 4096
DISK_PAUSE_S = 0.005
WARM_UP_S = 3.0  # until the store's log has grown to its size
QUIET_S = 15.0  # without a CDR: no more will come
PEER = "python-gsmmodem-new"
PEER_CALLS = 100  # incoming, back to back
PEER_RING_S = 0.02  # each of them
PEER_LISTENS_S = 5.0


async def main() -> None:
    options = arguments("latency", lines=32, seconds=12, incoming=10_000, dials=20)
    report = Report("latency")
    for lines in [load for load in LOADS if load < options.lines] + [options.lines]:
        world = quick(lines, setup_s=(0.01, 0.1), answer_s=(0.02, 0.2), talk_s=(0.05, 0.4))
        async with bed(world) as there, there.gateway():
            await there.client.until_ready(lines)
            added = await _busy(there, lines, options.seconds, report)
            if lines == options.lines:
                report.goals += added
                report.goals.append(await _burst(there, options.incoming, 0.0, report))
            if lines == 1:
                await _burst(there, PEER_CALLS, PEER_RING_S, report)
    async with bed(world) as there, there.floor():
        await there.client.until_ready(lines)
        await _busy(there, lines, options.seconds, report, "floor: plain Python, ")
    if options.dials:
        await _peer(options.dials, report)
    report.show(as_json=options.json)


async def _busy(there: Bed, lines: int, seconds: int, report: Report, who: str = "") -> list[Goal]:
    """Load `who`, the gateway where it is not said; the goals are the gateway's."""
    disk = await asyncio.to_thread(_disk, there.folder / "disk")
    bare = Traffic(there)
    await bare.ping(time.monotonic() + min(BARE_S, seconds))
    if not who:
        report.rows.append({"lines": 0, "what": "disk: write 4 kB, fdatasync", **spread(disk)})
        report.rows.append({"lines": 0, "what": "round trip, idle", **spread(bare.pings)})
    await Traffic(there).run(min(WARM_UP_S, seconds))
    rounds = [await _round(there, seconds) for _ in range(ROUNDS)]
    quietest = min(rounds, key=lambda one: quantile(one.pings, 0.5))
    goals: list[Goal] = []
    for number, one in enumerate(rounds, start=1):
        place: Row = {"lines": lines, "round": number}
        busy = f"{who}round trip, busy" + (", quietest" if one is quietest else "")
        report.rows.append({**place, "what": busy, **spread(one.pings)})
        for way, times in one.ways.items():
            added = _added(times, one.pings, disk)
            report.rows.append({**place, "what": who + way, **spread(times), **added})
            if one is quietest:
                goals += _goals(way, lines, added)
    return goals


@dataclass(frozen=True, slots=True)
class _Round:
    """Nanoseconds of one round of a load."""

    pings: list[int]
    ways: dict[str, list[int]]


async def _round(there: Bed, seconds: int) -> _Round:
    traffic = Traffic(there)
    await there.world.stamps()
    await traffic.run(seconds)
    heard, said = await there.world.stamps()
    dials = dial_times(traffic.dialed, heard)
    return _Round(traffic.pings, {"dial": dials, "URC": urc_times(traffic.ledger.events, said)})


def _goals(way: str, lines: int, added: dict[str, float | None]) -> list[Goal]:
    return [
        Goal(f"our part of a {way} with {lines} lines, {_SAYS[key]}", limit, added[key], "ms")
        for key, limit in _LIMITS_MS[way].items()
    ]


_LIMITS_MS = {
    "dial": {"added_p50_ms": 1.5, "added_p99_ms": 5.0},
    "URC": {"but_commit_p50_ms": 1.0, "added_p99_ms": 5.0},
}
_SAYS = {
    "added_p50_ms": "its commit included, p50",
    "added_p99_ms": "its commit included, p99",
    "but_commit_p50_ms": "its commit apart, p50",
}


def _disk(path: Path) -> list[int]:
    """Nanoseconds of bare commits on the disk that holds the store, in place as its log does it."""
    times: list[int] = []
    with path.open("wb", buffering=0) as file:
        file.write(bytes(DISK_WRITES * DISK_PAGE))
        os.fsync(file.fileno())
        for number in range(DISK_WRITES):
            before = time.monotonic_ns()
            os.pwrite(file.fileno(), bytes(DISK_PAGE), number * DISK_PAGE)
            os.fdatasync(file.fileno())
            times.append(time.monotonic_ns() - before)
            time.sleep(DISK_PAUSE_S)
    return times


def _added(times: list[int], pings: list[int], disk: list[int]) -> dict[str, float | None]:
    """What is left when the round trip, measured in the same load, is taken off; and the commit."""
    if not times:
        return dict.fromkeys(_SAYS)
    p50, p99 = (quantile(times, share) - quantile(pings, share) for share in (0.5, 0.99))
    found = {
        "added_p50_ms": p50,
        "added_p99_ms": p99,
        "but_commit_p50_ms": p50 - quantile(disk, 0.5),
    }
    return {name: round(ns / 1e6, 3) for name, ns in found.items()}


async def _burst(there: Bed, calls: int, ring_s: float, report: Report) -> Goal:
    """Call all modems back to back and count what arrives."""
    ledger = Ledger()
    there.client.on_message = ledger.take
    modems = list(there.ports)
    each = -(-calls // len(modems))
    start = time.monotonic()
    made = await there.world.order("burst", calls=each, modems=modems, ring_s=ring_s)
    await _quiet(ledger, made["rung"])
    seconds = time.monotonic() - start
    whole = sum(
        {(caller, "alerting"), (caller, ENDED)} <= ledger.events.keys() for caller in ledger.cdrs
    )
    lost = made["rung"] - whole
    report.rows.append(
        {
            "lines": len(modems),
            "what": BURST + (f", {ring_s * 1000:.0f} ms each" if ring_s else ""),
            "n": made["rung"],
            "lost": lost,
            "unread": made["dropped"],  # octets that the simulator gave up on
            "twice": ledger.cdrs.total() - len(ledger.cdrs),
            "rung_in_s": round(made["seconds"], 2),
            "told_in_s": round(seconds, 2),
        }
    )
    return Goal(f"lost of {made['rung']} back-to-back incoming calls", 0, lost, "calls")


async def _quiet(ledger: Ledger, expected: int) -> None:
    """Wait for all CDRs, or until none comes any more."""
    seen, since = 0, time.monotonic()
    while len(ledger.cdrs) < expected and time.monotonic() - since < QUIET_S:
        await asyncio.sleep(0.01)
        if len(ledger.cdrs) != seen:
            seen, since = len(ledger.cdrs), time.monotonic()


async def _peer(dials: int, report: Report) -> None:
    """The same modem, the same calls, with python-gsmmodem-new and with us."""
    if find_spec("gsmmodem") is None:
        report.rows.append({"what": f"{PEER} is not installed: scripts/bench installs it"})
        return
    async with bed(quick(1, answer_s=30.0, talk_s=60.0)) as there:
        [(modem, port)] = there.ports.items()
        async with script("gsmmodem_peer", port, dials, PEER_LISTENS_S) as line:
            dialed = dict((await line())["dials"])
            heard, _ = await there.world.stamps()
            rows: list[Row] = [_named("dial() to ATD", spread(dial_times(dialed, heard)))]
            await there.world.order("burst", calls=PEER_CALLS, modems=[modem], ring_s=PEER_RING_S)
            rings = dict((await line())["rings"])
            _, said = await there.world.stamps()
    rung = ring_stamps(said)
    times = [rings[number] - ns for number, ns in rung.items() if number in rings]
    rows.append(_named("RING to callback", spread(times)))
    lost = len(rung) - len(times)
    rows.append({**_named(BURST, {"n": len(rung)}), "lost": lost})
    report.rows.extend(rows)


def _named(what: str, numbers: Row) -> Row:
    return {"lines": 1, "what": f"{PEER}: {what}", **numbers}


if __name__ == "__main__":
    asyncio.run(main())
