"""One playing of frames: a frame at each tick until there are no more."""

from collections.abc import Callable, Sequence


class Player:
    """Gives frames in their order; with `repeat` over and over, else `on_end` is told once."""

    def __init__(
        self, frames: Sequence[bytes], on_end: Callable[[], None], *, repeat: bool = False
    ) -> None:
        self._frames = frames
        self._on_end = on_end
        self._repeat = repeat
        self._at = 0
        self._over = False

    def frame(self) -> bytes | None:
        """The next 20 ms; None when all were given."""
        if self._at == len(self._frames) and self._repeat:
            self._at = 0
        if self._at < len(self._frames):
            self._at += 1
            return self._frames[self._at - 1]
        if not self._over:
            self._over = True
            self._on_end()
        return None
