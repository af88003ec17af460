"""The hook of an analogue line: lifted and put down, digits, and the stream between commands.

On the hook the modem is in voice mode and tells rings and caller id. Hanging up takes many a modem
out of that mode, so it is set up again each time. None of these may run beside another.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

from drivers.families.v253 import V253
from drivers.fxo.settings import LineSettings
from drivers.fxo.stream import Stream
from modem.at.command import Answer, Command, Priority

log = logging.getLogger(__name__)

REST_S = 1.0  # on the hook before it is lifted again: a shorter break is a flash to the exchange
_DIALABLE = re.compile(r"[0-9A-D*#,]{1,64}")

Ask = Callable[[Command], Awaitable[Answer]]


class LineFailed(Exception):  # noqa: N818 - an answer, not a mistake
    """The modem does not do it; the text is what it said."""


class Hook:
    """`opened` hears of each stream that was opened."""

    def __init__(
        self,
        ask: Ask,
        stream: Stream,
        family: V253,
        settings: LineSettings,
        opened: Callable[[], None],
    ) -> None:
        self._ask = ask
        self._stream = stream
        self._family = family
        self._settings = settings
        self._opened = opened
        self._down_at = float("-inf")

    async def set_up(self) -> None:
        """Put the line on the hook, in voice mode, with caller id; LineFailed."""
        for text in self._family.end_all():
            await self._try(text, Priority.HANGUP)
        self._down_at = asyncio.get_running_loop().time()
        await self._voice_mode()
        for text in self._family.caller_id(self._settings.register):
            await self._try(text)

    async def lift(self) -> None:
        """Go off the hook and listen; LineFailed, StreamFailed."""
        rest_s = self._down_at + REST_S - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, rest_s))
        if not await self._try("AT+VLS=1", Priority.CALL):
            await self._voice_mode()  # it was reset behind our back
            await self._must("AT+VLS=1", Priority.CALL)
        await self.listen()

    async def listen(self) -> None:
        """Hear the line, and speak into it where the modem can; StreamFailed."""
        await self._stream.leave()
        await self._stream.listen()
        self._opened()

    async def play(self) -> None:
        """Speak into the line with a modem that cannot hear meanwhile; StreamFailed."""
        await self._stream.leave()
        await self._stream.play()
        self._opened()

    async def dial(self, number: str) -> Answer:
        """Dial on the lifted line, and listen again if that went well; the modem's answer."""
        digits = self._settings.prefix + self._settings.dialable(number)
        if not _DIALABLE.fullmatch(digits):
            raise LineFailed("this number cannot be dialled on an analogue line")
        await self._stream.leave()
        text = self._family.dial(digits, pulse=self._settings.pulse)
        answer = await self._ask(Command(text, call=True, priority=Priority.CALL))
        if answer.ok:
            await self.listen()
        return answer

    async def send(self, texts: list[str]) -> None:
        """Send digits or a flash in the middle of a call; LineFailed with the first that fails."""
        await self._stream.leave()
        try:
            for text in texts:
                await self._must(text, Priority.CALL)
        finally:
            await self.listen()

    async def put_down(self) -> None:
        """End the stream and the call; LineFailed, StreamFailed."""
        await self._stream.leave()
        await self.set_up()

    async def _voice_mode(self) -> None:
        """Some chips refuse voice mode until they are reset (callattendant #163)."""
        first, *rest = self._family.voice_mode()
        if not await self._try(first):
            log.info("the modem refuses voice mode; it is reset")
            profile = self._family.profile
            for text in (profile.reset, *self._family.opening, *profile.init):
                await self._try(text)
            await self._must(first)
        for text in rest:
            await self._try(text)

    async def _try(self, text: str, priority: Priority = Priority.NORMAL) -> bool:
        answer = await self._ask(Command(text, priority=priority))
        if not answer.ok:
            log.debug("%s", answer.sentence)
        return answer.ok

    async def _must(self, text: str, priority: Priority = Priority.NORMAL) -> None:
        answer = await self._ask(Command(text, priority=priority))
        if not answer.ok:
            raise LineFailed(answer.sentence)
