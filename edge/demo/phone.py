"""Who the phone of the demo's conversation is: baresip where it is installed, else ourselves."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import soundfile as sf

from modem.pcm import FRAME_BYTES, RATE

HOST = "127.0.0.1"


class PhoneKind(StrEnum):
    """What the phone is made of."""

    BARESIP = "baresip"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Account:
    """The extension that the phone is, and the UDP port of the gateway on HOST."""

    name: str
    password: str = field(repr=False)
    port: int


class Phone(Protocol):
    """A phone that says a tone for as long as it is in a call."""

    kind: PhoneKind

    def calling(self, number: str) -> AbstractAsyncContextManager[None]:
        """Call a number when the block begins, hang up when it ends."""

    def heard(self) -> list[bytes]:
        """What it heard in its call, in frames, once that is over; raises as `sides` does."""


def sides(path: Path) -> Iterator[list[bytes]]:
    """Read a sound file of 8 kHz: the frames of each side; raises OSError, sf.SoundFileError."""
    with path.open("rb") as file:
        samples, rate = sf.read(file, dtype="int16", always_2d=True)
    if rate != RATE:
        raise OSError(f"{path.name} has {rate} samples a second")
    for side in samples.T:
        octets = side.astype("<i2").tobytes()
        yield [octets[at : at + FRAME_BYTES] for at in range(0, len(octets), FRAME_BYTES)]
