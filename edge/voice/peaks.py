"""The frequencies that stand out in a recording: rough ones of the whole, exact ones of a tone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.voice.spectrum import Samples
from modem.pcm import RATE

Spectrum = NDArray[np.float64]

_LOW_HZ, _HIGH_HZ = 200, 3400  # of the telephone: config.voice.Hertz
_PIECE = RATE * 80 // 1000  # samples: shorter than any sound of a cadence
_ROUGH = 2048  # points: bins of 3.9 Hz
_EXACT = 2**15  # points: bins of 0.24 Hz
_LOBE_HZ = 31  # on either side of a peak of 80 ms
_SOFTEST = 1.6e-5  # mean square, -48 dBov
_TONAL = 0.75  # of a piece's power in its two highest peaks
_MOST = 3  # peaks: a third one means that it is no plain tone
_SAME = 2  # bins by which a rough peak may be off
_SECOND = 10 ** (-8 / 10)  # power of a peak by the highest one's
_NEAR_HZ = 15  # two peaks that close are one
_LOBE = 2.2  # over the length: half the width of a peak under a Hann window, and a little


def common_peaks(samples: Samples) -> tuple[float, ...]:
    """Return the one or two frequencies, to 4 Hz, that most of the pure sounds have; or none."""
    if len(samples) < _PIECE:
        return ()
    pieces = np.lib.stride_tricks.sliding_window_view(samples, _PIECE)[:: _PIECE // 2]
    loud = pieces[np.mean(pieces**2, axis=1) > _SOFTEST]
    spectra = _spectra(loud, _ROUGH)
    spectra /= spectra.sum(axis=1, keepdims=True) + 1e-30
    width = round(_LOBE_HZ * _ROUGH / RATE)
    firsts = [_first_two(spectrum, width) for spectrum in spectra]
    pure = [
        (places, spectrum)
        for (places, share), spectrum in zip(firsts, spectra, strict=True)
        if share > _TONAL
    ]
    if not pure:
        return ()
    top = int(np.sum([spectrum for _, spectrum in pure], axis=0).argmax())
    same = [spectrum for places, spectrum in pure if min(abs(at - top) for at in places) <= _SAME]
    return tuple(place * RATE / _ROUGH for place in _highest(np.sum(same, axis=0), width)[:2])


def peaks_of(sounds: Sequence[Samples]) -> tuple[float, ...]:
    """Return the frequencies, to 1 Hz, that sounds have in common, the lowest first."""
    shortest = min(_EXACT // 2, *map(len, sounds))
    cut = max(0, min(shortest // 8, RATE // 50))  # what rises and falls at both ends
    same = np.stack([sound[cut : shortest - cut] for sound in sounds])
    total = _spectra(same, _EXACT).sum(axis=0)
    width = round(max(_NEAR_HZ, _LOBE * RATE / same.shape[1]) * _EXACT / RATE)
    return tuple(sorted(place * RATE / _EXACT for place in _highest(total, width)))


def _spectra(pieces: Samples, points: int) -> Spectrum:
    """Return the power spectrum of each piece, nothing outside the telephone's band."""
    window = np.hanning(pieces.shape[1])
    spectra: Spectrum = np.abs(np.fft.rfft(pieces * window, points)) ** 2
    spectra[:, : _LOW_HZ * points // RATE] = 0
    spectra[:, _HIGH_HZ * points // RATE :] = 0
    return spectra


def _first_two(spectrum: Spectrum, width: int) -> tuple[list[int], float]:
    """Return the two highest peaks and their share of the power."""
    left = spectrum.copy()
    places = []
    for _ in range(2):
        place = int(left.argmax())
        places.append(place)
        left[max(0, place - width) : place + width + 1] = 0
    return places, float(spectrum.sum() - left.sum())


def _highest(spectrum: Spectrum, width: int) -> list[int]:
    """Return the peaks that are about as high as the highest, it first; _MOST at most."""
    left = spectrum.copy()
    places: list[int] = []
    while len(places) < _MOST:
        place = int(left.argmax())
        if left[place] < _SECOND * spectrum.max():
            break
        places.append(place)
        left[max(0, place - width) : place + width + 1] = 0
    return places
