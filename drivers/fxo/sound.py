"""The sound of an analogue line as the bridge sees it.

The modem's clock is that of the frames that come from it. A modem that hears and speaks at once is
never sent more than it can have played by that clock. One that cannot is turned round: while there
is something to say it plays, and when that was all it listens again; the caller is not heard then.
That nothing but silence comes is no trouble here: eight bits leave nothing of a quiet line.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from drivers.audio.port import Counters, Trouble
from drivers.fxo.stream import Stream
from modem.pcm import FRAME_BYTES, SILENCE

LEAD_FRAMES = 6  # 120 ms that may lie in the modem to be played
STUCK_OCTETS = 4000  # half a second that the modem does not take
NO_FRAMES_S = 1.0  # without a frame from a stream that is open
RATE_S = 5.0  # over which frames are counted
RATES = (47.5, 52.5)  # frames a second that are right: 7200 or 11025 samples a second are not
QUIET_FRAMES = 20  # 400 ms of silence: all was said
KEPT_FRAMES = 100  # 2 s that wait while the modem turns round


class FxoSound:
    """What drivers.audio.call_audio.CallAudio is to other modems: one call has sound at a time.

    `turn` has a half duplex modem turn round.
    """

    def __init__(self, stream: Stream, turn: Callable[[bool], None], *, half: bool) -> None:
        self.counters = Counters()
        self._stream = stream
        self._turn = turn
        self._half = half
        self._on_frame: Callable[[bytes], None] | None = None
        self._on_trouble: Callable[[Trouble], None] | None = None
        self._ahead = 0  # frames sent over those that came
        self._quiet = 0  # frames of silence in a row
        self._turning = False
        self._waiting: deque[bytes] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._told: set[Trouble] = set()
        self._counted = 0.0, 0  # since when, and the frames that had come by then

    # --- what the bridge asks

    def begin(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """A call begins: frames come while the line is off the hook."""
        self._on_frame, self._on_trouble = on_frame, on_trouble
        self._told.clear()
        self._look_again()

    def write(self, frame: bytes) -> None:
        """Say 20 ms; dropped and counted where the modem cannot."""
        if len(frame) != FRAME_BYTES:
            self.counters.dropped += 1
        elif self._half:
            self._write_half(frame)
        elif self._stream.speaks and self._ahead < LEAD_FRAMES and not self._is_stuck():
            self._say(frame)
            self._ahead += 1
        else:
            self.counters.dropped += 1

    def answered(self) -> None:
        """The call is connected; its line was heard before."""

    def end(self) -> None:
        """The call is over: no more is told of it. Safe to call twice."""
        self._on_frame = self._on_trouble = None
        self._waiting.clear()
        if self._watch:
            self._watch.cancel()
            self._watch = None

    # --- what the modem tells

    def opened(self) -> None:
        """A stream was opened, in whichever direction."""
        self._ahead = self._quiet = 0
        self._turning = False
        self._count_anew()
        while self._waiting and self._stream.speaks:
            self._say(self._waiting.popleft())

    def not_turned(self) -> None:
        """The modem could not be turned round: it is asked again when there is more to say."""
        self._turning = False

    def hear(self, frame: bytes) -> None:
        """20 ms came."""
        self.counters.frames_in += 1
        self._ahead = max(0, self._ahead - 1)
        self._told.discard(Trouble.NO_FRAMES)
        if self._on_frame:
            self._on_frame(frame)

    def starved(self) -> None:
        """The modem had nothing to play."""
        self.counters.late += 1

    def lost(self) -> None:
        """The modem is gone."""
        self._tell(Trouble.GONE)

    # --- inside

    def _say(self, frame: bytes) -> None:
        self.counters.frames_out += 1
        self._stream.say(frame)

    def _is_stuck(self) -> bool:
        stuck = self._stream.backlog > STUCK_OCTETS
        if stuck:
            self._tell(Trouble.STUCK)
        return stuck

    def _write_half(self, frame: bytes) -> None:
        """Keep what is to be said until the modem plays; let it listen when all was said."""
        audible = frame[1::2].strip(b"\x00\xff") != b""
        self._quiet = 0 if audible else self._quiet + 1
        if self._stream.speaks and not self._turning:
            self._say(frame)
            asyncio.get_running_loop().call_soon(self._hear_nothing)
            if self._quiet >= QUIET_FRAMES:
                self._turn_round(speak=False)
        elif audible or self._waiting:
            self._wait(frame)

    def _wait(self, frame: bytes) -> None:
        if len(self._waiting) >= KEPT_FRAMES:
            self._waiting.popleft()
            self.counters.dropped += 1
        self._waiting.append(frame)
        if self._stream.hears and not self._turning:
            self._turn_round(speak=True)

    def _turn_round(self, *, speak: bool) -> None:
        self._turning = True
        self._turn(speak)

    def _hear_nothing(self) -> None:
        """While it speaks the modem hears nothing: silence keeps the bridge's clock."""
        if self._on_frame:
            self._on_frame(SILENCE)

    def _look_again(self) -> None:
        if self._watch:
            self._watch.cancel()
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(NO_FRAMES_S, self._look, self.counters.frames_in)

    def _look(self, before: int) -> None:
        if self._stream.hears and self.counters.frames_in == before:
            self._tell(Trouble.NO_FRAMES)
            self._count_anew()
        self._look_at_rate()
        self._look_again()

    def _look_at_rate(self) -> None:
        since, frames = self._counted
        seconds = asyncio.get_running_loop().time() - since
        if not self._stream.hears or seconds < RATE_S:
            return
        least, most = RATES
        if least <= (self.counters.frames_in - frames) / seconds <= most:
            self._told.discard(Trouble.WRONG_RATE)
        else:
            self._tell(Trouble.WRONG_RATE)
        self._count_anew()

    def _count_anew(self) -> None:
        self._counted = asyncio.get_running_loop().time(), self.counters.frames_in

    def _tell(self, trouble: Trouble) -> None:
        if self._on_trouble and trouble not in self._told:
            self._told.add(trouble)
            self._on_trouble(trouble)
