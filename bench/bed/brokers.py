"""Real brokers as children, on a free loopback port, for tests and benchmarks."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

START_TRIES = 250  # of TRY_S each
TRY_S = 0.02
STOP_S = 5
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A child process that is a broker; it may be stopped and started again on its port."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._child: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Prepare the folder and give the command that runs the broker in the foreground."""
        raise TypeError("use Mosquitto or Iotcore")

    def start(self) -> Self:
        """Start the broker; returns when it accepts connections."""
        with (self.folder / "broker.log").open("ab") as log:
            child = subprocess.Popen(
                self.command(), stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        self._child = child
        for _ in range(START_TRIES):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except ConnectionRefusedError:
                self._wait_a_little(child)
            else:
                return self
        self.stop()
        raise TimeoutError(f"no broker on port {self.port}: {self.log()}")

    def stop(self, *, kill: bool = False) -> None:
        """End the broker (kill: without a chance to save) and wait until it is gone."""
        if self._child is None:
            return
        if kill:
            self._child.kill()
        else:
            self._child.terminate()
        self._child.communicate(timeout=STOP_S)
        self._child = None

    def log(self) -> str:
        """Give what the broker printed so far."""
        return (self.folder / "broker.log").read_text()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_a_little(self, child: subprocess.Popen[bytes]) -> None:
        try:
            child.wait(TRY_S)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError(f"the broker ended at once: {self.log()}")


class Mosquitto(Broker):
    """mosquitto with a generated config: anonymous unless `lines` say otherwise, its store kept."""

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._lines = lines

    def command(self) -> list[str]:
        """Write mosquitto.conf; as root it would change its user and lose the folder."""
        config = self.folder / "mosquitto.conf"
        general = (
            "user root",
            "persistence true",
            f"persistence_location {self.folder}/",
            "set_tcp_nodelay true",
            "max_queued_messages 100000",
            f"listener {self.port} 127.0.0.1",
        )
        anonymous = not any(line.startswith("allow_anonymous") for line in self._lines)
        own = ("allow_anonymous true", *self._lines) if anonymous else self._lines
        config.write_text("\n".join((*general, *own)) + "\n")
        return [MOSQUITTO or "mosquitto", "-c", str(config)]


class Iotcore(Broker):
    """The broker out of the wheel `iotcore`: no ACL, nothing kept over a restart."""

    def command(self) -> list[str]:
        """Give the command; the wheel needs no config."""
        place = ["--listen", "127.0.0.1", "--port", str(self.port), "--log-level", "CRITICAL"]
        return [sys.executable, "-m", "iotcore", *place]
