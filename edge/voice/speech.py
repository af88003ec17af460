"""Text to sound by espeak-ng, in a child process; what was spoken once is kept on disk.

The text goes over stdin: it names people and must not show in the list of processes.
"""

import asyncio
import hashlib
import os
import re
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

from edge.voice.recording_file import sync_folder
from edge.voice.sound_file import SoundError, as_wav, read_sound
from edge.worker import Worker

PROGRAM = "espeak-ng"
TEXT_MAX = 1000  # characters: two minutes
TIMEOUT_S = 15.0  # it speaks a hundred times faster than real time, on a Pi ten times
OUTPUT_MAX = 16 << 20  # octets: six minutes at its 22,050 samples a second
CACHE_OCTETS = 32 << 20

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")


class Speaker:
    """Speaks one text after the other."""

    def __init__(self, cache: Path, worker: Worker) -> None:
        self._cache = cache
        self._worker = worker
        self._turn = asyncio.Lock()

    async def speak(self, text: str, language: str) -> Path:
        """Give a WAV with a text; raises SoundError."""
        text = _plain(text)
        if not _LANGUAGE.fullmatch(language):
            raise SoundError(f"{language!r} is no language")
        name = hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()
        path = self._cache / f"{name}.wav"
        async with self._turn:
            if not await self._worker.run(_is_kept, path):
                octets = await _espeak(text, language)
                await self._worker.run(_keep, path, octets)
        return path


def _plain(text: str) -> str:
    """A text without what no voice speaks; raises SoundError."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not plain:
        raise SoundError("there is nothing to say")
    if len(plain) > TEXT_MAX:
        raise SoundError(f"the text is longer than {TEXT_MAX} characters")
    return plain


async def _espeak(text: str, language: str) -> bytes:
    """A WAV of its own rate; raises SoundError."""
    arguments = ("-v", language, "-b", "1", "--stdin", "--stdout")
    try:
        child = await asyncio.create_subprocess_exec(
            PROGRAM, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        raise SoundError(f"{PROGRAM} cannot be run ({error.strerror}): install it") from error
    try:
        async with asyncio.timeout(TIMEOUT_S):
            octets = await _converse(child, text)
            code = await child.wait()
    except TimeoutError as error:
        raise SoundError(f"{PROGRAM} took longer than {TIMEOUT_S:.0f} s") from error
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.communicate()  # to the end of what it said: wait() alone waits for that too
    if code:
        raise SoundError(f"{PROGRAM} cannot speak {language} (exit code {code})")
    if not octets:
        raise SoundError("there is nothing to say")
    return octets


async def _converse(child: Process, text: str) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise SoundError(f"{PROGRAM} has no pipes")
    with suppress(BrokenPipeError, ConnectionResetError):  # its exit code tells why
        child.stdin.write(text.encode())
        await child.stdin.drain()
    child.stdin.close()
    octets = bytearray()
    while more := await child.stdout.read(1 << 16):
        octets += more
        if len(octets) > OUTPUT_MAX:
            raise SoundError(f"{PROGRAM} does not come to an end")
    return bytes(octets)


def _is_kept(path: Path) -> bool:
    try:
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # the longest unused go first
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SoundError(f"{path.parent}: {error.strerror}") from error
    return True


def _keep(path: Path, octets: bytes) -> None:
    """Write a WAV in the gateway's form, and make room for it."""
    wav = as_wav(read_sound(octets))
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        part.write_bytes(wav)
        part.replace(path)
        sync_folder(path.parent)
        _trim(path.parent)
    except OSError as error:
        raise SoundError(f"{path.parent}: {error.strerror}") from error


def _trim(folder: Path) -> None:
    files = [(path.stat().st_atime_ns, path.stat().st_size, path) for path in folder.glob("*.wav")]
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files)[:-1]:
        if total <= CACHE_OCTETS:
            return
        path.unlink()
        total -= size
