"""The special information tone before an announcement of the network: number unknown, and so on.

950, 1400 and 1800 Hz, 330 ms each, one after the other. Source: ITU-T E.180, 4.6; in North America
the lengths 274 and 380 ms and frequencies up to 40 Hz off tell what follows (GR-1162).
"""

from edge.voice.cadence import FRAME_MS, Track, is_pure
from edge.voice.spectrum import Band, around

SIT_HZ = (950, 1400, 1800)
BANDS: tuple[Band, ...] = tuple(around([freq], 50) for freq in SIT_HZ)  # E.180: +-50 Hz

_SHORTEST_MS = 200.0  # E.180: 330 +-70 ms, US 274 and 380 ms; two frames are lost in noise
_LONGEST_MS = 450.0
_GAP_MS = 100.0  # E.180: up to 30 ms; and the frames at both ends


class SitEar:
    """Follows the three sounds."""

    def __init__(self) -> None:
        self._tracks = [Track() for _ in BANDS]
        self._next = 0  # which of the three is awaited
        self._since = 0  # frames since the one before it ended

    def hear(self, power: float, powers: list[float]) -> bool:
        """Take a frame's power and that in each of BANDS; say whether the third sound ended."""
        self._since += 1
        for place, (track, band) in enumerate(zip(self._tracks, powers, strict=True)):
            if track.hear(power, band) and not track.now.on:
                self._ended(place, track)
        if self._next < len(BANDS):
            return False
        self._next = 0
        return True

    def _ended(self, place: int, track: Track) -> None:
        sound = track.done[-1]
        gap_ms = self._since * FRAME_MS - sound.ms
        fits = _SHORTEST_MS <= sound.ms <= _LONGEST_MS and is_pure(sound)
        in_turn = place == 0 or (place == self._next and gap_ms <= _GAP_MS)
        self._next = place + 1 if fits and in_turn else 0
        self._since = 0
