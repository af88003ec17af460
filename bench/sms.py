"""SMS: messages a second, each with its durable record, on one line and on many.

Commands go over MQTT without waiting for each other; a message counts when its `sent` event came.
The floor sends the same PDU over the same ptys with no gateway and no record; gammu-smsd sends
from its files on the same simulated modem.
"""

import asyncio
import contextlib
import json
import os
import shutil
import time
import tty
from pathlib import Path

from bench.bed.parts import Bed, bed, expiry
from bench.bed.report import Goal, Report, Row, arguments
from bench.bed.scenarios import quick
from mqtt.client import new_id
from mqtt.messages import Sms

GOAL_PER_S = 500
QUIET_S = 10.0  # without news: no more will come
TO = "+493000000001"
TEXT = "A short message of some forty characters"
PDU = (  # TEXT to TO
    "0001000C9194030000001000002841D01CFD96D341EDF27C1E3E97416F3368FE6E9741E6B79C9E078DD1"
    "6179784C2FCBE7"
)
IN_FLIGHT = 20  # commands that wait for their messages, a line
GAMMU_MESSAGES = 5
GAMMU_TIMEOUT_S = 60.0


async def main() -> None:
    options = arguments("sms", lines=32, messages=200, gammu=GAMMU_MESSAGES)
    report = Report("sms")
    for lines in sorted({1, options.lines}):
        async with bed(quick(lines)) as there:
            report.rows.append(await _floor(there, options.messages))
            async with there.gateway():
                await there.client.until_ready(lines)
                row = await _ours(there, options.messages * lines)
            report.rows.append(row)
    report.goals.append(
        Goal(f"SMS on {options.lines} lines", GOAL_PER_S, _rate(row), "a second", at_least=True)
    )
    if options.gammu:
        report.rows.append(await _gammu(options.gammu))
    report.show(as_json=options.json)


def _rate(row: Row) -> float | None:
    rate = row["per_s"]
    return rate if isinstance(rate, float) else None


def _row(who: str, lines: int, sent: int, asked: int, seconds: float) -> Row:
    return {
        "who": who,
        "lines": lines,
        "messages": sent,
        "lost": asked - sent,
        "per_s": round(sent / seconds, 1),
    }


async def _ours(there: Bed, messages: int) -> Row:
    """Keep so many commands in flight until all messages are sent."""
    client, loop = there.client, asyncio.get_running_loop()
    most = IN_FLIGHT * len(there.ports)
    room = asyncio.Semaphore(most)
    sent = 0
    last = loop.time()

    def hear(_now: int, topic: str, payload: bytes) -> None:
        nonlocal sent, last
        if topic == client.topics.of("sms") and json.loads(payload)["state"] == "sent":
            sent, last = sent + 1, loop.time()
            room.release()

    client.on_message = hear
    start = loop.time()
    for _ in range(messages):
        await room.acquire()
        client.send(Sms(id=new_id(), expires_at=expiry(), to=TO, text=TEXT))
    with contextlib.suppress(TimeoutError):
        for _ in range(most):
            await asyncio.wait_for(room.acquire(), QUIET_S)
    seen = await there.world.order("messages")
    return _row("trunkline", len(there.ports), min(sent, seen), messages, last - start)


async def _floor(there: Bed, messages: int) -> Row:
    """Plain Python on the ptys: prompt, PDU, OK, and nothing else."""
    start = time.monotonic()
    await asyncio.gather(*(_send_raw(port, messages) for port in there.ports.values()))
    total = messages * len(there.ports)
    return _row("floor: plain Python", len(there.ports), total, total, time.monotonic() - start)


async def _send_raw(port: str, messages: int) -> None:
    loop = asyncio.get_running_loop()
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    got = bytearray()
    news = asyncio.Event()

    def read() -> None:
        got.extend(os.read(fd, 4096))
        news.set()

    async def say(text: str, until: bytes) -> None:
        got.clear()
        os.write(fd, text.encode())
        while until not in got:
            news.clear()
            await news.wait()

    loop.add_reader(fd, read)
    await say("ATE0\r", b"OK")
    for _ in range(messages):
        await say(f"AT+CMGS={len(PDU) // 2 - 1}\r", b"> ")
        await say(f"{PDU}\x1a", b"OK")
    loop.remove_reader(fd)
    os.close(fd)


async def _gammu(messages: int) -> Row:
    """Put files into gammu-smsd's outbox; its first and last CMGS tell the pace."""
    if shutil.which("gammu-smsd") is None:
        return {"who": "gammu-smsd is not installed: apt-get install gammu-smsd"}
    async with bed(quick(1)) as there:
        [port] = there.ports.values()
        config = _gammu_files(there.folder, port, messages)
        child = await asyncio.create_subprocess_exec("gammu-smsd", "-c", config)
        try:
            stamps: list[int] = []
            until = time.monotonic() + GAMMU_TIMEOUT_S
            while len(stamps) < messages and time.monotonic() < until:
                await asyncio.sleep(0.2)
                heard, _ = await there.world.stamps()
                stamps += [ns for ns, _, line in heard if line.startswith("AT+CMGS=")]
        finally:
            child.terminate()
            await child.wait()
    seconds = (stamps[-1] - stamps[0]) / 1e9 if len(stamps) > 1 else GAMMU_TIMEOUT_S
    return _row("gammu-smsd", 1, len(stamps) - 1, messages - 1, seconds)


def _gammu_files(folder: Path, port: str, messages: int) -> Path:
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir()
    for number in range(messages):
        name = f"OUTC20261101_120000_{number:02d}_{TO}_bench.txt"  # smsd-files(7)
        (folder / "outbox" / name).write_text(TEXT)
    config = folder / "smsdrc"
    config.write_text(
        f"[gammu]\ndevice = {port}\nconnection = at115200\n"
        f"[smsd]\nservice = files\nlogfile = {folder}/smsd.log\ncheckbattery = 0\n"
        + "".join(f"{n}path = {folder}/{n}/\n" for n in ("inbox", "outbox"))
        + f"sentsmspath = {folder}/sent/\nerrorsmspath = {folder}/error/\n"
    )
    return config


if __name__ == "__main__":
    asyncio.run(main())
