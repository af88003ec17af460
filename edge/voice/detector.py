"""Hears the tones of a country in frames of a call, and says which tone it was and when.

A tone with a cadence is heard once enough of it fitted; ringback as soon as its first ring and a
piece of the pause fit what no other tone has; a tone without pauses once it lasts longer than any
sound of the others; SIT when its three sounds follow each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from config.tones import CountryTones, ProgressTone
from edge.voice.cadence import Cadence, Track, is_hushed, is_level, is_pure
from edge.voice.sit import BANDS as SIT_BANDS
from edge.voice.sit import SitEar
from edge.voice.spectrum import Band, Bank, around, dbov, power_of, samples_of

CYCLES = 4  # of busy before a line hangs up. Source: default of Yeastar and XonTel gateways

_HUM: Band = ((0.0, 150.0),)  # mains and DC offset of 8-bit modems: no part of any tone
_RINGS: Band = ((375.0, 505.0),)  # ringback of nearly all countries: a call abroad has theirs
_FIXED = (_HUM, _RINGS, *SIT_BANDS)
_RING_SHARE = 0.7  # of the power in _RINGS: no voice
_APART_HZ = 75  # two frequencies that far apart are told from one alone in a frame
_ALONE = 0.9  # of the power in one of two frequencies: 9.5 dB more than the other has
_BEAT_HZ = 60  # two closer ones swell and fade within a frame's time
_TROUGHS = 2  # frames that a modulated tone may be lost in noise
_RINGING_MS = 600.0  # of the pause after the first ring, before ringback is believed
_DIAL_MS = 500.0  # of a tone without pauses, before a number is dialled
_LASTING_MS = 3000.0  # of one in a call: longer than any sound of a ringback, 2 s, and no vowel
_WHOLE = 0.8  # of the frames of a tone without pauses are no odd ones


class Heard(StrEnum):
    """Tones that mean something."""

    DIAL = "dial"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    DISCONNECT = "disconnect"  # the one that was learned
    SIT = "sit"


@dataclass(slots=True)
class _Ear:
    """One band: where its power stands in the bank's answer, and what is listened for in it."""

    place: int
    alone: tuple[int, ...]  # places of its single frequencies, where those can be told apart
    steady: bool  # whether its tones have a level loudness
    track: Track
    rings: list[Cadence] = field(default_factory=list)
    rhythms: list[tuple[Heard, Cadence]] = field(default_factory=list)  # the likelier first
    lasting: Heard | None = None

    def share(self, powers: list[float]) -> float:
        """Return the power of the tone: none where one frequency of two is missing."""
        power = powers[self.place]
        return 0.0 if any(powers[one] > _ALONE * power for one in self.alone) else power


class ToneDetector:
    """The tones of a country, and one that was learned, in 20 ms frames."""

    def __init__(
        self, tones: CountryTones, disconnect: ProgressTone | None = None, cycles: int = CYCLES
    ) -> None:
        self.cycles = cycles
        self.level_dbov = dbov(0)  # of the last frame, without hum
        self.tonal = False  # whether a tone is on, ours or a ringback from abroad
        self.dialled = False  # before that a tone without pauses is believed sooner
        self._tolerance = tones.tolerance
        self._bands: list[Band] = list(_FIXED)
        self._ears: dict[tuple[Band, bool], _Ear] = {}
        for kind, tone in _listed(tones, disconnect):
            self._listen(kind, tone)
        self._sit = SitEar()
        self._bank = Bank(self._bands)

    def hear(self, frame: bytes) -> Heard | None:
        """Take a frame; return the tone that it made certain. Each ring and cycle repeats it."""
        samples = samples_of(frame)
        powers: list[float] = self._bank.powers(samples).tolist()
        power = max(0.0, power_of(samples) - powers[0])
        self.level_dbov = dbov(power)
        self.tonal = powers[1] > _RING_SHARE * power
        sit = self._sit.hear(power, powers[2 : len(_FIXED)])
        found = Heard.SIT if sit else None
        for ear in self._ears.values():
            found = self._hear_ear(ear, power, ear.share(powers)) or found
        return found

    def _hear_ear(self, ear: _Ear, power: float, band: float) -> Heard | None:
        turned = ear.track.hear(power, band)
        now = ear.track.now
        self.tonal = self.tonal or now.on
        if turned:
            return None if now.on else self._rhythm(ear)
        if now.on:
            return self._lasting(ear)
        rings = ear.track.reaches(_RINGING_MS) and any(
            cadence.begun(ear.track.done) for cadence in ear.rings
        )
        return Heard.RINGBACK if rings else None

    def _rhythm(self, ear: _Ear) -> Heard | None:
        """Judge what came before the pause that has just begun."""
        fits = []
        for order, (kind, cadence) in enumerate(ear.rhythms):
            count, miss = cadence.tail(ear.track.done)
            if count >= max(2 * self.cycles, 2 * len(cadence.ms)) - 1:  # the last pause is open
                fits.append((miss, order, kind))
        return min(fits)[2] if fits else None

    def _lasting(self, ear: _Ear) -> Heard | None:
        now, before = ear.track.now, ear.track.done[-1]
        if not ear.lasting or not ear.track.reaches(_LASTING_MS if self.dialled else _DIAL_MS):
            return None
        noise = before.mean if is_hushed(before, now) else 0.0
        whole = now.inner >= _WHOLE * now.frames - 2
        sure = whole and is_pure(now, noise) and (is_level(now) or not ear.steady)
        return ear.lasting if sure else None

    def _listen(self, kind: Heard, tone: ProgressTone) -> None:
        ear = self._ear(tone)
        if not tone.cadence_ms:
            ear.lasting = ear.lasting or kind
            return
        cadence = Cadence(tone.cadence_ms, self._tolerance.cadence_percent / 100, ear.steady)
        if kind is Heard.RINGBACK:
            ear.rings.append(cadence)
        else:
            ear.rhythms.append((kind, cadence))

    def _ear(self, tone: ProgressTone) -> _Ear:
        """Return the ear of a tone's band, a new one where there is none."""
        band = around(_lines(tone), self._tolerance.freq_hz)
        steady = not tone.am_hz and not _beats(tone)
        ear = self._ears.get((band, steady))
        if ear is None:
            alone = tone.freqs_hz if len(tone.freqs_hz) > 1 and _apart(tone) >= _APART_HZ else ()
            singles = tuple(self._add(around([freq], self._tolerance.freq_hz)) for freq in alone)
            ear = self._ears[band, steady] = _Ear(
                self._add(band), singles, steady, Track(1 if steady else _TROUGHS)
            )
        return ear

    def _add(self, band: Band) -> int:
        if band not in self._bands:
            self._bands.append(band)
        return self._bands.index(band)


def _listed(
    tones: CountryTones, disconnect: ProgressTone | None
) -> Iterator[tuple[Heard, ProgressTone]]:
    """Yield every tone: of two that cannot be told apart the first one is heard."""
    variants = (tones.busy, tones.congestion, tones.dial, tones.ringback)
    kinds = (Heard.BUSY, Heard.CONGESTION, Heard.DIAL, Heard.RINGBACK)
    for kind, (first, *_) in zip(kinds, variants, strict=True):
        yield kind, first
    for kind, (_, *others) in zip(kinds, variants, strict=True):
        for tone in others:
            yield kind, tone
    if disconnect:
        yield Heard.DISCONNECT, disconnect


def _lines(tone: ProgressTone) -> tuple[float, ...]:
    """Return its frequencies with the side bands of its modulation."""
    shifts = (-tone.am_hz, 0, tone.am_hz) if tone.am_hz else (0,)
    return tuple(freq + shift for freq in tone.freqs_hz for shift in shifts)


def _apart(tone: ProgressTone) -> int:
    return min(abs(a - b) for a, b in combinations(tone.freqs_hz, 2))


def _beats(tone: ProgressTone) -> bool:
    return len(tone.freqs_hz) > 1 and _apart(tone) < _BEAT_HZ
