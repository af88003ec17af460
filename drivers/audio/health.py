"""Whether a device sends what it should: frames at all, and as many samples a second as agreed.

Time is an argument, in seconds of any monotonic clock.
"""

from collections.abc import Callable

from drivers.audio.port import Trouble

NO_FRAMES_S = 1.0
RATE_WINDOW_S = 10.0
RATE_TOLERANCE = 0.01


class Health:
    """Watches one device from its start. Each trouble is told once, until it is well again."""

    def __init__(self, rate: int, now: float, tell: Callable[[Trouble], None]) -> None:
        self._rate = rate
        self._tell = tell
        self._told: set[Trouble] = set()
        self._heard_at = now
        self._since: float | None = None  # begin of the window in which samples are counted
        self._samples = 0

    def hear(self, samples: int, now: float) -> None:
        """Samples came."""
        gap = now - self._heard_at > NO_FRAMES_S
        self._heard_at = now
        self.set(Trouble.NO_FRAMES, on=False)
        if self._since is None or gap:
            self._since, self._samples = now, 0  # those of the first chunk came before
            return
        self._samples += samples
        if now - self._since >= RATE_WINDOW_S:
            off = self._samples / (now - self._since) / self._rate - 1
            self.set(Trouble.WRONG_RATE, on=abs(off) > RATE_TOLERANCE)
            self._since, self._samples = now, 0

    def look(self, now: float) -> None:
        """Time passed; to be called more often than NO_FRAMES_S."""
        if now - self._heard_at > NO_FRAMES_S:
            self.set(Trouble.NO_FRAMES, on=True)

    def set(self, trouble: Trouble, *, on: bool) -> None:
        """Tell a trouble, unless it is told already; or let it be well again."""
        if not on:
            self._told.discard(trouble)
        elif trouble not in self._told:
            self._told.add(trouble)
            self._tell(trouble)
