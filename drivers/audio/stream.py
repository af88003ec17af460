"""Sound as a device wants it, from frames and to frames: its rate, its clock, its chunks.

The device's clock rules: as many samples are given as were taken, one more or less now and then.
Time is an argument, in seconds of any monotonic clock.
"""

from drivers.audio.port import Counters
from drivers.audio.slip import Steer, resize
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, RATE

GAP_S = 0.06  # between two frames given: the device may have run empty, and holds what it likes
FRESH_S = 0.5  # who has sent nothing for longer has no clock to go by


class DeviceStream:
    """Both directions of one device's stream, s16le at `rate`; slips are counted."""

    def __init__(self, rate: int, counters: Counters) -> None:
        self._rate = rate
        self._counters = counters
        self._odd = b""  # half a sample
        self._in = bytearray()
        self._steer = Steer()
        self._ahead = 0  # samples given and not taken
        self._taken_at = self._given_at = 0.0
        self._narrow = self._widen = None
        if rate != RATE:
            from drivers.audio.wide import narrow, widen  # noqa: PLC0415 - soxr: for wide ones only

            self._narrow, self._widen = narrow(), widen()

    def take(self, data: bytes, now: float) -> list[bytes]:
        """Take octets that came; the frames that are whole by now."""
        data = self._odd + data if self._odd else data
        whole = len(data) & ~1
        data, self._odd = data[:whole], data[whole:]
        self._ahead -= whole // 2 * RATE // self._rate
        self._taken_at = now
        self._in += self._narrow.feed(data) if self._narrow else data
        end = len(self._in) - len(self._in) % FRAME_BYTES
        frames = [bytes(self._in[at : at + FRAME_BYTES]) for at in range(0, end, FRAME_BYTES)]
        del self._in[:end]
        self._counters.frames_in += len(frames)
        return frames

    def give(self, frame: bytes, now: float) -> bytes:
        """The octets that play a frame."""
        slip = 0
        age = now - self._taken_at
        gap, self._given_at = now - self._given_at, now
        if age > FRESH_S or gap >= GAP_S:
            self._steer.forget()
        else:
            slip = self._steer.step(self._ahead - age * RATE)
        self._ahead += FRAME_SAMPLES - slip
        if slip:
            self._counters.slips += 1
            frame = resize(frame, FRAME_SAMPLES - slip)
        return self._widen.feed(frame) if self._widen else frame

    def skip(self) -> None:
        """What was given is not played: the device holds less than it did."""
        self._steer.forget()
