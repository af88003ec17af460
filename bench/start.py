"""Start: modems that answer at once, plugged in together, until all their lines are ready.

The floor asks as many `AT` over the same ptys, all at once, in plain Python.
"""

import asyncio
import os
import termios
import time
import tty
from statistics import median

from bench.bed.parts import Bed, bed
from bench.bed.report import Goal, Report, Row, arguments
from bench.bed.scenarios import quick

GOAL_S = 1.0


async def main() -> None:
    options = arguments("start", lines=32, runs=5)
    report = Report("start")
    for _ in range(options.runs):
        async with bed(quick(options.lines)) as there:
            report.rows.append(await _one_start(there, options.lines))
    times = [float(row["ready_s"] or 0) for row in report.rows]
    name = f"{options.lines} modems, first byte on a pty to all lines ready, median"
    report.goals.append(Goal(name, GOAL_S, round(median(times), 3), "s"))
    report.show(as_json=options.json)


async def _one_start(there: Bed, lines: int) -> Row:
    async with there.gateway() as gateway:
        ready_ns = await there.client.until_ready(lines)
        heard, _ = await there.world.stamps()
    first_ns, last_ns = heard[0][0], heard[-1][0]
    commands = sum(ns <= ready_ns for ns, _, _ in heard)
    floor_s = await _floor(list(there.ports.values()), commands // lines)
    ready_s = (ready_ns - first_ns) / 1e9
    return {
        "modems": lines,
        "process_s": round((first_ns - gateway.started_ns) / 1e9, 3),
        "ready_s": round(ready_s, 3),
        "commands": commands,
        "last_command_s": round((last_ns - first_ns) / 1e9, 3),
        "floor_s": round(floor_s, 3),
        "times_floor": round(ready_s / floor_s, 1),
    }


async def _floor(ports: list[str], commands: int) -> float:
    """Seconds that so many `AT` on each port take, on all ports at once."""
    start = time.monotonic()
    await asyncio.gather(*(_ask_often(port, commands) for port in ports))
    return time.monotonic() - start


async def _ask_often(port: str, commands: int) -> None:
    loop = asyncio.get_running_loop()
    tty_fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(tty_fd, termios.TCSANOW)
    answer = bytearray()
    answered = asyncio.Event()

    def read() -> None:
        answer.extend(os.read(tty_fd, 4096))
        if b"OK\r\n" in answer:
            answered.set()

    loop.add_reader(tty_fd, read)
    for _ in range(commands):
        os.write(tty_fd, b"AT\r")
        await answered.wait()
        answered.clear()
        answer.clear()
    loop.remove_reader(tty_fd)
    os.close(tty_fd)


if __name__ == "__main__":
    asyncio.run(main())
