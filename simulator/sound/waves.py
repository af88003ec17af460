"""Mouths that make waves: tones in a cadence, keys, recorded sound, a little tune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.sound.frames import FRAME_OCTETS, FRAME_SAMPLES, RATE, SILENCE
from simulator.sound.tones import Cadence

if TYPE_CHECKING:
    from collections.abc import Sequence

Samples = NDArray[np.float64]

_LEVEL = 10_000  # of 32767: about -10 dB below full scale, as exchanges send
_SWELL = 0.8  # depth of a tone whose loudness swings
_KEY_ROWS = {
    key: hz
    for keys, hz in (("123A", 697), ("456B", 770), ("789C", 852), ("*0#D", 941))
    for key in keys
}
_KEY_COLUMNS = {
    key: hz
    for keys, hz in (("147*", 1209), ("2580", 1336), ("369#", 1477), ("ABCD", 1633))
    for key in keys
}
_TUNE_HZ = (523.25, 659.26, 783.99, 659.26)  # C5 E5 G5 E5
_NOTE_SAMPLES = RATE // 4


def octets(samples: Samples) -> bytes:
    """Return samples as s16le."""
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


class Tone:
    """A tone whose phase runs on from frame to frame."""

    def __init__(self, cadence: Cadence, level: float = _LEVEL) -> None:
        self._cadence = cadence
        self._level = level / len(cadence.hz)
        self._ends = np.cumsum(cadence.on_off_ms) * RATE // 1000
        self._at = 0

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        at = np.arange(self._at, self._at + FRAME_SAMPLES)
        self._at += FRAME_SAMPLES
        on = self._on(at)
        return octets(self._wave(at) * on) if on.any() else SILENCE

    def _on(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which samples are not in a pause."""
        if not len(self._ends):
            return np.ones(len(at), dtype=bool)
        on: NDArray[np.bool_] = (
            np.searchsorted(self._ends, at % self._ends[-1], side="right") % 2 == 0
        )
        return on

    def _wave(self, at: NDArray[np.int64]) -> Samples:
        turns = 2 * np.pi * at / RATE
        wave = self._level * sum(np.sin(hz * turns) for hz in self._cadence.hz)
        if self._cadence.swell_hz:
            wave *= (1 + _SWELL * np.sin(self._cadence.swell_hz * turns)) / (1 + _SWELL)
        return np.asarray(wave, dtype=np.float64)


def steady(*hz: float) -> Tone:
    """Return a tone without a pause."""
    return Tone(Cadence(hz))


def key(digit: str) -> Tone:
    """Return the two tones of a key (ITU-T Q.23)."""
    return steady(_KEY_ROWS[digit], _KEY_COLUMNS[digit])


class Tune:
    """Four notes, over and over."""

    def __init__(self) -> None:
        notes = [np.sin(2 * np.pi * hz * np.arange(_NOTE_SAMPLES) / RATE) for hz in _TUNE_HZ]
        self._clip = octets(_LEVEL * np.concatenate(notes))
        self._at = 0

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        frame = self._clip[self._at : self._at + FRAME_OCTETS]
        self._at = (self._at + FRAME_OCTETS) % len(self._clip)
        return frame


class Clip:
    """Sound made before; silence after its end. `skip` frames of it have passed unheard."""

    def __init__(self, sound: bytes, skip: int = 0) -> None:
        self._sound = sound
        self._at = skip * FRAME_OCTETS

    def frame(self) -> bytes:
        """Return the next 20 ms."""
        frame = self._sound[self._at : self._at + FRAME_OCTETS]
        self._at += FRAME_OCTETS
        return frame.ljust(FRAME_OCTETS, b"\0")


def mix(frames: Sequence[bytes]) -> bytes:
    """Return frames heard together."""
    return octets(np.sum([np.frombuffer(frame, "<i2") for frame in frames], axis=0, dtype=float))
