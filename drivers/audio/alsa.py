"""Sound of a modem that shows itself as a USB sound card (Quectel's UAC), through ALSA.

pyalsaaudio is wanted for it: Debian's python3-alsaaudio, or the package of that name with
libasound2-dev to build it. Reading blocks, so a thread does it; writing does not, and is done by
whoever writes.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from importlib import import_module
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from drivers.audio.health import Health
from drivers.audio.port import Counters, Trouble
from drivers.audio.stream import DeviceStream
from modem.pcm import FRAME_S, RATE

log = logging.getLogger(__name__)

CARDS = Path("/sys/class/sound")
# A card does not open at once after AT+QPCMV=1,2 (callpilot); seconds between tries, 10 in all.
OPEN_AGAIN_S = (0.1, 0.2, 0.4, 0.8, *repeat(1.0, 8))
LEAD_FRAMES = 2  # of silence before the first frame: what the card plays while ours are on the way
PERIODS = 4  # of 20 ms, that the card holds at most
LOOK_S = 0.5
MISSING = "a sound card wants pyalsaaudio: install Debian's python3-alsaaudio"


class AlsaAudio:
    """The sound of the card on one USB device, at 8 or 16 kHz."""

    def __init__(self, usb_path: str, rate: int = RATE) -> None:
        self.counters = Counters()
        self._usb_path = usb_path
        self._rate = rate
        self._on_frame: Callable[[bytes], None] | None = None
        self._on_trouble: Callable[[Trouble], None] | None = None
        self._reader: _Reader | None = None
        self._card: _Card | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """Open the card, now or within ten seconds; else it is told as GONE."""
        self.stop()
        self._loop = asyncio.get_running_loop()
        self._on_frame, self._on_trouble = on_frame, on_trouble
        self._stream = DeviceStream(self._rate, self.counters)
        self._reader = _Reader(self, self._usb_path, self._rate)
        self._reader.start()

    def write(self, frame: bytes) -> None:
        """Play 20 ms; dropped where the card is full, or not open."""
        if self._card is None:
            self.counters.dropped += 1
            return
        try:
            self._play(self._card, self._stream.give(frame, self._loop.time()))
        except OSError as error:
            self.lost(str(error))

    def stop(self) -> None:
        """Let the card go, within a frame. Safe to call twice."""
        self._on_frame = self._on_trouble = self._card = None
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._reader:
            self._reader.over.set()
            self._reader = None

    def _play(self, card: "_Card", sound: bytes) -> None:
        taken = card.write(sound)
        if taken > 0:
            self.counters.frames_out += 1
        elif taken == 0:
            self.counters.dropped += 1
            self._stream.skip()
        else:  # -EPIPE: it had nothing to play any more
            self.counters.late += 1
            self._stream.skip()
            card.write(bytes(LEAD_FRAMES * len(sound)) + sound)

    # --- told by the reader, in the loop

    def opened(self, card: "_Card") -> None:
        """The card is open."""
        self._card = card
        self._health = Health(self._rate, self._loop.time(), self._tell)
        self._look()

    def heard(self, sound: bytes) -> None:
        """Octets came."""
        now = self._loop.time()
        self._health.hear(len(sound) // 2, now)
        for frame in self._stream.take(sound, now):
            if self._on_frame:
                self._on_frame(frame)

    def lost(self, reason: str) -> None:
        """The card does not open, or went away."""
        log.warning("no sound from the card at %s: %s", self._usb_path, reason)
        on_trouble = self._on_trouble
        self.stop()
        if on_trouble:
            on_trouble(Trouble.GONE)

    def post(self, reader: "_Reader", call: Callable[..., None], *args: Any) -> None:
        """From the reader's thread: have `call` called in the loop, unless it is stale by then."""
        try:
            self._loop.call_soon_threadsafe(self._receive, reader, call, *args)
        except RuntimeError:  # the loop is closed
            reader.over.set()

    def _receive(self, reader: "_Reader", call: Callable[..., None], *args: Any) -> None:
        if reader is self._reader:
            call(*args)

    def _look(self) -> None:
        self._health.look(self._loop.time())
        self._timer = self._loop.call_later(LOOK_S, self._look)

    def _tell(self, trouble: Trouble) -> None:
        if self._on_trouble:
            self._on_trouble(trouble)


class _Card:
    """Both directions of an open card; pyalsaaudio's own error is an OSError here."""

    def __init__(self, alsa: Any, number: int, rate: int) -> None:
        self._error: type[Exception] = alsa.ALSAAudioError
        self._open: list[Any] = []
        self._options = {
            "rate": rate,
            "channels": 1,
            "format": alsa.PCM_FORMAT_S16_LE,
            "periodsize": round(rate * FRAME_S),
            "periods": PERIODS,
            "device": f"plughw:{number},0",
        }
        try:
            self._add(alsa.PCM, alsa.PCM_CAPTURE, alsa.PCM_NORMAL)
            self._add(alsa.PCM, alsa.PCM_PLAYBACK, alsa.PCM_NONBLOCK)
        except OSError:
            self.close()
            raise

    def _add(self, pcm: Callable[..., Any], kind: int, mode: int) -> None:
        try:
            self._open.append(pcm(kind, mode, **self._options))
        except self._error as error:
            raise OSError(str(error)) from error

    def read(self) -> bytes:
        """Wait for sound; none when some was lost."""
        try:
            length, sound = self._open[0].read()
        except self._error as error:
            raise OSError(str(error)) from error
        return bytes(sound) if length > 0 else b""

    def write(self, sound: bytes) -> int:
        """Samples taken; 0 when it is full, less when it had nothing to play any more."""
        try:
            return int(self._open[1].write(sound))
        except self._error as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Let it go; what it holds is played first."""
        for pcm in self._open:
            pcm.close()


class _Reader(threading.Thread):
    """Opens the card, reads it until `over`, and closes it."""

    def __init__(self, audio: AlsaAudio, usb_path: str, rate: int) -> None:
        super().__init__(name=f"sound of {usb_path}", daemon=True)
        self.over = threading.Event()
        self._audio = audio
        self._usb_path = usb_path
        self._rate = rate

    def run(self) -> None:
        """Live as long as the card does."""
        try:
            alsa = import_module("alsaaudio")
        except ImportError:
            self._audio.post(self, self._audio.lost, MISSING)
            return
        try:
            if card := self._open(alsa):
                self._read(card)
        except OSError as error:
            self._audio.post(self, self._audio.lost, str(error))

    def _open(self, alsa: Any) -> _Card | None:
        """Try until it opens; the last reason is raised. None when it is over before."""
        for pause in chain(OPEN_AGAIN_S, (None,)):
            try:
                return self._open_once(alsa)
            except OSError:
                if pause is None:
                    raise
            if self.over.wait(pause):
                break
        return None

    def _open_once(self, alsa: Any) -> _Card:
        number = find_card(self._usb_path)
        if number is None:
            raise OSError(f"there is no sound card on USB device {self._usb_path}")
        return _Card(alsa, number, self._rate)

    def _read(self, card: _Card) -> None:
        try:
            card.write(bytes(2 * LEAD_FRAMES * round(self._rate * FRAME_S)))
            self._audio.post(self, self._audio.opened, card)
            while not self.over.is_set():
                if sound := card.read():
                    self._audio.post(self, self._audio.heard, sound)
        finally:
            card.close()


def find_card(usb_path: str, cards: Path | None = None) -> int | None:
    """The number of the sound card on the USB device at `usb_path` ("1-1.2")."""
    for card in sorted((cards or CARDS).glob("card[0-9]*")):
        device = (card / "device").resolve()
        if any(part.startswith(f"{usb_path}:") for part in device.parts):
            return int(card.name.removeprefix("card"))
    return None
