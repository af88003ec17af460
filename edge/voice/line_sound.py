"""The sound of a line, as a conversation wants it, on what its modem has for sound."""

from collections.abc import Callable

from drivers.audio.call_audio import CallAudio
from drivers.audio.port import Counters, Trouble


class LineSound:
    """The sound of the one call on a modem: switched on where in the call its family demands it."""

    def __init__(self, audio: CallAudio) -> None:
        self._audio = audio

    @property
    def counters(self) -> Counters:
        """What became of the frames."""
        return self._audio.counters

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """The call is dialled, or is about to be answered."""
        self._audio.begin(on_frame, on_trouble)

    def answered(self) -> None:
        """The call is answered."""
        self._audio.answered()

    def write(self, frame: bytes) -> None:
        """Play 20 ms."""
        self._audio.write(frame)

    def stop(self) -> None:
        """The call is over."""
        self._audio.end()
