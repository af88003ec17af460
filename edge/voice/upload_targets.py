"""Where finished recordings are copied: a folder, or an S3-compatible store.

All here blocks: it runs in the threads of the spool. What is put is verified when put() returns.
"""

import base64
import hashlib
import os
import re
import socket
import ssl
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Event
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from config.voice import Recording
from edge import clock
from edge.voice.recording_file import sync_folder
from edge.voice.sigv4 import NOTHING, Key, encoded, signed

TIMEOUT_S = 20  # without a sign of life from the store
BLOCK_OCTETS = 1 << 18
ANSWER_MAX = 4096  # octets read of what a store says of an error

_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")


class UploadError(Exception):
    """It was not taken; the text says why. Try again later."""


class Target(Protocol):
    """A place for recordings."""

    def put(self, name: str, file: BinaryIO) -> None:
        """Copy a file and make sure that it arrived; raises UploadError."""

    def abort(self) -> None:
        """End what is under way in other threads, for good."""


def target_of(recording: Recording) -> Target | None:
    """The target that is configured, if any; reads the secret; raises UploadError, ValueError."""
    upload = recording.upload
    if not upload:
        return None
    if not upload.startswith("s3://"):
        return FolderTarget(Path(upload))
    if not (recording.s3_endpoint and recording.s3_key_id and recording.s3_secret_file):
        raise UploadError("upload to s3:// needs s3_endpoint, s3_key_id and s3_secret_file")
    secret = _first_line(recording.s3_secret_file)
    key = Key(recording.s3_key_id, secret, recording.s3_region)
    return S3Target(recording.s3_endpoint, upload.removeprefix("s3://"), key)


class FolderTarget:
    """A folder, maybe of another machine; it is never made, for it may not be mounted yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aborted = Event()

    def put(self, name: str, file: BinaryIO) -> None:
        """Copy under a temporary name, then move."""
        part = self._folder / f".{name}.part"
        try:
            with part.open("wb") as copy:
                octets = self._copy(file, copy)
            if part.stat().st_size != octets:
                raise UploadError(f"{self._folder} did not take all of it")
            part.replace(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            raise UploadError(f"{self._folder}: {error.strerror}") from error

    def abort(self) -> None:
        """Stop between two blocks."""
        self._aborted.set()

    def _copy(self, file: BinaryIO, copy: BinaryIO) -> int:
        octets = 0
        while block := file.read(BLOCK_OCTETS):
            if self._aborted.is_set():
                raise UploadError("the gateway stops")
            octets += copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
        return octets


class S3Target:
    """A bucket, addressed by its path, as every compatible store understands it."""

    def __init__(self, endpoint: str, place: str, key: Key) -> None:
        address = urlsplit(endpoint)
        self._server = (address.hostname or "", address.port)
        self._host = address.netloc.rpartition("@")[2]
        self._base = f"{address.path.rstrip('/')}/{place.strip('/')}"
        self._key = key
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._open: set[HTTPConnection] = set()
        self._aborted = False

    def put(self, name: str, file: BinaryIO) -> None:
        """Upload, then ask the store what it has."""
        path = f"{self._base}/{name}"
        try:
            with closing(self._connection()) as connection:
                self._open.add(connection)
                try:
                    self._put(connection, path, file)
                finally:
                    self._open.discard(connection)
        except (OSError, HTTPException, ValueError) as error:
            raise UploadError(f"{self._host}: {str(error) or type(error).__name__}") from error

    def abort(self) -> None:
        """Cut the connections; who waits for one gets an error at once."""
        self._aborted = True
        for connection in list(self._open):
            if connection.sock:
                with suppress(OSError):
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def _connection(self) -> HTTPConnection:
        if self._aborted:
            raise UploadError("the gateway stops")
        if self._tls:
            return HTTPSConnection(*self._server, timeout=TIMEOUT_S, context=self._tls)
        return HTTPConnection(*self._server, timeout=TIMEOUT_S)

    def _put(self, connection: HTTPConnection, path: str, file: BinaryIO) -> None:
        octets, sha256, md5 = _checksums(file)
        headers = {"host": self._host, "content-length": str(octets), "content-md5": md5}
        stored = self._ask(connection, "PUT", path, headers, sha256, file)
        found = self._ask(connection, "HEAD", path, {"host": self._host}, NOTHING)
        if found.headers["content-length"] != str(octets):
            raise UploadError(f"{self._host} does not have all of it")
        if found.headers["etag"] != stored.headers["etag"]:
            raise UploadError(f"{self._host} has another file of that name")

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        sha256: str,
        body: BinaryIO | None = None,
    ) -> HTTPResponse:
        whole = signed(method, path, headers, sha256, self._key, clock.now())
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have refused in mid-upload
            connection.request(method, encoded(path), body, whole)
        response = connection.getresponse()
        answer = response.read(ANSWER_MAX)
        if response.status != 200:  # noqa: PLR2004 - HTTP's OK
            code = _CODE.search(answer)
            why = code[1].decode() if code else response.reason
            raise UploadError(f"{self._host} answers {response.status} {why}")
        return response


def _checksums(file: BinaryIO) -> tuple[int, str, str]:
    """Octets, SHA-256 and MD5 of a file, as a store wants them; the file is at its start again."""
    sha256, md5, octets = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    while block := file.read(BLOCK_OCTETS):
        sha256.update(block)
        md5.update(block)
        octets += len(block)
    file.seek(0)
    return octets, sha256.hexdigest(), base64.b64encode(md5.digest()).decode()


def _first_line(path: Path) -> str:
    try:
        return (path.read_text().splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UploadError(f"the secret key in {path} cannot be read: {error}") from error
