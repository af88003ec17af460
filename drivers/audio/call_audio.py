"""The sound of the one call on a modem: switched on where in the call its family demands it.

A modem has one audio port for all of its calls, so one call has sound at a time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable

from config.profiles import Audio, AudioKind, AudioMoment
from drivers.audio.alsa import AlsaAudio
from drivers.audio.port import AudioPlace, AudioPort, Counters, Trouble
from drivers.audio.tty import TtyAudio
from modem.at.command import Answer, Command, Priority
from modem.at.dialog import DialogFull
from modem.pcm import FRAME_S

log = logging.getLogger(__name__)

AGAIN_S = 1.0  # between tries while a refusal is no answer
SILENT_S = 10.0  # of an answered call; a person who only listens makes more noise than this
SILENT_PEAK = 4  # of 32768, -78 dBFS: a dead codec, not a quiet room
LOOK_FRAMES = 10  # every so many frames one is looked at

Ask = Callable[[Command], Awaitable[Answer]]
Spawn = Callable[[Coroutine[None, None, None]], object]


def audio_of(profile: Audio, place: AudioPlace, ask: Ask, spawn: Spawn) -> "CallAudio | None":
    """What carries the sound of a modem's calls; None where it has no port for it."""
    port: AudioPort
    match profile.kind:
        case AudioKind.TTY if place.tty:
            port = TtyAudio(str(place.tty), profile.rate)
        case AudioKind.ALSA if place.usb_path:
            port = AlsaAudio(place.usb_path, profile.rate)
        case AudioKind.TTY | AudioKind.ALSA:
            return None
    return CallAudio(profile, port, ask, spawn)


class CallAudio:
    """Switches the sound on and off by AT, and stands between the call and the audio port.

    From begin() to end() frames come as from an AudioPort. `ask` must queue a command when it is
    called, not when it is awaited; `spawn` starts a task of the modem's.
    """

    def __init__(self, profile: Audio, port: AudioPort, ask: Ask, spawn: Spawn) -> None:
        self._profile = profile
        self._port = port
        self._ask = ask
        self._spawn = spawn
        self._on_frame: Callable[[bytes], None] | None = None
        self._on_trouble: Callable[[Trouble], None] | None = None
        self._call = 0  # which call it is: what was asked for an older one is stale
        self._kept = not profile.keep
        self._trying = self._on = self._answered = False
        self._look = 0
        self._silent = 0.0

    @property
    def counters(self) -> Counters:
        """What became of the frames of all calls."""
        return self._port.counters

    def begin(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """A call is about to be dialled or answered, in this turn of the loop, or just was."""
        self.end()
        self._on_frame, self._on_trouble = on_frame, on_trouble
        self._answered, self._silent = False, 0.0
        match self._profile.when:
            case AudioMoment.DIAL:
                self._switch_on()
            case AudioMoment.DIALED:
                asyncio.get_running_loop().call_soon(self._dialed, self._call)
            case AudioMoment.ANSWER:
                pass

    def answered(self) -> None:
        """The call is connected."""
        self._answered, self._silent = True, 0.0
        if self._on_frame and not self._on:
            self._switch_on()

    def write(self, frame: bytes) -> None:
        """Play 20 ms; dropped while the sound is not on."""
        if self._on:
            self._port.write(frame)
        else:
            self.counters.dropped += 1

    def end(self) -> None:
        """The call is over. Safe to call twice."""
        if self._profile.off and (self._on or self._trying):
            self._spawn(self._switch_off(self._send(self._profile.off, Priority.NORMAL)))
        self.drop()

    def drop(self) -> None:
        """The modem is gone: let go of the port and ask nothing."""
        self._call += 1
        self._on_frame = self._on_trouble = None
        self._on = self._trying = False
        self._port.stop()

    def flow(self, *, go: bool) -> None:
        """The modem says by URC whether it takes sound now."""
        if isinstance(self._port, TtyAudio):
            self._port.flow(go=go)

    # --- on and off

    def _dialed(self, call: int) -> None:
        if call == self._call:
            self._switch_on()

    def _switch_on(self) -> None:
        """Ask at once, so that it comes before a dial that follows."""
        if self._trying:
            return
        self._trying = True
        asked = self._send(self._profile.on) if self._kept else None
        self._spawn(self._try(self._call, asked))

    async def _try(self, call: int, asked: Awaitable[list[Answer]] | None) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._profile.retry_s
        if not self._kept:
            await self._keep_settings()
        while call == self._call:
            refusal = await _refusal(asked or self._send(self._profile.on))
            if call != self._call:
                return
            if refusal is None:
                self._start()
                return
            if loop.time() + AGAIN_S > until:
                self._refused(refusal)
                return
            asked = None
            await asyncio.sleep(AGAIN_S)

    async def _keep_settings(self) -> None:
        """Settings that outlive a restart are asked, and written only where they are others.

        AT+NAME="key",value is asked by AT+NAME="key", AT+NAME=value by AT+NAME?.
        """
        for text in self._profile.keep:
            name, _, values = text.partition("=")
            key, _, value = values.rpartition(",")
            question = f"{name}={key}" if key else f"{name}?"
            answer = await self._ask(Command(question, prefixes=(f"{name[2:]}:",)))
            if not any(line.endswith(value) for line in answer.lines):
                await self._ask(Command(text))
        self._kept = True

    def _start(self) -> None:
        self._trying, self._on = False, True
        if self._on_trouble:
            self._port.start(self._hear, self._on_trouble)

    def _refused(self, refusal: str) -> None:
        self._trying = False
        log.warning("the modem does not switch its sound on: %s", refusal)
        if self._on_trouble:
            self._on_trouble(Trouble.REFUSED)

    def _send(
        self, lines: Iterable[str], priority: Priority = Priority.CALL
    ) -> Awaitable[list[Answer]]:
        return asyncio.gather(*(self._ask(Command(text, priority=priority)) for text in lines))

    async def _switch_off(self, asked: Awaitable[list[Answer]]) -> None:
        if refusal := await _refusal(asked):
            log.debug("the modem does not switch its sound off: %s", refusal)

    # --- what comes

    def _hear(self, frame: bytes) -> None:
        if self._answered:
            self._look += 1
            if self._look >= LOOK_FRAMES:
                self._look = 0
                self._listen(frame)
        if self._on_frame:
            self._on_frame(frame)

    def _listen(self, frame: bytes) -> None:
        """Tell, once a call, that nothing at all is heard."""
        samples = memoryview(frame).cast("h")
        if max(samples) > SILENT_PEAK or min(samples) < -SILENT_PEAK:
            self._silent = 0.0
            return
        before, self._silent = self._silent, self._silent + LOOK_FRAMES * FRAME_S
        if before < SILENT_S <= self._silent and self._on_trouble:
            self._on_trouble(Trouble.SILENT)


async def _refusal(asked: Awaitable[list[Answer]]) -> str | None:
    """What the modem said to the last line, unless it was OK."""
    try:
        answers = await asked
    except DialogFull as error:
        return str(error)
    if not answers or answers[-1].ok:
        return None
    final = answers[-1].final
    return final.text if final else "no answer"
