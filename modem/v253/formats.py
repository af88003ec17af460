"""Sound as voice modems write it, and as the gateway does: frames of s16le."""

from enum import StrEnum
from functools import cache

from modem.pcm import FRAME_SAMPLES


class Format(StrEnum):
    """One octet a sample, as AT+VSM chooses it."""

    UNSIGNED = "unsigned"  # 128 is silence, as in a WAV file of 8 bits
    LINEAR = "linear"  # signed, 0 is silence

    @property
    def silence(self) -> bytes:
        """20 ms of it."""
        return bytes([128 if self is Format.UNSIGNED else 0]) * FRAME_SAMPLES


def to_pcm(octets: bytes, form: Format) -> bytes:
    """Sound of the modem as s16le."""
    return b"".join(map(_wide(form).__getitem__, octets))


def from_pcm(pcm: bytes, form: Format) -> bytes:
    """s16le as sound for the modem, rounded; a last odd octet is left out."""
    low, high = pcm[::2], pcm[1::2]
    return bytes(map(_narrow(form).__getitem__, map(int.__add__, low, map(_TIMES_256, high))))


_TIMES_256 = (256).__mul__


@cache
def _wide(form: Format) -> tuple[bytes, ...]:
    return tuple(
        (_signed(octet, form) << 8).to_bytes(2, "little", signed=True) for octet in range(256)
    )


@cache
def _narrow(form: Format) -> bytes:
    """The octet for each 16-bit sample, taken as unsigned."""
    offset = 128 if form is Format.UNSIGNED else 0
    samples = (*range(1 << 15), *range(-(1 << 15), 0))
    return bytes((min(127, (sample + 128) >> 8) + offset) & 0xFF for sample in samples)


def _signed(octet: int, form: Format) -> int:
    if form is Format.UNSIGNED:
        return octet - 128
    return (octet ^ 128) - 128
