"""Who takes part in a conversation: a sound port with its buffer, or a source that only plays."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from drivers.audio.port import Trouble
from edge.voice.drift import DriftBuffer
from edge.voice.mixing import amplify
from edge.voice.sound import Sound
from modem.pcm import SILENCE

log = logging.getLogger(__name__)

Source = Callable[[], bytes | None]  # the next frame; None at the end


class Party:
    """A sound port that speaks and hears, each with a gain."""

    def __init__(self, name: str, sound: Sound, factor_in: float, factor_out: float) -> None:
        self.name = name
        self.muted = False
        self.buffer = DriftBuffer()
        self._sound = sound
        self._in, self._out = factor_in, factor_out
        self._time = asyncio.get_running_loop().time

    def start(self, on_trouble: Callable[[str, Trouble], None]) -> None:
        """Take in what comes."""
        self._sound.start(self._push, partial(on_trouble, self.name))

    def stop(self) -> None:
        """Let go of the port; say what was not whole."""
        self._sound.stop()
        counters = self.buffer.counters
        if counters.late or counters.lost or counters.concealed:
            log.info(
                "the sound of the %s: %d frames late, %d lost, %d concealed",
                self.name,
                counters.late,
                counters.lost,
                counters.concealed,
            )

    def pull(self, now: float) -> bytes:
        """What the party says in this tick."""
        frame = self.buffer.pull(now)
        if self.muted:
            return SILENCE
        return frame if self._in == 1.0 or frame is SILENCE else amplify(frame, self._in)

    def write(self, frame: bytes) -> None:
        """What the party hears in this tick."""
        if self._out != 1.0 and frame is not SILENCE:
            frame = amplify(frame, self._out)
        self._sound.write(frame)

    def _push(self, frame: bytes) -> None:
        self.buffer.push(frame, self._time())


class Player:
    """A source of frames that is heard and hears nothing."""

    def __init__(
        self, name: str, source: Source, factor: float, on_end: Callable[[], None] | None
    ) -> None:
        self.name = name
        self.over = False
        self.on_end = on_end
        self._source = source
        self._factor = factor

    def pull(self, _now: float) -> bytes:
        """The frame of this tick; silence once it is over."""
        frame = self._source()
        if frame is None:
            self.over = True
            return SILENCE
        return frame if self._factor == 1.0 else amplify(frame, self._factor)
