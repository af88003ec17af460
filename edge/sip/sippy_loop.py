"""sippy's timers, served by the event loop."""

import asyncio
import logging
from collections.abc import Callable
from heapq import heapify, heappop
from time import monotonic
from typing import Any

from sippy.Core.EventDispatcher import ED2
from sippy.Time.MonoTime import MonoTime

import edge.sip.sippy_quiet  # noqa: F401 - it quiets sippy

log = logging.getLogger(__name__)


class SippyLoop:
    """Runs sippy's code, and its timers when they are due. sippy has one heap for the process."""

    _running = 0

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        SippyLoop._running += 1

    def run(self, work: Callable[..., Any], *arguments: object) -> None:
        """Run something of sippy's. It may raise anything for what peers send: that is logged."""
        try:
            work(*arguments)
        except Exception:
            log.exception("sippy failed")
        self._arm()

    def close(self) -> None:
        """End; the timers go with the last who uses them."""
        if self._timer:
            self._timer.cancel()
        SippyLoop._running -= 1
        if not SippyLoop._running:
            ED2.tlisteners.clear()

    def _arm(self) -> None:
        """Wake up when the first timer is due."""
        timers = ED2.tlisteners
        while timers and timers[0].cb_func is None:
            heappop(timers)
            ED2.twasted -= 1
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if timers:
            delay = max(0.0, timers[0].etime.monot - monotonic())
            self._timer = self._loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        ED2.last_ts = MonoTime()
        self.run(ED2.dispatchTimers)
        if ED2.twasted * 2 > len(ED2.tlisteners):  # more cancelled ones than others
            ED2.tlisteners[:] = [timer for timer in ED2.tlisteners if timer.cb_func is not None]
            heapify(ED2.tlisteners)
            ED2.twasted = 0
