"""Sound as raw samples on a tty of the modem: Quectel's NMEA port, SIMCom's and Huawei's own.

The device's clock rules: as many samples are written as were read, one added or taken now and then.
Two frames may wait while the device takes none; older ones are dropped, for late sound is worth
less than none, and every frame that waits is delay for the rest of the call.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from drivers.audio.health import Health
from drivers.audio.port import Counters, Trouble
from drivers.audio.slip import Steer, resize
from drivers.port import BufferFull, Port, PortClosed, PortError
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, RATE

log = logging.getLogger(__name__)

MAX_WAITING = 2  # frames
STUCK_S = 1.0  # no modem's buffer is that long
LOOK_S = 0.5
FRESH_S = 0.5  # who has sent nothing for longer has no clock to go by


class TtyAudio:
    """The sound of a modem on one tty, s16le at 8 or 16 kHz."""

    def __init__(self, path: str, rate: int = RATE) -> None:
        self.counters = Counters()
        self._port = Port(path, on_data=self._read, on_lost=self._lose)
        self._rate = rate
        self._on_frame: Callable[[bytes], None] | None = None
        self._on_trouble: Callable[[Trouble], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    def _begin(self) -> None:
        self._odd = b""  # half a sample
        self._in = bytearray()
        self._out = deque[bytes]()
        self._steer = Steer()
        self._ahead = 0  # samples written and not read
        self._read_at = 0.0
        self._paused = False
        self._blocked_at: float | None = None
        self._narrow = self._widen = None
        if self._rate != RATE:
            from drivers.audio.wide import narrow, widen  # noqa: PLC0415 - soxr: for wide ones only

            self._narrow, self._widen = narrow(), widen()

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """Open the tty; what does not open is told as GONE."""
        self.stop()
        self._begin()
        self._loop = asyncio.get_running_loop()
        self._on_frame, self._on_trouble = on_frame, on_trouble
        self._health = Health(self._rate, self._loop.time(), self._tell)
        try:
            self._port.open()
        except PortError as error:
            log.warning("no sound: %s", error)
            self._loop.call_soon(self._tell, Trouble.GONE)
            return
        self._look()

    def stop(self) -> None:
        """Release the tty; what waits is dropped. Safe to call twice."""
        self._on_frame = self._on_trouble = None
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._port.close()

    def flow(self, *, go: bool) -> None:
        """The modem says whether it takes sound now."""
        self._paused = not go

    # --- from the device

    def _read(self, data: bytes) -> None:
        now = self._loop.time()
        data = self._odd + data if self._odd else data
        whole = len(data) & ~1
        data, self._odd = data[:whole], data[whole:]
        self._health.hear(whole // 2, now)
        self._in += self._narrow.feed(data) if self._narrow else data
        self._ahead -= whole // 2 * RATE // self._rate
        self._read_at = now
        while len(self._in) >= FRAME_BYTES and self._on_frame:
            frame = bytes(self._in[:FRAME_BYTES])
            del self._in[:FRAME_BYTES]
            self.counters.frames_in += 1
            self._on_frame(frame)

    # --- to the device

    def write(self, frame: bytes) -> None:
        """Play 20 ms as soon as the device takes it."""
        if not self._port.is_open:
            self.counters.dropped += 1
            return
        now = self._loop.time()
        self._out.append(self._fit(frame, now))
        if self._blocked(now):
            self._shorten()
        else:
            self._send()

    def _fit(self, frame: bytes, now: float) -> bytes:
        """Keep to the device's clock, by a sample more or less."""
        age = now - self._read_at
        if age > FRESH_S:
            self._steer.forget()
            slip = 0
        else:
            slip = self._steer.step(self._ahead - age * RATE)
        self._ahead += FRAME_SAMPLES - slip
        if slip:
            self.counters.slips += 1
            frame = resize(frame, FRAME_SAMPLES - slip)
        return self._widen.feed(frame) if self._widen else frame

    def _blocked(self, now: float) -> bool:
        """Whether the device takes nothing now."""
        if not self._paused and not self._port.waiting:
            self._blocked_at = None
            self._health.set(Trouble.STUCK, on=False)
            return False
        if self._blocked_at is None:
            self._blocked_at = now
        if now - self._blocked_at > STUCK_S:
            self._health.set(Trouble.STUCK, on=True)
            return self._port.waiting > 0  # the word to go on may have been lost
        return True

    def _shorten(self) -> None:
        """Drop what has waited for too long."""
        while len(self._out) > MAX_WAITING:
            self._out.popleft()
            self.counters.dropped += 1
            self._steer.forget()  # the device lives on what it holds: its level is another one now

    def _send(self) -> None:
        while self._out:
            try:
                self._port.write(self._out.popleft())
            except (BufferFull, PortClosed) as error:  # its loss is told by the port itself
                self.counters.dropped += 1
                log.debug("%s", error)
            else:
                self.counters.frames_out += 1

    # --- how it is

    def _look(self) -> None:
        self._health.look(self._loop.time())
        self._timer = self._loop.call_later(LOOK_S, self._look)

    def _lose(self, reason: str) -> None:
        log.warning("no sound any more: %s", reason)
        if self._timer:
            self._timer.cancel()
        self._tell(Trouble.GONE)

    def _tell(self, trouble: Trouble) -> None:
        if self._on_trouble:
            self._on_trouble(trouble)
