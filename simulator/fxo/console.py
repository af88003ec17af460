"""The serial side of an FXO modem: commands, and in between the sound on the same port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.at import Kind, Reply, Request, info, parse
from simulator.console import Console
from simulator.fxo.stream import Mode

if TYPE_CHECKING:
    from simulator.fxo.device import Device
    from simulator.modem import Modem

_OWN = re.compile(r"([!-][A-Z0-9]{1,8})(=\?|\?|=([^;]*))?;?", re.IGNORECASE)
_BEFORE_OWN = re.compile(r"(?:^|;)(?=[!-])")


class FxoConsole(Console):
    """Any octet ends dialling; while sound flows the port carries that and codes alone."""

    def __init__(self, modem: Modem, device: Device) -> None:
        super().__init__(modem)
        self._device = device

    def feed(self, data: bytes) -> None:
        """Take octets from the tty."""
        if self._device.stream.mode is not Mode.COMMANDS:
            data = self._device.stream.feed(data)
        if self._device.dialler.dials and data.strip():
            self._device.dialler.give_up()
        elif data:
            super().feed(data)

    def _begin(self, line: str) -> None:
        """Look for AT in what the end of a stream may have left in front of it."""
        super()._begin(line[max(0, line.upper().find("AT")) :])

    def _parse(self, line: str) -> None:
        try:
            self._queue = _requests(line[2:])
        except ValueError:
            self._finish("ERROR")
            return
        self._execute()

    def _reply(self, request: Request) -> Reply:
        """Answer "=?" as these chips do: bare, and ERROR where there is nothing to say."""
        if request.kind is not Kind.TEST:
            return super()._reply(request)
        test = self._modem.dialect.commands.tests.get(request.name)
        return info(*test.split("\n")) if test else Reply(final="ERROR")


def _requests(body: str) -> list[Request]:
    """Cut a line into requests; commands that begin with "!" or "-" are the makers' own."""
    requests: list[Request] = []
    for piece in _BEFORE_OWN.split(body):
        found = _OWN.match(piece)
        if found:
            requests.append(_own(found))
        requests += parse(piece[found.end() :] if found else piece)
    return requests


def _own(found: re.Match[str]) -> Request:
    name, asked, text = found[1].upper(), found[2], found[3]
    if asked == "=?":
        return Request(name, Kind.TEST)
    if asked == "?":
        return Request(name, Kind.READ)
    return Request(name, Kind.SET, text or "") if asked else Request(name)
