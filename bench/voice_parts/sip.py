"""As much of SIP as a load of calls on loopback needs: no retransmission, no password. Pure."""

from dataclasses import dataclass
from uuid import uuid4

HOST = "127.0.0.1"
_BRANCH = "z9hG4bK"  # RFC 3261 8.1.1.7


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response; headers in their order, names in lower case."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def of(self, name: str) -> str:
        """The first header of a name; raises KeyError."""
        return dict(reversed(self.headers))[name]

    @property
    def code(self) -> int | None:
        """The code of a response."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/") else None

    @property
    def method(self) -> str:
        return self.of("cseq").split()[1]

    @property
    def rtp_port(self) -> int:
        """Where the sender of the SDP wants RTP."""
        [media] = (line for line in self.body.splitlines() if line.startswith("m=audio"))
        return int(media.split()[1])


def parse(data: bytes) -> Message | None:
    """Read a datagram; None for a keep-alive."""
    head, _, body = data.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    if not first:
        return None
    pairs = (line.split(":", 1) for line in lines)
    return Message(first, tuple((name.strip().lower(), text.strip()) for name, text in pairs), body)


@dataclass(slots=True)
class Dialog:
    """One call that we made: what its requests have in common."""

    uri: str  # Request-URI of the INVITE, then the peer's contact
    to: str
    port: int  # ours, for SIP
    call_id: str
    sequence: int = 0

    @classmethod
    def to_call(cls, uri: str, to: str, port: int) -> "Dialog":
        """A new call; `to` is the To header's address."""
        return cls(uri, f"<{to}>", port, uuid4().hex)

    def request(self, method: str, body: str = "") -> bytes:
        """A request; an ACK belongs to the INVITE before it."""
        if method != "ACK":
            self.sequence += 1
        lines = [
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self.port};branch={_BRANCH}{uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:bench@{HOST}:{self.port}>;tag={self.call_id[:8]}",
            f"To: {self.to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.sequence} {method}",
            f"Contact: <sip:bench@{HOST}:{self.port}>",
        ]
        return _written(lines, body)

    def established(self, answer: Message) -> None:
        """The call was answered."""
        self.to = answer.of("to")
        self.uri = answer.of("contact").split("<")[-1].split(">")[0]


def response(request: Message, port: int, body: str = "") -> bytes:
    """200 OK."""
    kept = [(k, v) for k, v in request.headers if k in {"via", "from", "call-id", "cseq"}]
    to = request.of("to")
    lines = [
        "SIP/2.0 200 OK",
        *(f"{name}: {text}" for name, text in kept),
        f"To: {to}" if "tag=" in to else f"To: {to};tag={uuid4().hex[:8]}",
        f"Contact: <sip:bench@{HOST}:{port}>",
    ]
    return _written(lines, body)


def sdp(rtp_port: int) -> str:
    """An offer or an answer of A-law at a port."""
    lines = ("v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0")
    media = (f"m=audio {rtp_port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=ptime:20", "a=sendrecv")
    return "".join(f"{line}\r\n" for line in (*lines, *media))


def _written(lines: list[str], body: str) -> bytes:
    kind = ["Content-Type: application/sdp"] if body else []
    text = "\r\n".join([*lines, *kind, f"Content-Length: {len(body)}", "", body])
    return text.encode()
