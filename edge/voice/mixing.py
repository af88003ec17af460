"""Sums and gains of frames, with saturation: what is too loud is clipped, never wrapped around."""

from collections.abc import Sequence

import numpy as np

from modem.pcm import SILENCE

_MOST = np.iinfo(np.int16)


def mix(frames: Sequence[bytes]) -> bytes:
    """The sum of frames; one alone is handed on as it is."""
    loud = [frame for frame in frames if frame is not SILENCE]
    if len(loud) < 2:  # noqa: PLR2004 - two make a sum
        return loud[0] if loud else SILENCE
    total = np.frombuffer(loud[0], "<i2").astype(np.int32)
    for frame in loud[1:]:
        total += np.frombuffer(frame, "<i2")
    return bytes(np.clip(total, _MOST.min, _MOST.max).astype("<i2").data)


def amplify(frame: bytes, factor: float) -> bytes:
    """A frame `factor` times as loud."""
    scaled = np.frombuffer(frame, "<i2") * np.float32(factor)
    return bytes(np.clip(np.rint(scaled), _MOST.min, _MOST.max).astype("<i2").data)


def factor_of(gain_db: float) -> float:
    """What a sample is multiplied by for a gain in dB."""
    return float(10 ** (gain_db / 20))
