"""From frames to stretches of tone and pause, and from stretches to the cadence of a tone.

A Track hears, frame by frame, how much of the power lies in its band. Some frames in a row turn it
on or off, so that a single odd one (a lost packet, a click, the trough of a modulated tone) does
not. What tells a tone from a talker in whom the band happens to be strong: while the tone is on
little else may sound than in the pauses, it must not swell or fade, and the pauses must be softer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from modem.pcm import FRAME_S

FRAME_MS = 1000 * FRAME_S
SLACK_MS = 30.0  # of any stretch: both its ends are known to half a frame, a tone may fade in
_SHARE = 0.6  # of the power in the band while on: 2 dB above white noise
_SOFTEST = 1.6e-5  # mean square, -48 dBov: a tone of -35 dBm0 and 7 dB for what a line takes
_STRANGE = 0.1  # of the power beside the band: harmonics of a tone that was clipped
_NOISE = 1.3  # times the power of the pauses: what else may sound with the tone
_SWELL = 1.8  # loudest by softest frame, 2.5 dB: noise 5 dB below the tone makes 1.5
_HUSHED = 0.32  # power of a pause by that of the tone, -5 dB
_MEMORY = 64  # stretches: eight cycles of the longest cadence


@dataclass(slots=True)
class Stretch:
    """A run of frames with the tone or without. Its ends are not in the sums: they are cut."""

    on: bool
    frames: int = 0
    inner: int = 0
    power: float = 0.0
    band: float = 0.0
    loudest: float = 0.0
    softest: float = 1.0

    @property
    def ms(self) -> float:
        """Its length."""
        return self.frames * FRAME_MS

    @property
    def mean(self) -> float:
        """Mean square of what sounded."""
        return self.power / self.inner if self.inner else 0.0

    @property
    def beside(self) -> float:
        """Mean square of what sounded beside the band."""
        return max(0.0, self.power - self.band) / self.inner if self.inner else 0.0

    def add(self, power: float, band: float) -> None:
        """Count a frame into the sums."""
        self.inner += 1
        self.power += power
        self.band += band
        self.loudest = max(self.loudest, power)
        self.softest = min(self.softest, power)


class Track:
    """One band over time: stretches that are done, the newest last, and the one that lasts."""

    def __init__(self, forgiven: int = 1, memory: int = _MEMORY) -> None:
        self._forgiven = forgiven  # odd frames in a row
        self._odd = 0
        self.done: deque[Stretch] = deque(maxlen=memory)
        self.now = Stretch(on=False)
        self._grown = 0  # frames by which `now` grew with the last one
        self._last: tuple[float, float] | None = None  # of `now`, not yet in its sums

    def hear(self, power: float, band: float) -> bool:
        """Take a frame's power and what of it lies in the band; say whether a stretch ended."""
        frame = (power, band)
        if (power > _SOFTEST and band > _SHARE * power) == self.now.on:
            self._grown = 1 + self._odd
            self.now.frames += self._grown
            self._odd = 0
            if self._last:
                self.now.add(*self._last)
            self._last = frame
            return False
        self._grown = 0
        self._odd += 1
        if self._odd <= self._forgiven:
            return False
        self.done.append(self.now)
        self.now = Stretch(on=not self.now.on, frames=self._odd)
        self._last, self._odd = frame, 0
        return True

    def reaches(self, ms: float) -> bool:
        """Say whether the last frame made the stretch that lasts so long."""
        return self.now.ms - self._grown * FRAME_MS < ms <= self.now.ms


@dataclass(frozen=True, slots=True)
class Cadence:
    """On, off, on, off in ms, and how far off an exchange may be."""

    ms: tuple[int, ...]
    tolerance: float  # share of each stretch
    steady: bool  # whether its loudness is level: neither modulated nor of two close frequencies

    def fits(self, stretch: Stretch, place: int) -> float | None:
        """Return by what share a stretch misses that place of the cadence, None if too much."""
        wanted = self.ms[place % len(self.ms)]
        miss = abs(stretch.ms - wanted)
        if stretch.on == place % 2 or miss > max(self.tolerance * wanted, SLACK_MS):
            return None
        return miss / wanted

    def begun(self, heard: Sequence[Stretch]) -> bool:
        """Say whether the last sound ends a first cycle, but for its last pause."""
        return len(self._misses(heard, len(self.ms) - 2)) >= len(self.ms) - 1

    def tail(self, heard: Sequence[Stretch]) -> tuple[int, float]:
        """Return how many stretches at the end are the cadence's, and their mean miss."""
        best = (0, 1.0)
        for shift in range(len(self.ms)):
            misses = self._misses(heard, shift)
            if len(misses) > best[0]:
                best = (len(misses), sum(misses) / len(misses))
        return best

    def _misses(self, heard: Sequence[Stretch], shift: int) -> list[float]:
        """Walk back while stretches fit, the last of them being at place `shift`."""
        misses: list[float] = []
        for back, stretch in enumerate(reversed(heard)):
            miss = self.fits(stretch, shift - back)
            if miss is None or not is_tone(heard, len(heard) - 1 - back, steady=self.steady):
                break
            misses.append(miss)
        return misses


def is_tone(heard: Sequence[Stretch], place: int, *, steady: bool) -> bool:
    """Say whether a stretch is such as a tone or its pause is, by itself and its neighbours."""
    stretch = heard[place]
    beside = [heard[near] for near in (place - 1, place + 1) if 0 <= near < len(heard)]
    if not stretch.on:
        return all(is_hushed(stretch, other) for other in beside if other.inner)
    noise = min((other.mean for other in beside if other.inner), default=0.0)
    return is_pure(stretch, noise) and (not steady or is_level(stretch))


def is_hushed(pause: Stretch, sound: Stretch) -> bool:
    """Say whether a pause is softer than the sound beside it."""
    return pause.mean <= _HUSHED * sound.mean


def is_pure(stretch: Stretch, noise: float = 0.0) -> bool:
    """Say whether little sounded beside the band but noise of that power."""
    return stretch.beside <= _NOISE * noise + _STRANGE * stretch.mean


def is_level(stretch: Stretch) -> bool:
    """Say whether its loudness stayed."""
    return stretch.loudest <= _SWELL * stretch.softest
