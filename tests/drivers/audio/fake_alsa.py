"""As much of pyalsaaudio as the driver asks of it, with a card that a test holds in its hand."""

import errno
import queue
from types import SimpleNamespace
from typing import Any


class ALSAAudioError(Exception):
    """As pyalsaaudio's: no OSError."""


class FakeCard:
    """What the card hears and says: `say` puts sound into its microphone."""

    def __init__(self) -> None:
        self.refusals = 0  # tries to open that fail
        self.opened: list[dict[str, Any]] = []
        self.closed = 0
        self.played: list[bytes] = []
        self.answers: list[int] = []  # to writes, before all is well
        self._said: queue.Queue[bytes | None] = queue.Queue()

    def say(self, sound: bytes) -> None:
        self._said.put(sound)

    def unplug(self) -> None:
        self._said.put(None)

    def module(self) -> SimpleNamespace:
        """What `import alsaaudio` gives."""
        return SimpleNamespace(
            PCM=self._open,
            PCM_CAPTURE=1,
            PCM_PLAYBACK=0,
            PCM_NORMAL=0,
            PCM_NONBLOCK=1,
            PCM_FORMAT_S16_LE=2,
            ALSAAudioError=ALSAAudioError,
        )

    def _open(self, kind: int, mode: int, **options: Any) -> "FakePcm":
        if self.refusals:
            self.refusals -= 1
            raise ALSAAudioError("Device or resource busy [plughw:3,0]")
        self.opened.append({"kind": kind, "mode": mode, **options})
        return FakePcm(self)

    def read(self) -> tuple[int, bytes]:
        try:
            sound = self._said.get(timeout=0.02)
        except queue.Empty:
            return -errno.EPIPE, b""
        if sound is None:
            raise ALSAAudioError("No such device [plughw:3,0]")
        return len(sound) // 2, sound


class FakePcm:
    """One direction of it."""

    def __init__(self, card: FakeCard) -> None:
        self._card = card
        self.read = card.read

    def write(self, sound: bytes) -> int:
        taken = self._card.answers.pop(0) if self._card.answers else len(sound) // 2
        if taken > 0:
            self._card.played.append(sound)
        return taken

    def close(self) -> None:
        self._card.closed += 1
