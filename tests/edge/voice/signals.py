"""Sound as a line brings it: tones that are off, noise, other clocks, talkers, chords."""

import shutil
import subprocess
import wave
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from config.tones import ProgressTone
from edge.voice.tones import LEVEL_DBM0, ToneSource, amplitude, octets
from modem.pcm import FRAME_BYTES, RATE

Sound = NDArray[np.float64]
ESPEAK = shutil.which("espeak-ng")
NO_ESPEAK = "espeak-ng is not installed"


def tone(what: ProgressTone, seconds: float, level_dbm0: float = LEVEL_DBM0) -> Sound:
    source = ToneSource(what, level_dbm0)
    frames = (source.frame() for _ in range(round(seconds * 50)))
    return np.frombuffer(b"".join(frames), "<i2").astype(np.float64)


def off(what: ProgressTone, freq: float = 1.0, cadence: float = 1.0) -> ProgressTone:
    freqs = tuple(round(hz * freq) for hz in what.freqs_hz)
    times = tuple(round(ms * cadence) for ms in what.cadence_ms)
    return what.model_copy(update={"freqs_hz": freqs, "cadence_ms": times})


def noise(seconds: float, level_dbm0: float, seed: int = 1) -> Sound:
    rms = amplitude(level_dbm0) / 2**0.5
    return np.random.default_rng(seed).normal(0, rms, round(seconds * RATE))


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE))


def drifted(sound: Sound, ppm: float) -> Sound:
    at = np.arange(0, len(sound) - 1, 1 + ppm / 1e6)
    return np.asarray(np.interp(at, np.arange(len(sound)), sound))


def frames(*parts: Sound) -> Iterator[bytes]:
    data = octets(np.concatenate(parts))
    whole = len(data) - len(data) % FRAME_BYTES
    return (data[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES))


def joined(pieces: Iterable[bytes]) -> Sound:
    return np.frombuffer(b"".join(pieces), "<i2").astype(np.float64)


@cache
def speech(folder: Path, voice: str, pitch: int = 50, speed: int = 160) -> Sound:
    path = folder / f"{voice}-{pitch}-{speed}.wav"
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path), TEXT]
    subprocess.run(command, check=True, timeout=20)
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
        resampled: Sound = soxr.resample(data, file.getframerate(), RATE)
    return resampled


def chord(notes: Iterable[int], seconds: float, level_dbm0: float = -15) -> Sound:
    """Return plucked notes, by their number as MIDI has it, with four overtones each."""
    at = np.arange(round(seconds * RATE)) / RATE
    total = np.zeros(len(at))
    for note in notes:
        pitch = 440 * 2 ** ((note - 69) / 12)
        for overtone in range(1, 5):
            total += np.sin(2 * np.pi * pitch * overtone * at) / overtone**1.5
    return total * np.exp(-2 * at) * amplitude(level_dbm0) / max(1.0, float(np.abs(total).max()))


def talk(syllables: Iterable[tuple[float, float, float]], pitch: float) -> Sound:
    """Return a talker: (seconds of sound, of pause, formant in Hz) by syllable, one pitch."""
    parts = []
    for sounds_s, pause_s, formant in syllables:
        at = np.arange(round(sounds_s * RATE)) / RATE
        glide = pitch * (1 + 0.06 * np.sin(2 * np.pi * 1.7 * at))  # speech is never monotonous
        phase = 2 * np.pi * np.cumsum(glide) / RATE
        voice = sum(
            np.sin(n * phase) / n / (1 + ((n * pitch - formant) / 90) ** 2)
            for n in range(1, int(3400 / pitch))
        )
        parts += [np.asarray(voice) * np.sin(np.pi * at / sounds_s) ** 0.5, silence(pause_s)]
    sound = np.concatenate(parts)
    return sound * amplitude(-15) / max(1e-9, float(np.abs(sound).max()))


TEXT = (
    "Good morning, you have reached the office of Example Limited. All of our people are talking "
    "to other callers at this moment. Who would know how soon? No, do not go home; you only lose "
    "your turn. One, two, three, four, five, six, seven, eight, nine, zero, star, hash. Oh, who "
    "knew? Room number two hundred and forty four, floor two, you should go there soon."
)
