"""How loud a line is, and whether somebody speaks.

Levels are in dBov, 0 dBm0 is -6.15. Time is counted in frames of 20 ms.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.voice.spectrum import dbov, power_of, samples_of
from modem.pcm import FRAME_S

_ABOVE_DB = 9.0  # the noise floor: where speech begins
_SOFTEST_DBOV = -50.0  # soft speech after 30 dB of loop loss
_UNKNOWN_FLOOR_DBOV = -45.0  # until something softer was heard
_BLOCK = 25  # frames of which the softest counts
_BLOCKS = 6  # 3 s: every talker takes breath within it
_FADES = 0.25  # of a frame that each frame without voice takes back
_LEVEL_DB = 0.7  # a frame that differs less from the one before it is a tone's rather than a voice
_AWAKE = 3  # frames of sound in a row end a silence: a click does not


@dataclass(frozen=True, slots=True)
class Levels:
    """What a meter saw since it was last read."""

    mean_dbov: float
    peak_dbov: float


class Meter:
    """Mean and peak level, for a screen or an event."""

    def __init__(self) -> None:
        self._power = self._peak = 0.0
        self._frames = 0

    def hear(self, frame: bytes) -> None:
        """Take a frame."""
        samples = samples_of(frame)
        self._power += power_of(samples)
        self._peak = max(self._peak, float(np.abs(samples).max()))
        self._frames += 1

    def take(self) -> Levels:
        """Return the levels and begin anew."""
        levels = Levels(dbov(self._power / max(1, self._frames)), dbov(self._peak**2))
        self._power = self._peak = 0.0
        self._frames = 0
        return levels


class Speech:
    """Tells speech from the noise of the line by its level: the floor is the softest of 3 s."""

    def __init__(self) -> None:
        self._softest: deque[float] = deque([_UNKNOWN_FLOOR_DBOV], maxlen=_BLOCKS)
        self._block = 0.0
        self._frames = 0

    @property
    def floor_dbov(self) -> float:
        """The noise of the line."""
        return min(*self._softest, self._block)

    def hear(self, level_dbov: float) -> bool:
        """Take the level of a frame; say whether somebody speaks in it."""
        self._block = min(self._block, level_dbov)
        self._frames += 1
        speaks = level_dbov > max(_SOFTEST_DBOV, self.floor_dbov + _ABOVE_DB)
        if self._frames % _BLOCK == 0:
            self._softest.append(self._block)
            self._block = 0.0
        return speaks


class Talk:
    """How long a voice was heard, and how long nothing. Level sounds and tones are no voice."""

    def __init__(self) -> None:
        self._speech = Speech()
        self._level = 0.0
        self._voice = 0.0
        self._sound = self._quiet = 0  # frames in a row

    @property
    def voice_s(self) -> float:
        """Seconds of voice, less what its pauses took back."""
        return self._voice * FRAME_S

    @property
    def quiet_s(self) -> float:
        """Seconds without voice or tone."""
        return self._quiet * FRAME_S

    def hear(self, level_dbov: float, *, tonal: bool) -> None:
        """Take the level of a frame, and whether a tone sounds in it."""
        speaks = self._speech.hear(level_dbov)
        varied = abs(level_dbov - self._level) >= _LEVEL_DB
        self._level = level_dbov
        voice = speaks and varied and not tonal
        self._voice = self._voice + 1 if voice else max(0.0, self._voice - _FADES)
        self._sound = self._sound + 1 if speaks or tonal else 0
        self._quiet = 0 if self._sound >= _AWAKE else self._quiet + 1

    def forget(self) -> None:
        """Begin anew, with the noise of the line still known."""
        self._voice = 0.0
        self._quiet = 0
