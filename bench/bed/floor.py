"""The least that a gateway can do, as a child: `floor.py BROKER_PORT FOLDER`, ports on stdin.

Plain Python on the same parts (paho, SQLite with a commit for each fact, a pty, uvloop): no choice
of a line, no limits, no checks, no models, no answers told twice. What is slower than this is ours.
"""

import json
import os
import re
import sqlite3
import sys
import time
import tty
from pathlib import Path
from uuid import uuid4

import paho.mqtt.client as paho
import uvloop
from paho.mqtt.enums import CallbackAPIVersion

_CCINFO = re.compile(rb'\+QIND: "ccinfo",\d+,(\d),(\d|-1),0,\d,"([^"]*)"|(?:^|\n)\+CLIP: "([^"]*)"')
_STATES = {b"3": "alerting", b"4": "alerting", b"0": "answered", b"-1": "ended"}
_SET_UP = b'ATE0\rAT+QINDCFG="ccinfo",1,0\r'
_ROOT = "trunkline/v1/bench"


class Floor:
    """All of it."""

    def __init__(self, port: int, folder: Path, ports: dict[str, str]) -> None:
        self._loop = uvloop.new_event_loop()
        self._db = sqlite3.connect(folder / "floor.db")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, topic, payload)")
        self._ttys = {name: os.open(path, os.O_RDWR | os.O_NOCTTY) for name, path in ports.items()}
        self._calls: dict[str, int] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "floor")
        self._client.on_connect = self._connected
        self._client.on_message = self._dial
        self._client.on_socket_open = self._opened
        self._client.on_socket_register_write = self._wants_to_write
        self._client.connect("127.0.0.1", port)

    def run(self) -> None:
        for name, fd in self._ttys.items():
            tty.setraw(fd)
            os.set_blocking(fd, False)
            self._loop.add_reader(fd, self._hear, name, fd)
            os.write(fd, _SET_UP)
        self._loop.run_forever()

    def _opened(self, _client: object, _userdata: object, sock: object) -> None:
        self._loop.add_reader(sock, self._client.loop_read)

    def _wants_to_write(self, *_: object) -> None:
        self._loop.call_soon(self._client.loop_write)

    def _connected(self, *_: object) -> None:
        self._client.subscribe(f"{_ROOT}/cmd/dial", 1)
        for name in self._ttys:
            shown = {"line": name, "modem": name, "state": "ready"}
            self._client.publish(f"{_ROOT}/line/{name}", json.dumps(shown), 1, retain=True)

    def _dial(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        command = json.loads(message.payload)
        reply = {"id": command["id"], "result": "accepted"}
        self._tell((f"{_ROOT}/reply", reply), self._event(command["to"], "dialing"))
        os.write(self._ttys[command["line"]], f"ATD{command['to']};\r".encode())

    def _hear(self, name: str, fd: int) -> None:
        for match in _CCINFO.finditer(os.read(fd, 4096)):
            state = _STATES.get(match[2])
            if state is None:
                continue
            number = match[3].decode()
            told = [self._event(number, state)]
            if state == "ended":
                told.append((f"{_ROOT}/cdr", {**told[0][1], "line": name}))
            self._tell(*told)

    def _event(self, number: str, state: str) -> tuple[str, dict[str, object]]:
        event = {"event_id": str(uuid4()), "ts": time.time(), "number": number, "state": state}
        return f"{_ROOT}/call/{number[1:]}", event

    def _tell(self, *messages: tuple[str, dict[str, object]]) -> None:
        rows = [(topic, json.dumps(payload)) for topic, payload in messages]
        with self._db:
            self._db.executemany("INSERT INTO outbox VALUES (NULL, ?, ?)", rows)
        for topic, payload in rows:
            self._client.publish(topic, payload, 1)


if __name__ == "__main__":
    Floor(int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.stdin.read())).run()
