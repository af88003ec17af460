"""A recording on disk: under a temporary name until it is whole, then moved to its own.

All here blocks: it runs in a worker's thread.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile as sf

from config.voice import RecordingFormat
from edge.voice.encoders import MOMENT_OCTETS, WAV_HEADER, WAV_MAX, Encoder, Opus, Wav
from edge.voice.recording_name import Name
from modem.pcm import RATE

SYNC_OCTETS = 1 << 20  # written between two syncs: half a minute of WAV lost by a power cut
RESERVE_OCTETS = 64 << 20  # of the disk left to the gateway's own records
HASH_OCTETS = 4 << 20  # read at once for the checksum, so that other recordings get their turn
MODE = 0o640  # what people say is for the gateway and its group
MAX_OF_CALL = 99  # recordings of one call


class RecordingFile:
    """One recording while it is written; its methods raise OSError."""

    def __init__(self, folder: Path, call_id: str, kind: RecordingFormat) -> None:
        self._folder = folder
        self._call_id = call_id
        self._kind = kind
        self._encoder: Encoder = Wav() if kind is RecordingFormat.WAV else Opus()
        self._stem = ""
        self._octets = 0
        self._file: int | None = None
        self.moments = 0
        self.trouble: OSError | sf.SoundFileError | None = None

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.moments / RATE

    def open(self) -> None:
        """Make the folder and the temporary file."""
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        _keep_reserve(self._folder)
        for stem in _stems(self._call_id):
            if any(self._folder.glob(f"{stem}.[cwo]*")):
                continue
            self._stem = stem
            self._file = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE)
            return self._append(self._encoder.begin)
        raise FileExistsError(errno.EEXIST, f"the call has {MAX_OF_CALL} recordings already")

    def add(self, line: bytes, office: bytes) -> None:
        """Add what was heard of the line, left, and of the office, right; both equally long."""
        sides = [np.frombuffer(side, dtype="<i2") for side in (line, office)]
        stereo = np.stack(sides, axis=1).tobytes()
        self._append(lambda: self._encoder.add(stereo))
        self.moments += len(sides[0])

    def close(self, *, whole: bool) -> Path | None:
        """Finish the file and give it its name; None where nothing was recorded.

        It is called whole if it is said to be, and the disk took all of it: see `trouble`.
        """
        if self._file is None:
            return None
        if not self.trouble:
            with suppress(OSError, sf.SoundFileError):  # `trouble` tells it
                self._append(self._encoder.end)
        file, self._file = self._file, None
        try:
            self._encoder.seal(file)
            os.fsync(file)
        finally:
            os.close(file)
        return self._name(whole=whole and not self.trouble)

    def _name(self, *, whole: bool) -> Path | None:
        if not self.moments:
            self._part.unlink()
            return None
        path = self._folder / f"{self._stem}{'' if whole else '.cut'}.{self._kind}"
        self._part.rename(path)
        sync_folder(self._folder)
        if self.trouble:
            self.moments = round(seconds_of(path, self._kind) * RATE)
        return path

    @property
    def _part(self) -> Path:
        return self._folder / f"{self._stem}.{self._kind}.part"

    def _append(self, encode: Callable[[], bytes]) -> None:
        """Encode and write, unless there was trouble before: no sound behind a gap."""
        if self._file is None:
            raise OSError(errno.EBADF, "it is not open")
        if self.trouble:
            raise self.trouble
        try:
            self._write(self._file, encode())
        except (OSError, sf.SoundFileError) as error:
            self.trouble = error
            raise

    def _write(self, file: int, octets: bytes) -> None:
        before, self._octets = self._octets, self._octets + len(octets)
        if self._octets > WAV_MAX:
            raise OSError(errno.EFBIG, "it is as long as a file of its kind can be")
        if before // SYNC_OCTETS != self._octets // SYNC_OCTETS:
            os.fsync(file)
            _keep_reserve(self._folder)
        left = memoryview(octets)
        while left:
            left = left[os.write(file, left) :]


def mend(part: Path) -> Path | None:
    """Finish a file that a crash left half; gives its new name, None where it held no sound."""
    name = Name.read(part.name)
    if name is None:
        raise ValueError(f"{part.name} is no recording")
    if part.stat().st_size <= WAV_HEADER.size:
        part.unlink()
        return None
    if name.format is RecordingFormat.WAV:
        _seal(part)
    path = part.with_name(f"{name.stem}.cut.{name.format}")
    if not seconds_of(part, name.format):
        path = part.with_name(f"{name.stem}.{name.format}.broken")
    part.rename(path)
    sync_folder(path.parent)
    return path


def seconds_of(path: Path, kind: RecordingFormat) -> float:
    """How long a recording is; 0 for one that does not play."""
    if kind is RecordingFormat.WAV:
        sound = max(0, path.stat().st_size - WAV_HEADER.size)
        return sound / (RATE * MOMENT_OCTETS)
    try:
        with path.open("rb") as file:
            return float(sf.info(file).duration)
    except sf.SoundFileError:
        return 0.0


def hash_slice(path: Path, total: "hashlib._Hash", offset: int) -> int:
    """Add the next slice of a file to its checksum; gives how many octets it had."""
    with path.open("rb") as file:
        file.seek(offset)
        slice_ = file.read(HASH_OCTETS)
    total.update(slice_)
    return len(slice_)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _seal(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        Wav().seal(file)
        os.fsync(file)
    finally:
        os.close(file)


def _stems(call_id: str) -> Iterator[str]:
    yield call_id
    for number in range(2, MAX_OF_CALL + 1):
        yield f"{call_id}.{number}"


def _keep_reserve(folder: Path) -> None:
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < RESERVE_OCTETS:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
