"""Sentences as sound: made by espeak-ng once each, or a pattern of tones where it is missing."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from simulator.sound.frames import FRAME_OCTETS, FRAME_S, RATE, SILENCE, Mouth

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD_FRAMES, _GAP_FRAMES = 12, 6  # of the stand-in: about three words a second
_WORD_HZ = (310.0, 390.0, 470.0, 550.0)
_PATIENCE_S = 20.0

_made: dict[str, bytes] = {}


def prepare(texts: Iterable[str]) -> None:
    """Make what will be said; slow, so not in the event loop. Raises when espeak-ng fails."""
    program = shutil.which("espeak-ng")
    for text in texts:
        if text not in _made:
            _made[text] = _spoken(program, text) if program else _pattern(text)


def length_s(text: str) -> float:
    """Return how long a sentence takes, as a guess if it was never made."""
    if text in _made:
        return len(_made[text]) / FRAME_OCTETS * FRAME_S
    return len(text.split()) * (_WORD_FRAMES + _GAP_FRAMES) * FRAME_S


def mouth(text: str, since_s: float = 0.0) -> Mouth:
    """Return a mouth that is in a sentence for so long already."""
    from simulator.sound.waves import Clip  # noqa: PLC0415 - numpy, only for those who listen

    return Clip(_made.get(text) or _pattern(text), round(since_s / FRAME_S))


def _pattern(text: str) -> bytes:
    """A tone for each word, a pause behind it."""
    from simulator.sound.waves import steady  # noqa: PLC0415 - as above

    frames: list[bytes] = []
    for word in text.split():
        tone = steady(_WORD_HZ[len(word) % len(_WORD_HZ)])
        frames += [tone.frame() for _ in range(_WORD_FRAMES)] + [SILENCE] * _GAP_FRAMES
    return b"".join(frames)


def _spoken(program: str, text: str) -> bytes:
    with TemporaryDirectory(prefix="trunkline-speech-") as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(  # noqa: S603 - a fixed program; the text goes in by its standard input
            [program, "--stdin", "-w", str(path)],
            input=text.encode(),
            check=True,
            timeout=_PATIENCE_S,
        )
        with wave.open(str(path)) as file:
            samples, rate = file.readframes(file.getnframes()), file.getframerate()
    from simulator.sound.rates import resample  # noqa: PLC0415 - numpy

    return resample(samples, rate, RATE)
