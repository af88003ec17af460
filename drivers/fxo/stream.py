"""The voice stream on a modem's one port: opened, heard, spoken into, and left for a command.

Sound comes in as frames; what the modem tells behind DLE comes as codes and digits, in the stream
and outside. While the stream is open nobody sends commands: the owner sees to that.
"""

import asyncio
from collections.abc import Callable, Iterator

from config.profiles import Duplex
from drivers.families.v253 import V253
from drivers.session import Session
from modem.at.command import Command, Priority
from modem.pcm import FRAME_BYTES
from modem.v253.border import Border, Left, Text
from modem.v253.formats import Format, from_pcm, to_pcm
from modem.v253.stream import Code, Digit, Ended, Escape, Samples, Word, shield, spell

OPEN_S = 5.0  # from AT+VTR to its CONNECT
LEAVE_S = 4.0  # from the word that ends the stream to the modem's OK; what was said is played first
RESCUE_S = 0.3  # for the stream of an earlier owner to end
_RESCUE = (Word.STOP_BOTH, Word.STOP_RECORDING, Word.DROP_SOUND, Word.STOP_PLAYING)


class StreamFailed(Exception):  # noqa: N818 - the caller gives the call up, or resets the modem
    """The stream does not open or does not end; the text says what the modem did."""


class Stream:
    """`on_frame` gets 20 ms of s16le, `on_event` codes and digits; `on_end`: it ended by itself."""

    def __init__(
        self,
        session: Session,
        family: V253,
        on_frame: Callable[[bytes], None],
        on_event: Callable[[Code | Digit], None],
        on_end: Callable[[], None],
    ) -> None:
        self._session = session
        self._family = family
        self._format = Format(family.voice.format)
        self._escape = Escape(family.voice.escape)
        self._on_frame = on_frame
        self._on_event = on_event
        self._on_end = on_end
        self._border = Border()
        self._word: Word | None = None  # what ends the stream that is open
        self._ended = False  # by the modem
        self._connected = False
        self._left = asyncio.Event()
        self._pcm = bytearray()

    @property
    def hears(self) -> bool:
        """Whether sound comes."""
        return self._word in {Word.STOP_BOTH, Word.STOP_RECORDING} and not self._ended

    @property
    def speaks(self) -> bool:
        """Whether sound may be sent; before CONNECT it would break the command off (V.250)."""
        speaks = self._word in {Word.STOP_BOTH, Word.STOP_PLAYING} and not self._ended
        return speaks and self._connected

    @property
    def backlog(self) -> int:
        """Octets of sound that the modem has yet to take."""
        return self._session.backlog

    async def rescue(self) -> None:
        """End a stream that an earlier owner left open, and drop what it still sends."""
        self._border, self._word = Border(), None
        self._session.divert(lambda _data: ())
        words = b"".join(spell(word, self._escape) for word in _RESCUE)
        self._session.put(words + b"\r")
        await asyncio.sleep(RESCUE_S)
        self._session.divert(self._take)

    async def listen(self) -> None:
        """Open the stream in which sound comes, in both directions where the modem can."""
        full = self._family.voice.duplex is Duplex.FULL
        self._border.expect()
        await self._open(self._family.listen(), Word.STOP_BOTH if full else Word.STOP_RECORDING)

    async def play(self) -> None:
        """Open the stream of a modem that cannot hear meanwhile."""
        await self._open("AT+VTX", Word.STOP_PLAYING)

    async def leave(self) -> None:
        """End the stream, if one is open, so that commands can be sent; StreamFailed."""
        word, self._word = self._word, None
        if word is None:
            return
        if not self._ended:
            self._border.leave()
            self._session.put(spell(word, self._escape))
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._left.wait()
        except TimeoutError:
            self._border.give_up()
            if not self._ended:  # by itself it may say no OK
                raise StreamFailed("the modem does not leave the voice stream") from None

    def say(self, frame: bytes) -> None:
        """Send 20 ms of s16le."""
        self._session.put(shield(from_pcm(frame, self._format)))

    async def _open(self, text: str, word: Word) -> None:
        self._left.clear()
        self._ended = self._connected = False
        self._pcm.clear()
        self._word = word  # sound may come in one read with CONNECT
        command = Command(text, call=True, timeout_s=OPEN_S, priority=Priority.CALL)
        answer = await self._session.ask(command)
        if answer.final is None or answer.final.text.split()[0] != "CONNECT":
            self._word = None
            self._border.give_up()
            raise StreamFailed(answer.sentence)
        self._connected = True

    def _take(self, data: bytes) -> Iterator[bytes]:
        """What was read, piece by piece; the text in it is for the dialogue."""
        for piece in self._border.receive(data):
            match piece:
                case Text():
                    yield piece.data
                case Samples():
                    self._hear(piece.data)
                case Code() | Digit():
                    self._on_event(piece)
                case Ended() if self._word is not None:
                    self._ended = True
                    self._on_end()
                case Ended():
                    pass
                case Left():
                    self._left.set()

    def _hear(self, octets: bytes) -> None:
        self._pcm += to_pcm(octets, self._format)
        while len(self._pcm) >= FRAME_BYTES:
            frame = bytes(self._pcm[:FRAME_BYTES])
            del self._pcm[:FRAME_BYTES]
            self._on_frame(frame)
