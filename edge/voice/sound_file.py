"""Sound out of a file that somebody made: checked, bounded, brought to the one form of the gateway.

A WAV or Ogg Opus of any usual rate becomes mono s16le at 8 kHz.
"""

import io
import wave

import numpy as np
import soundfile as sf
import soxr

from modem.pcm import FRAME_BYTES, RATE

MAX_OCTETS = 64 << 20  # five minutes of stereo at 48 kHz
MAX_S = 300
_RATES = range(4000, 192_001)  # samples a second
_CHANNELS_MAX = 8
_KINDS = (b"RIFF", b"OggS")  # what others begin with is not even shown to the decoder
_FULL_SCALE = 32768

Samples = np.ndarray[tuple[int], np.dtype[np.float32]]


class SoundError(Exception):
    """This is no sound that can be played; the text is a sentence that says why."""


def read_sound(octets: bytes) -> bytes:
    """Decode a file; gives samples as s16le; raises SoundError."""
    if len(octets) > MAX_OCTETS:
        raise SoundError(f"it is larger than {MAX_OCTETS >> 20} MB")
    if octets[:4] not in _KINDS:
        raise SoundError("it is neither WAV nor Opus")
    try:
        with sf.SoundFile(io.BytesIO(octets)) as file:
            _check(file)
            return _decode(file)
    except (sf.SoundFileError, ValueError) as error:
        raise SoundError("it is damaged") from error


def in_frames(sound: bytes) -> tuple[bytes, ...]:
    """Cut samples into frames; the last is filled up with silence."""
    sound += bytes(-len(sound) % FRAME_BYTES)
    return tuple(sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES))


def as_wav(sound: bytes) -> bytes:
    """The WAV of samples at 8 kHz."""
    octets = io.BytesIO()
    with wave.open(octets, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound)
    return octets.getvalue()


def _check(file: sf.SoundFile) -> None:
    if file.format == "OGG" and file.subtype != "OPUS":
        raise SoundError(f"it is Ogg with {file.subtype_info}, not with Opus")
    if file.format not in {"WAV", "WAVEX", "OGG"}:
        raise SoundError("it is neither WAV nor Opus")
    if file.samplerate not in _RATES:
        raise SoundError(f"{file.samplerate} samples a second are none of the usual rates")
    if file.channels > _CHANNELS_MAX:
        raise SoundError(f"it has {file.channels} channels")


def _decode(file: sf.SoundFile) -> bytes:
    same_rate = file.samplerate == RATE
    stream = None if same_rate else soxr.ResampleStream(file.samplerate, RATE, 1, "float32")
    parts: list[Samples] = []
    samples = 0
    while len(block := file.read(file.samplerate, dtype="float32", always_2d=True)):
        tame = np.nan_to_num(block, nan=0, posinf=1, neginf=-1).clip(-1, 1)
        mono = tame.mean(axis=1, dtype=np.float32)
        parts.append(stream.resample_chunk(mono) if stream else mono)
        samples += len(parts[-1])
        if samples > MAX_S * RATE:
            raise SoundError(f"it is longer than {MAX_S // 60} minutes")
    if stream:
        parts.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    if not samples:
        raise SoundError("there is no sound in it")
    whole = np.concatenate(parts) * _FULL_SCALE
    return np.clip(np.rint(whole), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
