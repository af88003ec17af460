"""The door for this machine: the same verbs as on MQTT, as JSON lines on a Unix socket.

One request a line: {"verb": "dial", "payload": {...}}; the answer is one line, the Reply of the
contract. Verbs of this door alone: `watch` (every event and retained payload from now on, a line
each, until the client hangs up), `cdrs` (the newest CDRs), `at` (a raw line to a modem, where the
owner allows it), and those of edge/owner.py.
"""

import asyncio
import contextlib
import errno
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.session import SessionLost
from edge.commands import Commands
from edge.fleet import Fleet
from edge.store import Store
from edge.tasks import Tasks

log = logging.getLogger(__name__)

MAX_LINE = 8 * 1024 * 1024  # octets; the longest request is that of `vouchers_import`
MAX_WATCHED = 1000  # lines that a slow watcher may be behind; then it is cut off
MAX_CDRS = 1000


OwnVerb = Callable[[dict[str, Any]], Awaitable[object]]  # payload to what is answered as JSON


class Refused(Exception):  # noqa: N818 - an answer, not a mistake
    """The request cannot be served; the text is a sentence for the person who asked."""


class ControlDoor:
    """Serves the socket from start() to stop(); `own` are more verbs of this door alone."""

    def __init__(
        self,
        path: Path,
        commands: Commands,
        fleet: Fleet,
        store: Store,
        own: Mapping[str, OwnVerb],
        *,
        at_enabled: bool,
    ) -> None:
        self._path = path
        self._commands = commands
        self._fleet = fleet
        self._store = store
        self._at_enabled = at_enabled
        self._watchers: set[asyncio.Queue[bytes]] = set()
        self._clients = Tasks("control")
        self._own: Mapping[str, OwnVerb] = {**own, "cdrs": self._cdrs, "at": self._at}

    async def check_free(self) -> None:
        """Raise OSError when another gateway serves this socket: two would share one store."""
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            return  # nobody answers: a socket that is left over is replaced
        await _hang_up(writer)
        raise OSError(errno.EADDRINUSE, f"a gateway runs already on {self._path}")

    async def start(self) -> None:
        """Listen; the owner and the group of the directory may connect."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            lambda reader, writer: self._clients.spawn(self._serve(reader, writer)),
            self._path,
            limit=MAX_LINE,
        )
        self._path.chmod(0o660)

    async def stop(self) -> None:
        """Hang up on everybody."""
        self._server.close()
        await self._clients.end()
        self._path.unlink(missing_ok=True)

    def show(self, topic: str, payload: bytes) -> None:
        """Pass on what is published to those who watch."""
        if self._watchers:
            body = json.loads(payload) if payload else None
            line = json.dumps({"topic": topic, "payload": body}).encode() + b"\n"
            for queue in tuple(self._watchers):
                if queue.full():
                    self._watchers.discard(queue)
                else:
                    queue.put_nowait(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                request = _read(line)
                if request.get("verb") == "watch":
                    await self._watch(writer)
                    break
                writer.write(await self._answer(request) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as error:  # ValueError: a line over MAX_LINE
            log.debug("control socket: %s", error)
        finally:
            await _hang_up(writer)

    async def _answer(self, request: dict[str, Any]) -> bytes:
        verb, payload = request.get("verb"), request.get("payload", {})
        if not isinstance(verb, str) or not isinstance(payload, dict):
            return _error('A request reads {"verb": ..., "payload": {...}}.')
        if own := self._own.get(verb):
            try:
                return json.dumps(await own(payload)).encode()
            except (Refused, SessionLost) as error:
                return _error(str(error))
        return (await self._commands.from_socket(verb, json.dumps(payload).encode())).encode()

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue(MAX_WATCHED)
        self._watchers.add(queue)
        try:
            while queue in self._watchers:
                writer.write(await queue.get())
                await writer.drain()
        finally:
            self._watchers.discard(queue)

    async def _cdrs(self, payload: dict[str, Any]) -> object:
        limit = payload.get("limit", 20)
        if not isinstance(limit, int) or not 0 < limit <= MAX_CDRS:
            raise Refused(f"limit is a number from 1 to {MAX_CDRS}.")
        rows = await self._store.read("SELECT body FROM cdr ORDER BY ended_at DESC LIMIT ?", limit)
        return {"cdrs": [json.loads(body) for (body,) in rows]}

    async def _at(self, payload: dict[str, Any]) -> object:
        if not self._at_enabled:
            raise Refused("The AT console is off; set console.at_enabled = true and restart.")
        line = self._fleet.lines.get(str(payload.get("line")))
        text = payload.get("command")
        if line is None or line.modem is None:
            raise Refused("There is no such line with a modem; see `trunkline lines`.")
        if not isinstance(text, str) or not text.isprintable() or not text.upper().startswith("AT"):
            raise Refused("A command begins with AT and is one printable line.")
        answer = await line.modem.raw(text)
        return {"lines": answer.lines, "final": answer.final.text if answer.final else None}


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection; that the other side was quicker is no news."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def _read(line: bytes) -> dict[str, Any]:
    """Read a request; one that is no object is answered as an empty one."""
    try:
        request = json.loads(line)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _error(message: str) -> bytes:
    return json.dumps({"error": message}).encode()
