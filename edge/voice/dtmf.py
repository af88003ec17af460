"""DTMF: makes keys and hears them, by the rules of ITU-T Q.23 and Q.24.

Windows of 20 ms, one every 10 ms. A window holds a key where one frequency of each group has nearly
all the power, neither much louder than the other, the others of each group far softer. Three such
windows in a row, equally loud, are a key: no talker keeps that up.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.voice.spectrum import Bank, around, power_of, samples_of
from edge.voice.tones import amplitude, octets, sines
from modem.pcm import FRAME_SAMPLES, RATE

LOW_HZ = (697, 770, 852, 941)  # Q.23
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
PLACES = {key: (row, column) for row, keys in enumerate(KEYS) for column, key in enumerate(keys)}

LEVEL_DBM0 = -9.0  # of the high group; the low one is LOW_DB softer. ETSI ES 201 235-2
LOW_DB = 2.0

_OFF = 0.018  # Q.24: up to 1.8 % off must be heard
_SOFTEST = 1.9e-5  # mean square of both, -41 dBm0: Q.24 asks for -25 to -29, Bell lines have less
_SHARE = 0.8  # of the power in the two: noise 6 dB softer
_LOW_LOUDER = 10 ** (8 / 10)  # twist, Q.24 table A-1
_HIGH_LOUDER = 10 ** (6 / 10)  # Q.24: at least 4 dB, Brazil 9 dB; talkers have strong low groups
_OTHERS = 10 ** (-6 / 10)  # what leaks of one frequency into its neighbours, at most
_LEVEL = 10 ** (1.5 / 10)  # loudness of one window by the next: both are filled by 70 % or more
_SURE = 3  # windows: 40 ms fill so many by 70 % or more, 24 ms never do. Q.24: 40 heard, 20 not
_PAUSE = 3  # windows: a gap of 10 ms spoils two at most, a pause of 40 ms four. Q.24
_STEP = FRAME_SAMPLES // 2


class DtmfDetector:
    """Hears keys in 20 ms frames."""

    def __init__(self) -> None:
        self._bank = Bank([around([freq], freq * _OFF) for freq in (*LOW_HZ, *HIGH_HZ)])
        self._before = np.zeros(_STEP, np.float32)
        self._seen: str | None = None
        self._power = 0.0
        self._times = 0  # windows in a row that held it
        self._held: str | None = None
        self._without = 0  # windows in a row that did not hold that

    def hear(self, frame: bytes) -> str | None:
        """Take a frame; return the key that it made certain, once however long it is held."""
        samples = np.concatenate([self._before, samples_of(frame)])
        self._before = samples[-_STEP:]
        windows = np.stack([samples[:FRAME_SAMPLES], samples[_STEP:]])
        found = None
        for window, bands in zip(windows, self._bank.powers(windows).tolist(), strict=True):
            power = power_of(window)
            found = self._follow(_key(power, bands), power) or found
        return found

    def _follow(self, key: str | None, power: float) -> str | None:
        """Take what one window holds; return a key in the window that makes it certain."""
        if key is not None and key == self._held:
            self._without = 0
            return None
        self._without += 1
        if self._without >= _PAUSE:
            self._held = None
        level = power / _LEVEL < self._power < power * _LEVEL
        self._times = self._times + 1 if key == self._seen and level else 1
        self._seen, self._power = key, power
        if key is None or self._times < _SURE:
            return None
        self._held, self._without = key, 0
        return key


def _key(power: float, bands: list[float]) -> str | None:
    """Return the key that a window holds."""
    low, high = bands[: len(LOW_HZ)], bands[len(LOW_HZ) :]
    a, b = max(low), max(high)
    if power < _SOFTEST or a + b < _SHARE * power or not a / _LOW_LOUDER < b < a * _HIGH_LOUDER:
        return None
    if sorted(low)[-2] > _OTHERS * a or sorted(high)[-2] > _OTHERS * b:
        return None
    return KEYS[low.index(a)][high.index(b)]


def dtmf_frames(
    digits: str, on_ms: int = 100, off_ms: int = 100, level_dbm0: float = LEVEL_DBM0
) -> Iterator[bytes]:
    """Yield keys as frames, silence after each; the last frame is filled up. ValueError: no key."""
    parts = [_sound(digit, on_ms, off_ms, level_dbm0) for digit in digits]
    sound = np.concatenate([*parts, np.zeros(-sum(map(len, parts)) % FRAME_SAMPLES)])
    return (octets(sound[at : at + FRAME_SAMPLES]) for at in range(0, len(sound), FRAME_SAMPLES))


def _sound(digit: str, on_ms: int, off_ms: int, level_dbm0: float) -> NDArray[np.float64]:
    if digit not in PLACES:
        raise ValueError(f"{digit!r} is no key: 0-9, *, #, A-D")
    row, column = PLACES[digit]
    at = np.arange(RATE * on_ms // 1000)
    low = amplitude(level_dbm0 - LOW_DB) * sines([LOW_HZ[row]], at)
    high = amplitude(level_dbm0) * sines([HIGH_HZ[column]], at)
    return np.concatenate([low + high, np.zeros(RATE * off_ms // 1000)])
