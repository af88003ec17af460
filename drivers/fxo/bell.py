"""Calls from outside, until they are taken: rings, their pause, and who calls.

Caller id comes before the first ring or between the first and the second. So a call is told with
its number as soon as that is there, without one at the second ring or after NAME_S.
"""

import asyncio
from collections.abc import Callable

from modem.v253.caller_id import CallerIdReader

SAME_RING_S = 1.0  # RING and DLE R of one ring; no cadence rings twice within it but as one ring
RINGS_GONE_S = 8.0  # the second ring must come in that time (AudioCodes MP-11x); a cycle takes 6
NAME_S = 3.5  # from the first ring to the number, which stands between it and the second
STALE_S = 10.0  # a number that no ring follows was of a call that never rang
ENOUGH_RINGS = 2


class Bell:
    """`on_ring` gets the caller's number once it is known or will not be, `on_quiet` the end."""

    def __init__(self, on_ring: Callable[[str | None], None], on_quiet: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._on_quiet = on_quiet
        self._reader = CallerIdReader()
        self._rings = 0
        self._rang_at = -SAME_RING_S
        self._told = False
        self._quiet: asyncio.TimerHandle | None = None
        self._unnamed: asyncio.TimerHandle | None = None

    @property
    def rings(self) -> int:
        """How often it has rung; 0 while nobody calls."""
        return self._rings

    def ring(self) -> None:
        """The bell rang, told by RING or by DLE R."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._rang_at < SAME_RING_S and self._rings:
            return
        self._rang_at = loop.time()
        self._rings += 1
        self._arm(RINGS_GONE_S, self._go_quiet)
        if self._rings >= ENOUGH_RINGS or self._reader.has_number:
            self._tell()
        elif self._unnamed is None:
            self._unnamed = loop.call_later(NAME_S, self._tell)

    def line(self, text: str) -> bool:
        """Take a line of the modem; False when it is not about who calls."""
        if not self._reader.hear(text):
            return False
        if not self._rings:
            self._arm(STALE_S, self.stop)
        elif self._reader.has_number:
            self._tell()
        return True

    def stop(self) -> None:
        """It was answered, or is over: nothing more is told of it."""
        for timer in (self._quiet, self._unnamed):
            if timer:
                timer.cancel()
        self._quiet = self._unnamed = None
        self._reader.take()
        self._rings, self._told = 0, False

    def _arm(self, seconds: float, act: Callable[[], None]) -> None:
        if self._quiet:
            self._quiet.cancel()
        self._quiet = asyncio.get_running_loop().call_later(seconds, act)

    def _tell(self) -> None:
        """Tell it once; a number that comes later is told too."""
        if self._unnamed:
            self._unnamed.cancel()
            self._unnamed = None
        known = self._reader.take()
        if not self._told or known:
            self._told = True
            self._on_ring(known.number if known else None)

    def _go_quiet(self) -> None:
        if not self._told:
            self._tell()
        self.stop()
        self._on_quiet()
