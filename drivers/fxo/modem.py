"""One modem on an analogue line, from its port to its facts; beside drivers.modem, which has a SIM.

`open` brings it from "there is a port" to "it answers and says who it is", `attach` puts its line
on the hook, ready for calls. Both raise ModemFailed with what is wrong.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

from config.profiles import Duplex, FlowControl, ModemProfile
from drivers.facts import Fact, ModemDeaf, ModemLost
from drivers.families import family_of
from drivers.families.v253 import V253
from drivers.fxo.calls import FxoCalls
from drivers.fxo.hook import Hook, LineFailed
from drivers.fxo.settings import LineSettings
from drivers.fxo.sound import FxoSound
from drivers.fxo.stream import Stream
from drivers.modem import ModemFailed, ModemIdentity
from drivers.session import Session, until_lost
from modem.at.command import Answer, Command, Priority
from modem.at.framing import Message
from modem.v253.stream import Code, Digit

log = logging.getLogger(__name__)

WAKE_S = 10.0  # of AT without an answer
KNOCK_S = 10.0  # for commands that switch something


class FxoModem:
    """One modem on one port. Facts go to `on_fact`, in order, from the loop."""

    tells_keys = True  # behind DLE

    def __init__(
        self,
        port: Path,
        profile: ModemProfile,
        settings: LineSettings,
        on_fact: Callable[[Fact], None],
        spawn: Callable[[Coroutine[None, None, None]], object],
        *,
        baudrate: int | None = None,
    ) -> None:
        family = family_of(profile)
        if not isinstance(family, V253):
            raise TypeError(f"profile {profile.name} is of no voice modem")
        self.profile, self.family = profile, family
        self._emit = on_fact
        self._spawn_task = spawn
        self._awake = False
        self.session = Session(
            str(port),
            baudrate or profile.baudrate,
            on_unsolicited=self._hear_line,
            on_lost=self._lose,
            on_deaf=self._go_deaf,
            rtscts=profile.flow_control is FlowControl.RTSCTS,
        )
        self._stream = Stream(
            self.session, family, self._hear_frame, self._hear_event, self._hear_end
        )
        half = family.voice.duplex is Duplex.HALF
        self.audio = FxoSound(self._stream, self._turn, half=half)
        hook = Hook(self.session.ask, self._stream, family, settings, self.audio.opened)
        self.calls = FxoCalls(
            hook, family, self.session.send, on_fact, self.spawn, settings.judge, self._go_deaf
        )

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Start a task of this modem; it ends quietly when the modem goes away."""
        self._spawn_task(until_lost(work))

    async def knock(self, *commands: Command) -> None:
        """Open the port just to send commands that switch something; raises PortError."""
        self.session.open()
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOCK_S):
                await self._stream.rescue()
                for command in commands:
                    await self.session.ask(command)
        self.session.close()

    async def open(self) -> ModemIdentity:
        """Open the port, end what an earlier owner left open, learn who it is."""
        self.session.open()
        await self._stream.rescue()
        await self._wake()
        await self.session.run((*self.family.opening, *self.profile.init))
        return ModemIdentity(
            manufacturer=await self.session.read("AT+GMI"),
            model=await self.session.read("AT+GMM") or await self.session.read("ATI0"),
            revision=await self.session.read("AT+GMR") or await self.session.read("ATI3"),
            imei="",
        )

    async def attach(self) -> None:
        """Put the line on the hook and make the modem tell of calls; ModemFailed."""
        try:
            await self.calls.clear()
        except LineFailed as error:
            raise ModemFailed(str(error)) from error

    def close(self) -> None:
        """Release the port; live calls are reported as lost."""
        self.session.close()
        self.calls.lose_all("the modem was closed")

    async def probe(self) -> bool:
        """Ask whether the modem lives; in a call its frames tell."""
        if self.calls.live:
            return True
        return (await self.session.ask(Command("AT", priority=Priority.PROBE))).ok

    async def raw(self, text: str) -> Answer:
        """Send a technician's line as it is; not in a call, where it would be sound."""
        if self.calls.live:
            return Answer(Command(text), None)
        return await self.session.ask(Command(text, bare=True, prefixes=("+",)))

    async def _wake(self) -> None:
        """Ask until it says OK: what was left on its command line may cost an ERROR."""
        try:
            async with asyncio.timeout(WAKE_S):
                while not (await self.session.ask(Command("AT", timeout_s=1.0))).ok:
                    log.debug("%s sleeps", self.session.path)
        except TimeoutError:
            path = self.session.path
            raise ModemFailed(f"nothing at {path} answers AT: is it the AT port?") from None
        self._awake = True

    def _hear_line(self, message: Message) -> None:
        self.calls.hear_line(message.text)

    def _hear_frame(self, frame: bytes) -> None:
        self.audio.hear(frame)
        self.calls.hear_frame(frame)

    def _hear_event(self, event: Code | Digit) -> None:
        if event == Code("u"):
            self.audio.starved()
        else:
            self.calls.hear_event(event)

    def _hear_end(self) -> None:
        self.calls.hear_end()

    def _turn(self, speak: bool) -> None:  # noqa: FBT001 - the shape that FxoSound calls
        self.spawn(self._turn_round(speak=speak))

    async def _turn_round(self, *, speak: bool) -> None:
        if not await self.calls.turn_round(speak=speak):
            self.audio.not_turned()

    def _go_deaf(self) -> None:
        """The dialogue gave up. Before the modem ever woke, `open` says so itself."""
        if self._awake:
            self._awake = False
            self.session.close("the modem answers nothing any more")
            self.audio.lost()
            self._emit(ModemDeaf())

    def _lose(self, reason: str) -> None:
        self.audio.lost()
        self.calls.lose_all(reason)
        self._emit(ModemLost(reason))
