"""Between two clocks: frames go in as their sender has them, and one comes out each tick.

What is held back is the headroom: how late the next frame may be before somebody hears a gap, and
the delay that this adds. It may wander over the length of a frame. When it leaves that window, one
frame's worth of samples is added or taken away, one by one, so that clocks may differ for ever: in
between, whole frames are held, for a part of a frame would be delay that saves nobody from a gap.
Each gap lifts the window, until it is seen that less would do. Delay that is far too much is thrown
away at once.

All times are those of one monotonic clock, in seconds; levels are samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.audio.slip import resize
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, RATE, SILENCE

LEAST = 120  # 15 ms of headroom: jitter of a quiet network and of the loop
MOST_LEAST = 640  # 80 ms; who is later than that is concealed
WINDOW = FRAME_SAMPLES + 16  # from least to most: 2 ms more than a frame, or it would swing
WIDEN = 80  # 10 ms more after each gap, at least
NARROW_TICKS = 250  # a whole frame was never needed for 5 s: 1 ms less
NARROW = 8
SMOOTHING = 64  # ticks, 1.3 s: longer than the jitter of most senders
PACE = 4  # ticks between two slips: 0.16 % of pitch, for 13 s
OVERFLOW = 1280  # 160 ms over the frame that is pulled next
HELD_UP_S = 0.06  # from tick to tick: ticks were lost, see edge.voice.clock
AWAY_TICKS = 25  # 0.5 s without a frame: the sender stopped, it is not late

_FADE_OUT = np.linspace(1, 0, FRAME_SAMPLES, dtype=np.float32)
_FADE_IN = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)


@dataclass(slots=True)
class DriftCounters:
    """What was done to keep the clocks together; frames, and samples for the last two."""

    late: int = 0  # came after the tick that wanted them
    lost: int = 0  # thrown away: too much was held, or it was no frame
    concealed: int = 0  # ticks for which nothing was there
    inserted: int = 0  # samples added
    removed: int = 0  # samples taken away


class DriftBuffer:
    """The frames of one sender on their way to the tick."""

    __slots__ = (
        "_calm",
        "_held",
        "_last",
        "_least",
        "_missing",
        "_playing",
        "_pulled",
        "_pushed",
        "_rest",
        "_skipped",
        "_smooth",
        "_spare",
        "_way",
        "counters",
    )

    def __init__(self) -> None:
        self.counters = DriftCounters()
        self._held = bytearray()
        self._pushed = self._pulled = 0.0
        self._playing = False
        self._least = LEAST
        self._smooth = 0.0  # headroom
        self._way = 0  # 1 while samples are taken away, -1 while they are added
        self._rest = 0  # ticks until the next slip
        self._calm = 0  # ticks since the last gap, or since it was looked whether to narrow
        self._spare = OVERFLOW  # the least that was held over a frame in them
        self._missing = 0  # ticks concealed in a row
        self._skipped = False
        self._last = SILENCE

    @property
    def headroom_s(self) -> float:
        """The delay that this buffer adds, smoothed."""
        return self._smooth / RATE

    def push(self, frame: bytes, now: float) -> None:
        """Take a frame that came at `now`."""
        if len(frame) != FRAME_BYTES:
            self.counters.lost += 1
            return
        if self._missing:
            self.counters.late += 1
        self._pushed = now
        self._held += frame
        if len(self._held) > 2 * (OVERFLOW + FRAME_SAMPLES):
            self._throw_away()

    def pull(self, now: float) -> bytes:
        """Give the frame for the tick at `now`; silence while the sender is not there."""
        if now - self._pulled >= HELD_UP_S and self._playing:
            self._throw_away()  # what was to be heard in the lost ticks is late for everybody
        self._pulled = now
        held = len(self._held) // 2
        headroom = held + (now - self._pushed) * RATE - FRAME_SAMPLES
        if not self._playing:
            return self._begin(headroom) if held else SILENCE
        self._smooth += (headroom - self._smooth) / SMOOTHING
        if held < FRAME_SAMPLES:
            return self._conceal()
        self._calm += 1
        self._spare = min(self._spare, held - FRAME_SAMPLES)
        if self._calm >= NARROW_TICKS:
            self._narrow()
        slip = self._steer()
        can = slip and held >= FRAME_SAMPLES + slip
        frame = self._take(slip) if can else self._cut(FRAME_BYTES)
        if self._missing or self._skipped:
            frame = self._join(frame)
        self._last = frame
        return frame

    def _begin(self, headroom: float) -> bytes:
        """Wait until enough is held."""
        if headroom < self._least:
            return SILENCE
        self._playing, self._smooth = True, headroom
        self._last = self._cut(FRAME_BYTES)
        return self._last

    def _narrow(self) -> None:
        """Lower the window while a frame less would have done."""
        if self._spare >= FRAME_SAMPLES:
            self._least = max(self._least - NARROW, LEAST)
        self._calm, self._spare = 0, OVERFLOW

    def _steer(self) -> int:
        """What this tick does about the headroom: 1 takes a sample away, -1 adds one."""
        if not self._way:
            if self._smooth < self._least:
                self._way = -1
            elif self._smooth > self._least + WINDOW:
                self._way = 1
            return 0
        self._rest = (self._rest + 1) % PACE
        return 0 if self._rest else self._way

    def _cut(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _take(self, slip: int) -> bytes:
        """Make one frame of 161 samples or of 159."""
        if slip > 0:
            self.counters.removed += 1
        else:
            self.counters.inserted += 1
        taken = self._cut(FRAME_BYTES + 2 * slip)
        if len(self._held) % FRAME_BYTES == 0:
            self._way = 0
        return resize(taken, FRAME_SAMPLES)

    def _conceal(self) -> bytes:
        """Let the last frame run back and fade; then silence, then wait for a new beginning."""
        self._missing += 1
        self._calm, self._spare = 0, OVERFLOW
        self.counters.concealed += 1
        if self._missing == 1:
            # The gap adds a frame to the headroom; it shall not be taken away again at once.
            self._least = min(max(self._least + WIDEN, round(self._smooth)), MOST_LEAST)
            return _to_bytes(self._fading())
        if self._missing > AWAY_TICKS:
            self._stop()
        return SILENCE

    def _stop(self) -> None:
        self._playing, self._skipped = False, False
        self._missing = self._way = 0
        self._held.clear()

    def _join(self, frame: bytes) -> bytes:
        """Fade a frame in after a gap, or over into what was there before a skip."""
        joined = np.frombuffer(frame, "<i2") * _FADE_IN
        if not self._missing:
            joined += self._fading()
        self._missing, self._skipped = 0, False
        return _to_bytes(joined)

    def _fading(self) -> NDArray[np.float32]:
        """The last frame, run back so that it joins without a click, down to nothing."""
        faded: NDArray[np.float32] = np.frombuffer(self._last, "<i2")[::-1] * _FADE_OUT
        return faded

    def _throw_away(self) -> None:
        """Go back into the window by whole frames, the oldest first, where it was left upwards."""
        frames = (len(self._held) // 2 - FRAME_SAMPLES - self._least) // FRAME_SAMPLES
        if frames <= 0:
            return
        del self._held[: frames * FRAME_BYTES]
        self.counters.lost += frames
        self._skipped = self._playing
        self._smooth = min(self._smooth, len(self._held) // 2 - FRAME_SAMPLES)


def _to_bytes(samples: NDArray[np.float32]) -> bytes:
    return bytes(np.rint(samples).astype("<i2").data)
