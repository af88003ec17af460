"""Work that must go one after the other, in lanes that go beside each other."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
Spawn = Callable[[Coroutine[None, None, None]], object]


class Lanes:
    """One queue a name; a lane's task lives only while there is work in it."""

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._lanes: dict[str, deque[Work]] = {}

    def depth(self, name: str) -> int:
        """How much waits or is under way in a lane."""
        return len(self._lanes.get(name, ()))

    def put(self, name: str, work: Work) -> None:
        """Append work to a lane."""
        if name in self._lanes:
            self._lanes[name].append(work)
        else:
            self._lanes[name] = deque([work])
            self._spawn(self._run(name))

    async def _run(self, name: str) -> None:
        """Do all work of a lane; what fails is logged, and the next is done."""
        lane = self._lanes[name]
        try:
            while lane:
                try:
                    await lane[0]()
                except Exception:
                    log.exception("work of lane %s failed; the next goes on", name)
                lane.popleft()
        finally:
            del self._lanes[name]
