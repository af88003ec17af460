"""How a recording is written: WAV, whose header is made true at the end, or Opus in Ogg pages.

Each gives octets to append, so that the file is ours and a full disk is an OSError with its reason.
"""

import os
import struct
from typing import Protocol

import soundfile as sf

from modem.pcm import RATE

SIDES = 2
SAMPLE_OCTETS = 2
MOMENT_OCTETS = SIDES * SAMPLE_OCTETS  # one sample of each side
WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
WAV_MAX = 0xFFFF_FFFF - WAV_HEADER.size  # octets of sound that its header can count: 37 hours


class Encoder(Protocol):
    """Turns chunks of stereo samples into the octets of a file."""

    def begin(self) -> bytes:
        """What the file begins with."""

    def add(self, stereo: bytes) -> bytes:
        """What these samples add to it; maybe nothing yet."""

    def end(self) -> bytes:
        """What it ends with."""

    def seal(self, file: int) -> None:
        """Make the file true in place, once all is written or nothing more can be."""


class Wav:
    """16-bit PCM."""

    def begin(self) -> bytes:
        """Give a header that says there is no sound yet."""
        return wav_header(0)

    def add(self, stereo: bytes) -> bytes:
        """Give the samples as they are."""
        return stereo

    def end(self) -> bytes:
        """Nothing follows the samples."""
        return b""

    def seal(self, file: int) -> None:
        """Let the header count what is there; a sample that was cut in two is cut off."""
        octets = max(0, os.fstat(file).st_size - WAV_HEADER.size)
        octets -= octets % MOMENT_OCTETS
        os.ftruncate(file, WAV_HEADER.size + octets)
        os.pwrite(file, wav_header(octets), 0)


class Opus:
    """Opus, a page about each second: a file without its end plays up to its last whole page."""

    def __init__(self) -> None:
        self._pages = _Pages()

    def begin(self) -> bytes:
        """Start the encoder; its header comes with the first samples."""
        self._sound = sf.SoundFile(
            self._pages, "w", samplerate=RATE, channels=SIDES, format="OGG", subtype="OPUS"
        )
        return self._pages.take()

    def add(self, stereo: bytes) -> bytes:
        """Encode; gives the pages that became full."""
        self._sound.buffer_write(stereo, dtype="int16")
        return self._pages.take()

    def end(self) -> bytes:
        """Give the last page."""
        self._sound.close()
        return self._pages.take()

    def seal(self, file: int) -> None:
        """Pages count themselves."""


class _Pages:
    """The file that the encoder believes to write; it only ever appends."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._at = 0

    def take(self) -> bytes:
        """Give what was written since it was last asked."""
        octets = bytes(self._octets)
        self._octets.clear()
        return octets

    def write(self, octets: bytes) -> int:
        self._octets += octets
        self._at += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self._at

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return self._at

    def read(self, _size: int = -1) -> bytes:
        return b""


def wav_header(octets: int) -> bytes:
    """The header of a stereo WAV that holds so many octets of sound (RFC 2361, format 1)."""
    second = RATE * MOMENT_OCTETS
    shape = (16, 1, SIDES, RATE, second, MOMENT_OCTETS, 8 * SAMPLE_OCTETS)
    size = WAV_HEADER.size - 8 + octets
    return WAV_HEADER.pack(b"RIFF", size, b"WAVE", b"fmt ", *shape, b"data", octets)
