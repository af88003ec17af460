"""Comfort for who waits: ringback of our own, where the network lets the line be silent."""

from collections.abc import Callable, Mapping

from edge.voice.conversation import Conversation
from edge.voice.spectrum import dbov, power_of, samples_of
from modem.pcm import FRAME_S, SILENCE

SILENT_DBOV = -50.0  # a line that is quieter plays no ringback
PATIENCE_S = 1.0  # of silence, before ours is played; a network's own pauses last up to 4 s
_NAME = "ringback"


class Comfort:
    """Plays `ringback` to the listener until the line was heard once, or until stop()."""

    def __init__(
        self,
        conversation: Conversation,
        ringback: Callable[[], bytes | None],
        line: str,
        listener: str,
    ) -> None:
        self._conversation = conversation
        self._ringback = ringback
        self._line = line
        self._listener = listener
        self._silent_s = 0.0
        conversation.tap(self._hear)

    def stop(self) -> None:
        """The line is heard, or the call is answered."""
        self._conversation.untap(self._hear)
        self._conversation.remove(_NAME)

    def _hear(self, said: Mapping[str, bytes]) -> None:
        frame = said.get(self._line, SILENCE)
        if frame is not SILENCE and dbov(power_of(samples_of(frame))) > SILENT_DBOV:
            self.stop()
            return
        self._silent_s += FRAME_S
        if self._silent_s >= PATIENCE_S and _NAME not in self._conversation:
            self._conversation.play(_NAME, self._ringback, self._listener)
