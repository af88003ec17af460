"""Where the AT dialogue of a voice modem ends and the voice stream begins, and back again.

    TEXT      the dialogue; DLE and an octet are events here too      expect()          -> AWAITING
    AWAITING  the dialogue                                            a line CONNECT    -> STREAM
                                                                      give_up()         -> TEXT
    STREAM    sound and events                                        DLE ETX           -> LEAVING
                                                                      leave()           -> DRAINING
    DRAINING  sound is dropped until the modem has heard us           DLE ETX           -> LEAVING
                                                                      OK in the sound   -> TEXT
    LEAVING   the dialogue, but its OK belongs to the stream          OK, ERROR, VCON   -> TEXT
                                                                      give_up()         -> TEXT

So an OK that ends a stream never confirms a command, and no octet of sound is read as text. A modem
that only plays sends no sound: it goes from TEXT to LEAVING by leave().
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from modem.v253.stream import DLE, Ended, Event, Events, Samples, VoiceStream

MAX_LINE = 256  # octets of a line in which CONNECT or OK is looked for; no such line is as long
_CONNECT = re.compile(rb"CONNECT(?:[: ].*)?")
_FINAL = re.compile(rb"OK|VCON|ERROR|NO CARRIER")
_BARE_FINAL = re.compile(rb"\r\n(?:OK|VCON|ERROR|NO CARRIER)\r\n")
_LONGEST_FINAL = len(b"\r\nNO CARRIER\r\n")


@dataclass(frozen=True, slots=True)
class Text:
    """Octets of the dialogue."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """The stream is over for both sides: a command may be sent."""


class _Side(Enum):
    TEXT = auto()
    AWAITING = auto()
    STREAM = auto()
    DRAINING = auto()
    LEAVING = auto()


class Border:
    """Splits what comes from a voice modem; text, sound and events keep their order."""

    def __init__(self) -> None:
        self._side = _Side.TEXT
        self._events = Events()
        self._stream = VoiceStream(self._events)
        self._shielded = False
        self._line = bytearray()
        self._tail = b""  # the last octets of sound that is dropped

    @property
    def in_stream(self) -> bool:
        """Whether sound comes."""
        return self._side is _Side.STREAM

    def expect(self) -> None:
        """A command went out whose CONNECT opens the stream."""
        self._side = _Side.AWAITING

    def leave(self) -> None:
        """The word that ends the stream went out."""
        if self._side is _Side.STREAM:
            self._side, self._tail = _Side.DRAINING, b""
        elif self._side in {_Side.TEXT, _Side.AWAITING}:
            self._leave()

    def give_up(self) -> None:
        """No CONNECT came, or no OK: all is text again."""
        self._side = _Side.TEXT

    def receive(self, data: bytes) -> list[Text | Event | Left]:
        """Take what was read; give what it is, in order."""
        found: list[Text | Event | Left] = []
        rest = data
        while rest:
            if self._side is _Side.STREAM:
                rest = self._receive_sound(rest, found)
            elif self._side is _Side.DRAINING:
                rest = self._drain(rest, found)
            else:
                rest = self._receive_text(rest, found)
        return found

    def _receive_sound(self, data: bytes, found: list[Text | Event | Left]) -> bytes:
        found.extend(self._stream.receive(data))
        if self._stream.ended:
            self._leave()
        return self._stream.rest

    def _leave(self) -> None:
        self._side = _Side.LEAVING
        self._line.clear()

    def _drain(self, data: bytes, found: list[Text | Event | Left]) -> bytes:
        """Drop sound; some modems end it with a bare OK and no DLE ETX."""
        seen = self._tail + data
        final = _BARE_FINAL.search(seen)
        here = final.end() - len(self._tail) if final else len(data)
        events = self._stream.receive(data[:here])
        found += [event for event in events if not isinstance(event, Samples)]
        self._tail = seen[1 - _LONGEST_FINAL :]
        if self._stream.ended:
            self._leave()
            return self._stream.rest + data[here:]
        if final:
            self._side = _Side.TEXT
            found += [Ended(), Left()]
        return data[here:]

    def _receive_text(self, data: bytes, found: list[Text | Event | Left]) -> bytes:
        """Take text up to the octet that makes it something else; give what is behind."""
        text = bytearray()
        for place, octet in enumerate(data, 1):
            if self._shielded:
                self._shielded = False
                if event := self._events.read(octet):
                    _flush(text, found)
                    found.append(event)
            elif octet == DLE:
                self._shielded = True
            elif self._ends(octet, text):
                _flush(text, found)
                found += self._cross()
                return data[place:]
        _flush(text, found)
        return b""

    def _ends(self, octet: int, text: bytearray) -> bool:
        """Add an octet to `text`, in LEAVING by whole lines; True where it leads elsewhere."""
        leaving = self._side is _Side.LEAVING
        if not leaving:
            text.append(octet)
        if leaving or len(self._line) < MAX_LINE:
            self._line.append(octet)
        if octet != ord("\n") and (not leaving or len(self._line) < MAX_LINE):
            return False
        line = self._line.strip()
        over = _FINAL.fullmatch(line) if leaving else _CONNECT.fullmatch(line)
        if leaving and not over:
            text += self._line
        self._line.clear()
        return over is not None and self._side is not _Side.TEXT

    def _cross(self) -> list[Text | Event | Left]:
        """The line that was waited for is there."""
        if self._side is _Side.AWAITING:
            self._side, self._stream = _Side.STREAM, VoiceStream(self._events)
            return []
        self._side = _Side.TEXT
        return [Left()]  # the line itself is nobody's


def _flush(text: bytearray, found: list[Text | Event | Left]) -> None:
    if text:
        found.append(Text(bytes(text)))
        text.clear()
