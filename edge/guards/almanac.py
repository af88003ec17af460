"""Public holidays of the world, and the networks of the home country's prefixes.

The packages that know them take 28 MB of memory, and half a second. So a process of its own asks
them, once a day, and what it prints stays here in less than 1 MB.
"""

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE
from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from edge import clock

log = logging.getLogger(__name__)

REFRESH_S = 86_400
RETRY_S = 600
LOOK_UP_S = 120  # it takes one or two where nothing else runs


class AlmanacError(Exception):
    """The tables cannot be had now: keep the old ones and try again later."""


class Almanac:
    """The tables, empty until the first look-up is done."""

    def __init__(self) -> None:
        self.networks: Mapping[str, str] = {}
        self._years: frozenset[int] = frozenset()
        self._holidays: Mapping[str, list[int]] = {}

    def knows(self, day: date) -> bool:
        """Tell whether the holidays of that year were looked up."""
        return day.year in self._years

    def is_holiday(self, country: str, day: date) -> bool:
        """Tell whether a day is closed: a day of a year that was not looked up is."""
        days = self._holidays.get(country, [])
        place = bisect_left(days, day.toordinal())
        return not self.knows(day) or (place < len(days) and days[place] == day.toordinal())

    def take(self, tables: Mapping[str, Any]) -> None:
        """Take in what `edge.guards.tables` printed."""
        self._years = frozenset(tables["years"])
        self._holidays = tables["holidays"]
        self.networks = tables["networks"]


async def look_up(home: str | None, year: int) -> Mapping[str, Any]:
    """Ask for the tables in a process of its own; raises AlmanacError."""
    command = (sys.executable, "-P", "-m", "edge.guards.tables", home or "-", str(year))
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    except OSError as error:
        raise AlmanacError(f"a process cannot be started: {error}") from error
    try:
        async with asyncio.timeout(LOOK_UP_S):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise AlmanacError(f"no holidays after {LOOK_UP_S} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # wait() alone waits for what nobody reads
    if process.returncode:
        raise AlmanacError(errors.decode(errors="replace").strip().rpartition("\n")[2])
    tables: Mapping[str, Any] = json.loads(output)
    return tables


async def keep(almanac: Almanac, home: str | None, on_change: Callable[[], None]) -> None:
    """Fill the almanac and renew it each day, for as long as the gateway runs."""
    failed = False
    while True:
        try:
            almanac.take(await look_up(home, clock.now().year))
        except AlmanacError as error:
            log.log(logging.DEBUG if failed else logging.WARNING, "no almanac: %s", error)
            failed = True
        else:
            failed = False
            on_change()
        await asyncio.sleep(RETRY_S if failed else REFRESH_S)
