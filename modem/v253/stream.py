"""The voice stream of V.253: sound with events in it, each event behind a DLE octet.

From the modem, DLE and one octet are an event; DLE DLE is one octet of sound that looks like DLE,
DLE SUB two of them. To the modem the sound is shielded alike. The stream ends with DLE ETX.
Where the bytes are cut into reads changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

DLE = 0x10
ETX = 0x03
SUB = 0x1A
_SOUND = {DLE: b"\x10", SUB: b"\x10\x10"}
_ENDS = frozenset({ETX, ord("^")})  # ^ ends both directions at once
_DIGITS = frozenset(b"0123456789*#ABCD")
_DIGIT_BEGINS, _DIGIT_ENDS = ord("/"), ord("~")


class Escape(StrEnum):
    """How many DLE a modem wants before a word that ends something."""

    SINGLE = "single"  # as V.253 says: USR5637
    TRIPLE = "triple"  # Conexant CX930xx, whatever its manual says (callattendant #94)


class Word(StrEnum):
    """What ends something, when it is sent to the modem behind DLE."""

    STOP_PLAYING = "\x03"  # ETX: when all sound that was sent is played
    DROP_SOUND = "\x18"  # CAN: and forget what is not played yet
    STOP_RECORDING = "!"
    STOP_BOTH = "^"


@dataclass(frozen=True, slots=True)
class Samples:
    """Octets of sound in the modem's format."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """An event, by the character that V.253 has for it: "b" busy, "R" ring, "l" loop cut."""

    code: str


@dataclass(frozen=True, slots=True)
class Digit:
    """A DTMF digit was heard."""

    digit: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The modem ended the stream: what follows is text."""


Event = Samples | Code | Digit | Ended


def shield(data: bytes) -> bytes:
    """Sound as it goes to the modem."""
    return data.replace(b"\x10", b"\x10\x10")


def spell(word: Word, escape: Escape) -> bytes:
    """A word as it goes to the modem."""
    shields = 3 if escape is Escape.TRIPLE else 1
    return bytes([DLE] * shields) + word.encode("latin-1")


class Events:
    """What the octets behind DLE mean; a digit that is held is one digit."""

    def __init__(self) -> None:
        self._held: str | None = None  # the digit between DLE / and DLE ~; "" before it is told

    def read(self, octet: int) -> Code | Digit | None:
        """The event of DLE and `octet`; None where it only frames a digit, or repeats it."""
        letter = chr(octet)
        if octet == _DIGIT_BEGINS:
            self._held = ""
        elif octet == _DIGIT_ENDS:
            self._held = None
        elif octet not in _DIGITS:
            return Code(letter)
        elif letter != self._held:
            self._held = None if self._held is None else letter
            return Digit(letter)
        return None


class VoiceStream:
    """The stream from its first octet to its end; `rest` is what came behind the end."""

    def __init__(self, events: Events | None = None) -> None:
        self._events = events or Events()
        self._shielded = False
        self._sound = bytearray()
        self.rest = b""
        self.ended = False

    def receive(self, data: bytes) -> list[Event]:
        """Take what was read; give what it says, in order."""
        if self.ended:
            self.rest += data
            return []
        events: list[Event] = []
        start = 0
        while start < len(data):
            if self._shielded:
                start += 1
                if self._read(data[start - 1], events):
                    self.rest = data[start:]
                    break
                continue
            at = data.find(DLE, start)
            stop = len(data) if at < 0 else at
            self._sound += data[start:stop]
            self._shielded = at >= 0
            start = stop + 1
        self._flush(events)
        return events

    def _read(self, octet: int, events: list[Event]) -> bool:
        """One octet behind DLE; True when it is the end."""
        self._shielded = False
        if sound := _SOUND.get(octet):
            self._sound += sound
            return False
        self.ended = octet in _ENDS
        event = Ended() if self.ended else self._events.read(octet)
        if event:
            self._flush(events)
            events.append(event)
        return self.ended

    def _flush(self, events: list[Event]) -> None:
        if self._sound:
            events.append(Samples(bytes(self._sound)))
            self._sound.clear()
