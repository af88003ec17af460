"""Announcements by id, out of a folder, or spoken from text: frames that can be played at once."""

import os
import re
import stat
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from edge.voice.recording_file import sync_folder
from edge.voice.sound_file import MAX_OCTETS, SoundError, as_wav, in_frames, read_sound
from edge.voice.speech import Speaker
from edge.worker import Worker
from modem.pcm import RATE

ID = re.compile(r"[a-z0-9-]{1,64}")
CACHE_FRAMES = 30_000  # kept in memory: ten minutes, 10 MB
SPOKEN = ".spoken"  # where spoken texts are kept, below the folder

_KINDS = (".wav", ".opus")


class AnnouncementError(Exception):
    """It cannot be played; the text is a sentence for who asked."""


@dataclass(frozen=True, slots=True)
class File:
    """An announcement of the folder."""

    id: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be spoken, in the configured language if none is named."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An announcement as it lies in the folder."""

    id: str
    path: Path
    seconds: float
    problem: str | None  # a sentence, where it cannot be played


class Announcements:
    """Reads, converts and speaks in a thread of its own; what was played lately is in memory."""

    def __init__(self, folder: Path, language: str) -> None:
        self._folder = folder
        self._language = language
        self._worker = Worker("announcements")
        self._speaker = Speaker(folder / SPOKEN, self._worker)
        self._cache: OrderedDict[tuple[Path, int, int], tuple[bytes, ...]] = OrderedDict()

    async def frames(self, what: File | Text) -> tuple[bytes, ...]:
        """All frames of an announcement, at least one; raises AnnouncementError."""
        if isinstance(what, File):
            return await self._worker.run(self._file, what.id)
        try:
            path = await self._speaker.speak(what.text, what.language or self._language)
        except SoundError as error:
            raise AnnouncementError(f"The text cannot be spoken: {error}.") from error
        return await self._worker.run(self._load, "spoken text", path)

    def has(self, name: str) -> bool:
        """Whether there is an announcement of that id."""
        return any((self._folder / f"{name}{kind}").exists() for kind in _KINDS)

    def stop(self) -> None:
        """End the thread."""
        self._worker.stop()

    def _file(self, name: str) -> tuple[bytes, ...]:
        return self._load(name, _path(self._folder, name))

    def _load(self, name: str, path: Path) -> tuple[bytes, ...]:
        """Runs in the thread alone, which owns the cache."""
        try:
            facts = path.stat()
        except OSError as error:
            raise AnnouncementError(f"Announcement {name}: {error.strerror}.") from error
        key = (path, facts.st_mtime_ns, facts.st_size)
        if key not in self._cache:
            self._cache[key] = in_frames(_sound(name, path))
            self._make_room()
        self._cache.move_to_end(key)
        return self._cache[key]

    def _make_room(self) -> None:
        while len(self._cache) > 1 and sum(map(len, self._cache.values())) > CACHE_FRAMES:
            self._cache.popitem(last=False)


def add(folder: Path, name: str, source: Path) -> float:
    """Check a file and keep it in the gateway's own form; gives its seconds.

    Raises AnnouncementError. An older announcement of that id is replaced at once and whole.
    """
    _check_id(name)
    sound = _sound(name, source)
    part = folder / f".{name}.part"
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(as_wav(sound))
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / f"{name}.wav")
        (folder / f"{name}.opus").unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise AnnouncementError(f"{error.filename or folder}: {error.strerror}.") from error
    return len(sound) / 2 / RATE


def remove(folder: Path, name: str) -> None:
    """Delete an announcement; raises AnnouncementError."""
    path = _path(folder, name)
    try:
        path.unlink()
    except OSError as error:
        raise AnnouncementError(f"{path}: {error.strerror}.") from error


def listing(folder: Path) -> list[Found]:
    """All announcements of a folder, each tried; raises AnnouncementError."""
    try:
        paths = sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise AnnouncementError(f"{folder}: {error.strerror}.") from error
    return [_found(p) for p in paths if p.suffix in _KINDS and ID.fullmatch(p.stem)]


def _found(path: Path) -> Found:
    try:
        sound = _sound(path.stem, path)
    except AnnouncementError as error:
        return Found(path.stem, path, 0.0, str(error))
    return Found(path.stem, path, len(sound) / 2 / RATE, None)


def _path(folder: Path, name: str) -> Path:
    _check_id(name)
    for kind in _KINDS:
        path = folder / f"{name}{kind}"
        if path.exists():
            return path
    raise AnnouncementError(
        f"There is no announcement {name}: add it with `trunkline announce add {name} FILE`."
    )


def _check_id(name: str) -> None:
    if not ID.fullmatch(name):
        raise AnnouncementError("An announcement is named by a-z, 0-9 and -, at most 64 of them.")


def _sound(name: str, path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise AnnouncementError(f"{path} is no file.")
        with path.open("rb") as file:
            return read_sound(file.read(MAX_OCTETS + 1))
    except OSError as error:
        raise AnnouncementError(f"{path} cannot be read: {error.strerror}.") from error
    except SoundError as error:
        raise AnnouncementError(f"Announcement {name} cannot be played: {error}.") from error
