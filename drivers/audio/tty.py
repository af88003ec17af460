"""Sound as raw samples on a tty of the modem: Quectel's NMEA port, SIMCom's and Huawei's own.

Two frames may wait while the device takes none; older ones are dropped, for late sound is worth
less than none, and every frame that waits is delay for the rest of the call.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from drivers.audio.health import Health
from drivers.audio.port import Counters, Trouble
from drivers.audio.stream import DeviceStream
from drivers.port import BufferFull, Port, PortClosed, PortError
from modem.pcm import RATE

log = logging.getLogger(__name__)

MAX_WAITING = 2  # frames
STUCK_S = 1.0  # no modem's buffer is that long
LOOK_S = 0.5


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
        self._stream = DeviceStream(self._rate, self.counters)
        self._out = deque[bytes]()
        self._paused = False
        self._blocked_at: float | None = None

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
        self._health.hear(len(data) // 2, now)
        for frame in self._stream.take(data, now):
            if self._on_frame:
                self._on_frame(frame)

    # --- to the device

    def write(self, frame: bytes) -> None:
        """Play 20 ms as soon as the device takes it."""
        if not self._port.is_open:
            self.counters.dropped += 1
            return
        now = self._loop.time()
        self._out.append(self._stream.give(frame, now))
        if self._blocked(now):
            self._shorten()
        else:
            self._send()

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
            self._stream.skip()

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
