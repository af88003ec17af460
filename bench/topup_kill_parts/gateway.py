"""The gateway as a process that may be killed at any moment, with shortened waits.

Its process is forked from one that has imported the program and has done nothing else, so that
a start is not mostly the import of Python modules.
"""

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.topup_kill_parts.scenario import AMOUNT, CARRIERS, SPEED
from edge.guards.almanac import AlmanacError
from modem import ussd

NAME = "bench"
STOP_S = 20.0

# Seconds, where a world that is SPEED times faster needs not as many; what they are without this
# bench stands in docs/performance.md. The "day" of the judge is longer than a carrier is ever late.
WAITS: Mapping[str, Any] = {
    "edge.money.conversation.USSD_REPLY_S": 9.0,
    "edge.money.conversation.SMS_REPLY_S": 3.0,
    "edge.money.balance_desk.LATE_S": 45.0,
    "edge.money.balance_desk.SPREAD_S": 0.3,
    "edge.money.balance_desk.RETRY_S": 0.3,
    "edge.money.topup_watch.SETTLE_S": 0.3,
    "edge.money.topup_watch.CHECKS_S": (0.1, 0.2, 0.4, 0.8, 1.6, 1.6),
    "edge.money.judge.SETTLE_S": 3.0,
}


async def _no_holidays(_home: str | None, _year: int) -> Mapping[str, Any]:
    """In place of a process that reads calendars for a second at each start."""
    raise AlmanacError("no call is made here")


REPLACED: Mapping[str, Any] = {**WAITS, "edge.guards.almanac.look_up": _no_holidays}

_CONFIG = """
[gateway]
name = "{name}"
[mqtt]
host = "127.0.0.1"
port = {broker}
[storage]
path = "{folder}/trunkline.db"
[control]
socket = "{folder}/control.sock"
[discovery]
usb = false
[vouchers]
max_refused = 2
"""
_MODEM = """
[[modem]]
name = "{name}"
port = "{port}"
"""
_RULE = """
[[topup]]
carriers = ["{carrier}"]
amount = "{amount}"
below = "50"
per_day = "900000"
per_month = "900000"
min_gap_s = 60
"""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", __name__, "edge.cli.app", "edge.gateway", "uvloop"])


def configure(folder: Path, broker: int, ports: Mapping[str, str]) -> Path:
    """Write the gateway.toml."""
    path = folder / "gateway.toml"
    head = _CONFIG.format(name=NAME, broker=broker, folder=folder)
    modems = (_MODEM.format(name=name, port=port) for name, port in ports.items())
    rules = (_RULE.format(carrier=carrier, amount=AMOUNT) for carrier in CARRIERS)
    path.write_text("".join((head, *modems, *rules)))
    return path


class Gateway:
    """`trunkline run`: started, killed, started again; `kills` has the time of each (epoch s)."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self.socket = config.with_name("control.sock")
        self.database = config.with_name("trunkline.db")
        self.log = config.with_name("gateway.log")
        self.started_at = 0.0
        self.kills: list[float] = []

    def start(self) -> None:
        """Begin a life."""
        self.started_at = time.time()
        self._process = _context.Process(target=_live, args=(self._config, self.log), daemon=True)
        self._process.start()

    async def kill(self) -> None:
        """End it by SIGKILL and wait until it is gone; raises if it was gone before."""
        if self._process.exitcode is not None:
            raise ChildProcessError(f"the gateway ended by itself: {self.log.read_text()[-2000:]}")
        self._process.kill()
        self.kills.append(time.time())
        await asyncio.to_thread(self._process.join)

    async def stop(self) -> None:
        """End it politely; raises if it did not end as asked."""
        self._process.terminate()
        await asyncio.to_thread(self._process.join, STOP_S)
        if self._process.exitcode != 0:
            ended = signal.strsignal(-(self._process.exitcode or 0))
            raise ChildProcessError(f"{ended}: {self.log.read_text()[-2000:]}")


def _live(config: Path, log: Path) -> None:
    """What the child does."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    for place, value in REPLACED.items():
        module, _, name = place.rpartition(".")
        setattr(importlib.import_module(module), name, value)
    for state, seconds in ussd._WAIT_S.items():  # noqa: SLF001 - no test bed may ask for it
        ussd._WAIT_S[state] = seconds / SPEED  # noqa: SLF001
    sys.argv = ["trunkline", "--config", str(config), "run"]
    importlib.import_module("edge.cli").main()
