"""A phone that is a socket: it sends what the test writes, byte by byte."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from edge.sip.digest import Credentials, response

HOST = "127.0.0.1"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)
_CHALLENGE = re.compile(r'nonce="([^"]+)"')


def header(message: str, name: str) -> str:
    """The first header of a name; "" where there is none."""
    found = re.search(rf"^{name}: *(.*)\r$", message, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def headers(message: str, name: str) -> list[str]:
    return re.findall(rf"^{name}: *(.*)\r$", message, re.IGNORECASE | re.MULTILINE)


@dataclass
class RawPhone(asyncio.DatagramProtocol):
    """One socket, one user."""

    to: tuple[str, int]
    user: str = "201"
    realm: str = "trunkline"
    password: str = "secret"
    inbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    call_id: str = field(default_factory=lambda: secrets.token_hex(6))
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    sequence: int = 0
    nonce: str = ""
    count: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        self.inbox.put_nowait(data.decode())

    def error_received(self, exc: Exception) -> None:
        raise exc

    def send(self, message: str | bytes) -> None:
        self.transport.sendto(message if isinstance(message, bytes) else message.encode(), self.to)

    async def receive(self, start: str = "", patience_s: float = 5.0) -> str:
        """The next message that starts so; others before it are passed over."""
        async with asyncio.timeout(patience_s):
            while not (message := await self.inbox.get()).startswith(start):
                pass
        return message

    def request(
        self,
        method: str,
        *lines: str,
        user: str = "100",
        body: str = "",
        to_tag: str = "",
        branch: str = "",
        contact: str = "",
    ) -> str:
        """A request; each counts CSeq on, ACK and CANCEL do not."""
        self.sequence += method not in {"ACK", "CANCEL"}
        kind = ["Content-Type: application/sdp"] if body else []
        tag = f";tag={to_tag}" if to_tag else ""
        own = self.user if method == "REGISTER" else user
        return "\r\n".join(
            [
                f"{method} sip:{user}@{self.to[0]}:{self.to[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP {HOST}:{self.port};rport;branch="
                + (branch or f"z9hG4bK{secrets.token_hex(8)}"),
                f"From: <sip:{self.user}@{HOST}>;tag={self.tag}",
                f"To: <sip:{own}@{HOST}>{tag}",
                f"Call-ID: {self.call_id}",
                f"CSeq: {self.sequence} {method}",
                "Contact: " + (contact or f"<sip:{self.user}@{HOST}:{self.port}>"),
                *lines,
                *kind,
                f"Content-Length: {len(body)}",
                "",
                body,
            ]
        )

    def authorization(self, method: str, *, password: str = "", count: int | None = None) -> str:
        """The header that answers the last challenge."""
        self.count = self.count + 1 if count is None else count
        made = Credentials(
            self.user, self.realm, self.nonce, "sip:x", "", "abc", f"{self.count:08x}"
        )
        right = response(made, method, password or self.password)
        return (
            f'Authorization: Digest username="{self.user}", realm="{self.realm}", '
            f'nonce="{self.nonce}", uri="sip:x", response="{right}", algorithm=MD5, '
            f'cnonce="abc", qop=auth, nc={self.count:08x}'
        )

    async def challenged(self, message: str) -> str:
        """Send a request that is challenged; the challenge."""
        self.send(message)
        challenge = await self.receive("SIP/2.0 401")
        found = _CHALLENGE.search(challenge)
        assert found, challenge
        self.nonce, self.count = found[1], 0
        return challenge

    async def register(self, *lines: str, contact: str = "") -> str:
        """Register by challenge and answer; the final response."""
        await self.challenged(self.request("REGISTER", *lines, contact=contact))
        return await self.register_again(*lines, contact=contact)

    async def register_again(self, *lines: str, contact: str = "", password: str = "") -> str:
        proof = self.authorization("REGISTER", password=password)
        self.send(self.request("REGISTER", *lines, proof, contact=contact))
        return await self.receive("SIP/2.0")

    def answer(self, request: str, code: int, *lines: str, body: str = "") -> None:
        """Answer a request of the server."""
        kept = [
            f"{name}: {value}"
            for name in ("Via", "Record-Route", "From", "Call-ID", "CSeq")
            for value in headers(request, name)
        ]
        to = header(request, "To")
        kind = ["Content-Type: application/sdp"] if body else []
        self.send(
            "\r\n".join(
                [
                    f"SIP/2.0 {code} Whatever",
                    *kept,
                    f"To: {to}" + ("" if "tag=" in to else f";tag={self.tag}"),
                    f"Contact: <sip:{self.user}@{HOST}:{self.port}>",
                    *lines,
                    *kind,
                    f"Content-Length: {len(body)}",
                    "",
                    body,
                ]
            )
        )


async def listening(to: tuple[str, int], **more: str) -> RawPhone:
    _, phone = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RawPhone(to, **more),  # type: ignore[arg-type]
        local_addr=(HOST, 0),
    )
    return phone


@asynccontextmanager
async def rawphone(port: int, **more: str) -> AsyncIterator[RawPhone]:
    phone = await listening((HOST, port), **more)
    try:
        yield phone
    finally:
        phone.transport.close()
        await asyncio.sleep(0)  # it is closed in the next turn of the loop
