"""An S3-compatible store for tests: it checks each signature by a computation of its own."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Thread

KEY_ID, SECRET, REGION = "trunkline", "a secret that nobody sees", "eu-test-1"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request,\s*"
    r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})"
)


class Bucket(ThreadingHTTPServer):
    """What was put, by path; `refuse` makes it say no, `stall` makes it say nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.refuse: list[tuple[int, str]] = []
        self.lose = 0  # octets that it forgets of each object
        self.stall = Event()
        self.stalled = Event()
        self.puts = 0
        self.at_once = self.most_at_once = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that cut the connection is no trouble here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        pass

    def do_PUT(self) -> None:
        bucket = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bucket.puts += 1
        bucket.at_once += 1
        bucket.most_at_once = max(bucket.most_at_once, bucket.at_once)
        if bucket.stall.is_set():
            bucket.stalled.set()
            self.rfile.read(1)  # until the client has enough of it
            self.close_connection = True
            return None
        bucket.at_once -= 1
        if bucket.refuse:
            return self._no(*bucket.refuse.pop(0))
        if not self._is_signed(hashlib.sha256(body).hexdigest()):
            return self._no(403, "SignatureDoesNotMatch")
        if base64.b64decode(self.headers["Content-MD5"]) != hashlib.md5(body).digest():  # noqa: S324
            return self._no(400, "BadDigest")
        bucket.objects[self.path] = body[: len(body) - bucket.lose]
        return self._yes(0, hashlib.md5(body).hexdigest())  # noqa: S324

    def do_HEAD(self) -> None:
        if not self._is_signed(hashlib.sha256(b"").hexdigest()):
            return self._no(403, "SignatureDoesNotMatch")
        body = self.server.objects[self.path]
        return self._yes(len(body), hashlib.md5(body).hexdigest())  # noqa: S324

    def _yes(self, length: int, etag: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{etag}"')
        self.end_headers()

    def _no(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _is_signed(self, body_hash: str) -> bool:
        found = _AUTHORIZATION.fullmatch(self.headers["Authorization"])
        if not found or self.headers["x-amz-content-sha256"] != body_hash:
            return False
        key_id, day, region, names, signature = found.groups()
        moment = self.headers["x-amz-date"]
        request = f"{self.command}\n{self.path}\n\n"
        for name in names.split(";"):
            request += f"{name}:{self.headers[name].strip()}\n"
        request += f"\n{names}\n{body_hash}"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{day}/{region}/s3/aws4_request\n"
        text += hashlib.sha256(request.encode()).hexdigest()
        key = b"AWS4" + SECRET.encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        mine = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        right = {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names.split(";"))
        return right and (key_id, region, moment[:8], mine) == (KEY_ID, REGION, day, signature)


@contextmanager
def bucket(tls: SSLContext | None = None) -> Iterator[Bucket]:
    """A store on loopback for as long as the context lasts."""
    with Bucket() as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
