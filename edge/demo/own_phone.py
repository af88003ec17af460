"""Our own SIP side as the phone, where no other is installed: it logs in as a PBX would."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address

from pydantic import SecretStr

from config.sip import Pbx, PbxMode, Sip
from config.tones import ProgressTone
from drivers.audio.port import Trouble
from edge.demo.broker import free_port
from edge.demo.phone import HOST, Account, PhoneKind
from edge.sip.phone import Answered, PhoneEvent, PhoneLeg
from edge.sip.server import SipServer
from edge.voice.clock import MediaClock
from edge.voice.tones import ToneSource

GATEWAY = "gateway"  # its name here


class OwnPhone:
    """A phone in this process."""

    kind = PhoneKind.OWN

    def __init__(self, account: Account, hertz: int) -> None:
        self._account = account
        self._tone = ToneSource(ProgressTone(freqs_hz=(hertz,)))
        self._clock = MediaClock()
        self._legs: list[PhoneLeg] = []
        self._heard: list[bytes] = []

    @asynccontextmanager
    async def calling(self, number: str) -> AsyncIterator[None]:
        """Call a number when the block begins, hang up when it ends."""
        server = self._server()
        await server.start()
        try:
            own = self._account.name
            self._legs = server.call(
                f"pbx {GATEWAY}", caller=own, to=number, on_event=self._on_event
            )
            for leg in self._legs:
                leg.sound.start(self._heard.append, _ignore)
            yield
        finally:
            self._clock.remove(self._speak)
            await server.stop()

    def heard(self) -> list[bytes]:
        """What it heard in its call, in frames, once that is over."""
        return self._heard

    def _server(self) -> SipServer:
        account = self._account
        gateway = Pbx(
            name=GATEWAY,
            mode=PbxMode.REGISTER,
            host=HOST,
            port=account.port,
            username=account.name,
            password=SecretStr(account.password),
        )
        sip = Sip(address=IPv4Address(HOST), port=free_port(socket.SOCK_DGRAM))
        return SipServer(sip, (), (gateway,), _reject, lambda: None)

    def _on_event(self, _: PhoneLeg, event: PhoneEvent) -> None:
        if isinstance(event, Answered):
            self._clock.add(self._speak)

    def _speak(self, _: float) -> None:
        for leg in self._legs:
            leg.sound.write(self._tone.frame())


def _reject(leg: PhoneLeg) -> None:
    """Nobody calls this phone."""
    leg.reject(486)


def _ignore(_: Trouble) -> None:
    """What is wrong with the sound is heard."""
