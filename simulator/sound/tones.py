"""The tones of some countries' exchanges (ITU-T E.180 Supplement 2, by two public lists)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cadence:
    """Frequencies heard together, on and off in turn; no cadence: without a pause."""

    hz: tuple[float, ...]
    on_off_ms: tuple[int, ...] = ()
    swell_hz: float = 0.0  # a tone whose loudness swings so many times a second


def _simple(
    hz: float, ringback: tuple[int, ...], busy_ms: int, congestion_ms: int
) -> dict[str, Cadence]:
    """Return the tones of a country that uses one frequency for all."""
    return {
        "dial": Cadence((hz,)),
        "ringback": Cadence((hz,), ringback),
        "busy": Cadence((hz,), (busy_ms, busy_ms)),
        "congestion": Cadence((hz,), (congestion_ms, congestion_ms)),
    }


TONES: dict[str, dict[str, Cadence]] = {
    "US": {
        "dial": Cadence((350, 440)),
        "ringback": Cadence((440, 480), (2000, 4000)),
        "busy": Cadence((480, 620), (500, 500)),
        "congestion": Cadence((480, 620), (250, 250)),
    },
    "GB": {
        "dial": Cadence((350, 440)),
        "ringback": Cadence((400, 450), (400, 200, 400, 2000)),
        "busy": Cadence((400,), (375, 375)),
        "congestion": Cadence((400,), (400, 350, 225, 525)),
    },
    "DE": _simple(425, (1000, 4000), 480, 240),
    "AT": _simple(420, (1000, 5000), 400, 200),
    "FR": _simple(440, (1500, 3500), 500, 250),
    "CN": _simple(450, (1000, 4000), 350, 700),
    "IT": _simple(425, (1000, 4000), 500, 200) | {"dial": Cadence((425,), (200, 200, 600, 1000))},
    "JP": {
        "dial": Cadence((400,)),
        "ringback": Cadence((400,), (1000, 2000), swell_hz=15),
        "busy": Cadence((400,), (500, 500)),
        "congestion": Cadence((400,), (500, 500)),
    },
    "IN": {
        "dial": Cadence((400,), swell_hz=25),
        "ringback": Cadence((400,), (400, 200, 400, 2000), swell_hz=25),
        "busy": Cadence((400,), (750, 750)),
        "congestion": Cadence((400,), (250, 250)),
    },
    "AU": {
        "dial": Cadence((413, 438)),
        "ringback": Cadence((413, 438), (400, 200, 400, 2000)),
        "busy": Cadence((425,), (375, 375)),
        "congestion": Cadence((425,), (375, 375)),
    },
}
