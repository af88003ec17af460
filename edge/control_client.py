"""The other side of the control socket, for the command line: edge/control.py says what it takes.

Blocking on purpose: a command of a terminal starts sooner without an event loop.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO
from uuid import uuid4

from mqtt.catalog import EVENTS
from mqtt.fields import format_timestamp
from mqtt.messages import COMMANDS, Cdr, Event, Reply, Snapshot, TimedCommand
from mqtt.topics import Topic, parse
from mqtt.vocabulary import Result, Verb

ANSWER_TIMEOUT_S = 10  # a gateway answers in under a second
RAW_TIMEOUT_S = 200  # of an AT command: 180 s for +COPS=?, 27.007 7.3
LONG_TIMEOUT_S = 600  # of what goes through a whole file or table
COMMAND_LIFE_S = 10  # a command that waits longer is no longer wanted
_STOPPED = "The gateway stopped meanwhile: see `journalctl -u trunkline`."
MAX_LINE = 16 * 1024 * 1024  # octets; the longest answer is that of `cdrs`


class GatewayAway(Exception):  # noqa: N818 - reads as what happened
    """No gateway answers; the text is a sentence that says how to get one."""


class GatewaySilent(GatewayAway):
    """It did not say a word for as long as it may take."""


class RequestRefused(Exception):  # noqa: N818 - reads as what happened
    """The gateway cannot serve a request of this door alone; the text is its sentence."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the gateway published; a payload of None takes a retained one away."""

    topic: Topic
    payload: dict[str, Any] | None

    def event(self) -> Event | None:
        """Read it as an event; None when it is a retained fact."""
        kind = EVENTS.get(self.topic.kind)
        if kind is None or self.payload is None:
            return None
        return kind.model_validate(self.payload, strict=False)  # enums and times are text in JSON


@dataclass(frozen=True, slots=True)
class ControlClient:
    """Talks to the gateway that listens on `path`; every method may raise GatewayAway."""

    path: Path

    def command(self, verb: Verb, **arguments: object) -> Reply:
        """Send a command of the contract, without the arguments that are None."""
        payload = {"id": uuid4().hex} | {k: v for k, v in arguments.items() if v is not None}
        if issubclass(COMMANDS[verb], TimedCommand):
            expires_at = datetime.now(UTC) + timedelta(seconds=COMMAND_LIFE_S)
            payload["expires_at"] = format_timestamp(expires_at)
        return Reply.decode(self._ask(verb, payload, ANSWER_TIMEOUT_S))

    def snapshot(self) -> Snapshot:
        """Ask for all lines and live calls; raises RequestRefused."""
        reply = self.command(Verb.SYNC)
        if not isinstance(reply.data, Snapshot):
            raise RequestRefused(reply.message or "The gateway gave no snapshot; try again.")
        return reply.data

    def cdrs(self, limit: int) -> list[Cdr]:
        """Ask for the newest CDRs, the newest first; raises RequestRefused."""
        answer = self.own("cdrs", limit=limit)
        return [Cdr.model_validate(cdr, strict=False) for cdr in answer["cdrs"]]

    def at(self, line: str, command: str) -> tuple[list[str], str | None]:
        """Give the answer to a raw AT command and its final result; raises RequestRefused."""
        answer = self.own("at", RAW_TIMEOUT_S, line=line, command=command)
        return list(answer["lines"]), answer["final"]

    def own(
        self, verb: str, timeout_s: float = ANSWER_TIMEOUT_S, **payload: object
    ) -> dict[str, Any]:
        """Ask what is a verb of this door alone: edge/owner.py; raises RequestRefused."""
        given = {name: value for name, value in payload.items() if value is not None}
        answer: dict[str, Any] = json.loads(self._ask(verb, given, timeout_s))
        if "error" in answer:
            raise RequestRefused(answer["error"])
        if answer.get("result") == Result.REFUSED:  # it took the verb for one of the contract
            raise RequestRefused(
                "The gateway is older than this command: `sudo systemctl restart trunkline`."
            )
        return answer

    @contextmanager
    def watching(self, timeout_s: float | None = None) -> Iterator[Iterator[Published]]:
        """Give all that is published from now on; GatewayAway after a silence of `timeout_s`."""
        with self._connect(timeout_s) as connection, connection.makefile("rb") as answers:
            _send(connection, b'{"verb": "watch"}\n')
            yield _published(answers)

    @contextmanager
    def watching_for(self, seconds: float) -> Iterator[Iterator[Published]]:
        """Give all that is published in the next seconds, then end."""
        with self._connect(seconds) as connection, connection.makefile("rb") as answers:
            _send(connection, b'{"verb": "watch"}\n')
            yield _until(monotonic() + seconds, connection, _published(answers))

    def is_there(self) -> bool:
        """Tell whether a gateway listens."""
        try:
            self._connect(ANSWER_TIMEOUT_S).close()
        except GatewayAway:
            return False
        return True

    def _ask(self, verb: str, payload: dict[str, object], timeout_s: float) -> bytes:
        request = json.dumps({"verb": verb, "payload": payload}).encode() + b"\n"
        with self._connect(timeout_s) as connection, connection.makefile("rb") as answers:
            _send(connection, request)
            return _read_line(answers)

    def _connect(self, timeout_s: float | None) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(self.path))
        except PermissionError as error:
            connection.close()
            raise GatewayAway(
                f"You may not use {self.path}: join the group trunkline, or put sudo in front."
            ) from error
        except OSError as error:
            connection.close()
            raise GatewayAway(
                f"The gateway is not running (nobody listens on {self.path}): "
                "start it with `sudo systemctl start trunkline` or `trunkline run`."
            ) from error
        return connection


def _send(connection: socket.socket, request: bytes) -> None:
    try:
        connection.sendall(request)
    except OSError as error:
        raise GatewayAway(_STOPPED) from error


def _read_line(answers: BinaryIO) -> bytes:
    try:
        line = answers.readline(MAX_LINE)
    except TimeoutError as error:
        raise GatewaySilent(
            "The gateway does not answer: see `journalctl -u trunkline`, or restart it."
        ) from error
    except ConnectionError:
        line = b""
    if not line.endswith(b"\n"):
        raise GatewayAway(_STOPPED)
    return line


def _published(answers: BinaryIO) -> Iterator[Published]:
    while True:
        told = json.loads(_read_line(answers))
        topic = parse(told["topic"])
        if topic is not None:
            yield Published(topic, told["payload"])


def _until(
    end: float, connection: socket.socket, published: Iterator[Published]
) -> Iterator[Published]:
    """Pass on until `end` (monotonic)."""
    with suppress(GatewaySilent):
        while (left_s := end - monotonic()) > 0:
            connection.settimeout(left_s)
            yield next(published)
