"""Between 8 kHz, as sound is inside the gateway, and the 16 kHz of some devices."""

from functools import partial

import numpy as np
import soxr

from modem.pcm import RATE

WIDE_RATE = 16_000


class Resampler:
    """One direction of one stream, any octets a call; 15 ms of delay.

    soxr's variable-rate mode: its ordinary one hands on 60 to 100 ms at a time.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="MQ", vr=True)
        self._resample = partial(stream.resample_chunk, last=False)

    def feed(self, sound: bytes) -> bytes:
        """What comes out by now; whole samples in, whole samples out."""
        made = self._resample(np.frombuffer(sound, "<i2").astype(np.float32))
        return bytes(np.clip(np.rint(made), -32768, 32767).astype("<i2").data)


def narrow() -> Resampler:
    """From a wide device to us."""
    return Resampler(WIDE_RATE, RATE)


def widen() -> Resampler:
    """From us to a wide device."""
    return Resampler(RATE, WIDE_RATE)
