"""Phones without number, as a child: `phones.py SIP_PORT`, orders on stdin.

One SIP socket for all; each call has its RTP socket and its clock. Sound is encoded before a call
and decoded after it, so that most of what this process costs is its datagrams. A call that comes in
is answered at once and says what a line would say.
"""

import asyncio
import socket
import struct
import sys
from typing import Any

import uvloop
from aiortp.codecs.g711 import PcmaCodec

from bench.bed.orders import obey
from bench.voice_parts.sip import HOST, Dialog, Message, parse, response, sdp
from bench.voice_parts.tone import LINE_HZ, PHONE_HZ, Notes, steady, tone
from simulator.clock import Clock
from simulator.sound.frames import FRAME_S, FRAME_SAMPLES
from simulator.sound.metronome import Beat, Metronome

PACE_S = 0.093  # between two INVITEs: ten a second, and clocks of different phases
PATIENCE_S = 20.0
PPM = (-200, 0, 200, 100)  # of the phones' clocks, by turns
_HEAD = struct.Struct("!BBHII")
_MAX = 2048  # octets of a datagram
_G711 = PcmaCodec()
_SPOKEN = {hz: [_G711.encode(frame) for frame in tone(hz)] for hz in (LINE_HZ, PHONE_HZ)}


class Phone:
    """The sound of one call at a phone."""

    def __init__(self, hz: int, source: int) -> None:
        self.notes = Notes()
        self._spoken = _SPOKEN[hz]
        self._source = source
        self._sent = 0
        self._to: tuple[str, int] | None = None
        self._beat: Beat | None = None
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((HOST, 0))
        self._sock.settimeout(0)
        self.port: int = self._sock.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._sock, self._readable)

    def talk(self, port: int, metronome: Metronome, ppm: float) -> None:
        """Send to a port of this machine from now on."""
        self._to = (HOST, port)
        if self._beat is None:
            self._beat = metronome.every(FRAME_S / (1 + ppm / 1e6), self._say)

    def close(self) -> None:
        if self._beat:
            self._beat.stop()
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()

    def found(self, hz: int) -> dict[str, Any]:
        """What was heard, decoded now."""
        heard = [(ns, _G711.decode(payload)) for ns, payload in self.notes.heard]
        return Notes(self.notes.said, heard).found(hz)

    def _say(self) -> None:
        if self._to is None:
            return
        sent = self._sent
        self._sent += 1
        turn = sent % len(self._spoken)
        head = _HEAD.pack(0x80, 8, sent % 65536, sent * FRAME_SAMPLES, self._source)
        if turn == 0:
            self.notes.say()
        self._sock.sendto(head + self._spoken[turn], self._to)

    def _readable(self) -> None:
        try:
            data = self._sock.recv(_MAX)
        except OSError:  # nobody listens there yet: an ICMP error of what was sent
            return
        if data[1] & 0x7F == 8:
            self.notes.hear(data[_HEAD.size :])


class Phones:
    """All of them, by the number that is called."""

    def __init__(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._metronome = Metronome(Clock(self._loop, 1.0))
        self._port = port
        self._phones: dict[str, Phone] = {}  # that call
        self._called: dict[str, Phone] = {}
        self._dialogs: dict[str, tuple[str, Dialog]] = {}
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((HOST, port))
        self._sock.settimeout(0)
        self._loop.add_reader(self._sock, self._readable)

    async def do(self, order: dict[str, Any]) -> object:
        """Do one order and give its answer."""
        match order["do"]:
            case "call":
                return await self._call(order["uris"], order["tos"], order["server"])
            case "rtp":
                return self._new(order["number"], PHONE_HZ).port
            case "talk":
                self._talk(self._phones[order["number"]], order["port"])
            case "begin":
                for phone in self._all:
                    phone.notes.begin()
            case "end":
                for phone in self._all:
                    phone.notes.over = True
            case "found":
                return {
                    "phones": {n: phone.found(LINE_HZ) for n, phone in self._phones.items()},
                    "called": {n: phone.found(PHONE_HZ) for n, phone in self._called.items()},
                }
            case "hang_up":
                await self._hang_up(order["server"])
            case "forget":
                self._phones, self._called = {}, {}
            case unknown:
                raise ValueError(f"no such order: {unknown}")
        return {}

    @property
    def _all(self) -> list[Phone]:
        return [*self._phones.values(), *self._called.values()]

    def _new(self, number: str, hz: int) -> Phone:
        phone = Phone(hz, 1 + len(self._phones) + len(self._called))
        (self._phones if hz == PHONE_HZ else self._called)[number] = phone
        return phone

    def _talk(self, phone: Phone, port: int) -> None:
        place = len(self._phones) + len(self._called)
        phone.talk(port, self._metronome, PPM[place % len(PPM)])

    async def _call(self, uris: dict[str, str], tos: dict[str, str], server: int) -> dict[str, str]:
        """Call by number: Request-URI and To; gives who was not answered, and why."""
        tasks: dict[str, asyncio.Task[str]] = {}
        for number, uri in uris.items():
            tasks[number] = asyncio.create_task(self._invite(number, uri, tos[number], server))
            await asyncio.sleep(PACE_S)
        said = {number: await task for number, task in tasks.items()}
        return {number: why for number, why in said.items() if why}

    async def _invite(self, number: str, uri: str, to: str, server: int) -> str:
        phone = self._new(number, PHONE_HZ)
        dialog = Dialog.to_call(uri, to, self._port)
        self._dialogs[dialog.call_id] = (number, dialog)
        try:
            answer = await self._ask(dialog, "INVITE", server, sdp(phone.port))
        except TimeoutError:
            return "no answer"
        if answer.code == 200:
            dialog.established(answer)
            self._talk(phone, answer.rtp_port)
        self._send(dialog.request("ACK"), server)
        return "" if answer.code == 200 else answer.first

    async def _hang_up(self, server: int) -> None:
        calls = [dialog for _, dialog in self._dialogs.values()]
        self._dialogs = {}
        await asyncio.gather(*(self._ask(dialog, "BYE", server) for dialog in calls))
        for phone in self._all:
            phone.close()

    async def _ask(self, dialog: Dialog, method: str, server: int, body: str = "") -> Message:
        """Send a request and wait for its final answer."""
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._answers[dialog.call_id] = answer
        self._send(dialog.request(method, body), server)
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    def _send(self, data: bytes, port: int) -> None:
        self._sock.sendto(data, (HOST, port))

    def _readable(self) -> None:
        data, address = self._sock.recvfrom(65536)
        message = parse(data)
        if message is None or message.first.startswith("ACK "):
            return
        if message.code is None:
            self._obey(message, address[1])
        elif message.code >= 200:
            answer = self._answers.get(message.of("call-id"))
            if answer and not answer.done():
                answer.set_result(message)

    def _obey(self, request: Message, port: int) -> None:
        body = ""
        if request.method == "INVITE":
            number = request.of("to").split("sip:")[1].split("@")[0]
            phone = self._called.get(number) or self._new(number, LINE_HZ)
            self._talk(phone, request.rtp_port)
            body = sdp(phone.port)
        self._send(response(request, self._port, body), port)


async def main() -> None:
    steady()
    phones = Phones(int(sys.argv[1]))
    await obey(phones.do)


if __name__ == "__main__":
    uvloop.run(main())
