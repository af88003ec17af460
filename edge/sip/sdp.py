"""What two sides agree on about sound: SDP (RFC 4566) read, offered and answered (RFC 3264).

Only one audio stream over RTP/AVP and IPv4 is carried: G.711 and telephone-event, 20 ms a packet.
Whatever a peer sends is hostile: it is bounded, and what cannot be read raises SdpError alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address

from config.sip import Codec

MAX_OCTETS = 8192  # ours are 300, those of phones with video and ICE 4000
MAX_LINES = 200
MAX_STREAMS = 8
EVENTS = 101  # our payload type of telephone-event
_STATIC = {Codec.PCMU: 0, Codec.PCMA: 8}  # RFC 3551 6
_RTP = frozenset({"RTP/AVP", "RTP/AVPF"})
_LINE = re.compile(r"(?P<kind>[a-z])=(?P<value>[^\x00\r\n]*)")
_RTPMAP = re.compile(
    r"rtpmap:(?P<type>\d{1,3}) +(?P<name>[A-Za-z0-9-]{1,32})/(?P<rate>\d{1,6})", re.ASCII
)
_STREAM = re.compile(
    r"(?P<kind>[a-z]{1,16}) +(?P<port>\d{1,5})(/\d{1,3})? +(?P<proto>[\w/]{1,32})"
    r"(?P<formats>( +[\w-]+)+) *",
    re.ASCII,
)
_DYNAMIC_FROM, _TYPES = 96, 128  # payload types, RFC 3551 6
_MAX_PORT = 65535


class SdpError(ValueError):
    """Nothing that a call can be made of; the text says what is wrong."""


class Direction(StrEnum):
    """Who sends, as the side sees it that says it."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the side that says it sends."""
        return self in {Direction.BOTH, Direction.SEND}

    @property
    def receives(self) -> bool:
        """Whether the side that says it listens."""
        return self in {Direction.BOTH, Direction.RECEIVE}

    def answered(self, *, hold: bool) -> "Direction":
        """What the other side may say to it, and does, unless it holds the call itself."""
        sends, receives = self.receives, self.sends and not hold
        return next(d for d in Direction if (d.sends, d.receives) == (sends, receives))


_DIRECTIONS = {direction.value: direction for direction in Direction}
_CODECS = {codec.value: codec for codec in Codec}


@dataclass(frozen=True, slots=True)
class Stream:
    """One m= line, kept to be refused in the answer."""

    kind: str
    proto: str
    formats: tuple[str, ...]
    port: int


@dataclass(frozen=True, slots=True)
class Description:
    """What a peer said about its sound."""

    address: str
    port: int
    codecs: Mapping[int, Codec]  # by payload type, in the peer's order
    events: int | None  # payload type of telephone-event
    direction: Direction
    streams: tuple[Stream, ...]
    audio: int  # index of the stream that is meant

    @property
    def held(self) -> bool:
        """Whether the peer does not listen."""
        return not self.direction.receives


@dataclass(frozen=True, slots=True)
class Local:
    """What we say about our sound."""

    address: str
    port: int
    codecs: Sequence[Codec]
    session: int  # o= of the call
    version: int  # counts each description that differs
    direction: Direction = Direction.BOTH


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides do from now on."""

    address: str
    port: int
    codec: Codec  # in which we send
    payload_type: int
    accepts: Mapping[int, Codec]  # in which the peer may send
    events: int | None  # payload type of telephone-event
    sends: bool  # whether we may send
    receives: bool  # whether the peer may


def agree(theirs: Description, codecs: Sequence[Codec], ours: Direction) -> Agreed | None:
    """Choose the first of `codecs` that the peer has; None when there is none."""
    by_codec = {codec: number for number, codec in reversed(tuple(theirs.codecs.items()))}
    best = next((codec for codec in codecs if codec in by_codec), None)
    if best is None:
        return None
    accepts = dict(theirs.codecs) | {_STATIC[codec]: codec for codec in codecs}
    return Agreed(
        address=theirs.address,
        port=theirs.port,
        codec=best,
        payload_type=by_codec[best],
        accepts=accepts,
        events=theirs.events,
        sends=ours.sends and theirs.direction.receives,
        receives=ours.receives and theirs.direction.sends,
    )


def offer(local: Local) -> str:
    """Describe our sound to a peer that has said nothing yet."""
    types = {_STATIC[codec]: codec for codec in local.codecs}
    return _text(local, [_audio(local, types, EVENTS)])


def answer(local: Local, theirs: Description, agreed: Agreed) -> str:
    """Answer an offer: its audio with one codec, each other stream refused by port 0."""
    audio = _audio(local, {agreed.payload_type: agreed.codec}, theirs.events)
    refused = (f"m={s.kind} 0 {s.proto} {s.formats[0]}\r\n" for s in theirs.streams)
    return _text(local, [audio if i == theirs.audio else no for i, no in enumerate(refused)])


def _audio(local: Local, types: Mapping[int, Codec], events: int | None) -> str:
    numbers = [*map(str, types), *([] if events is None else [str(events)])]
    lines = [f"m=audio {local.port} RTP/AVP {' '.join(numbers)}"]
    lines += [f"a=rtpmap:{number} {codec.upper()}/8000" for number, codec in types.items()]
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    lines += ["a=ptime:20", f"a={local.direction}"]
    return "".join(f"{line}\r\n" for line in lines)


def _text(local: Local, streams: Sequence[str]) -> str:
    return (
        f"v=0\r\no=- {local.session} {local.version} IN IP4 {local.address}\r\ns=-\r\n"
        f"c=IN IP4 {local.address}\r\nt=0 0\r\n" + "".join(streams)
    )


# --- reading


@dataclass(slots=True)
class _Section:
    stream: Stream | None = None  # None: what is said of the whole session
    address: str | None = None
    direction: Direction | None = None
    names: dict[int, tuple[str, int]] = field(default_factory=dict)  # rtpmap


def parse(text: str) -> Description:
    """Read a description; raises SdpError."""
    session, *sections = _sections(text)
    streams = tuple(section.stream for section in sections if section.stream)
    for index, section in enumerate(sections):
        stream = section.stream
        if stream and stream.kind == "audio" and stream.port and stream.proto in _RTP:
            return _describe(session, section, stream, streams, index)
    raise SdpError("no audio over RTP/AVP is offered")


def _sections(text: str) -> list[_Section]:
    lines = text.splitlines() if len(text) <= MAX_OCTETS else []
    if not 1 <= len(lines) <= MAX_LINES:
        raise SdpError("empty, or too long")
    if lines[0].strip() != "v=0":
        raise SdpError("does not begin with v=0")
    sections = [_Section()]
    for line in lines:
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise SdpError("a line is not of the form x=...")
        if found["kind"] == "m":
            sections.append(_Section(_stream(found["value"])))
        else:
            _take(sections[-1], found["kind"], found["value"])
    if len(sections) > MAX_STREAMS + 1:
        raise SdpError("too many streams")
    return sections


def _stream(value: str) -> Stream:
    found = _STREAM.fullmatch(value)
    if found is None or int(found["port"]) > _MAX_PORT:
        raise SdpError("an m= line cannot be read")
    return Stream(
        found["kind"], found["proto"], tuple(found["formats"].split()), int(found["port"])
    )


def _take(section: _Section, kind: str, value: str) -> None:
    if kind == "c":
        section.address = _address(value)
    elif kind == "a":
        if direction := _DIRECTIONS.get(value.strip()):
            section.direction = direction
        elif found := _RTPMAP.match(value):
            section.names[int(found["type"])] = (found["name"].lower(), int(found["rate"]))


def _address(value: str) -> str:
    words = value.split()
    if len(words) != 3 or words[:2] != ["IN", "IP4"]:  # noqa: PLR2004 - c=IN IP4 address
        raise SdpError("the address is not of IPv4")
    try:
        address = IPv4Address(words[2])
    except AddressValueError:
        raise SdpError("the address is no IPv4 address") from None
    if address.is_multicast or address == IPv4Address("255.255.255.255"):
        raise SdpError("the address is not one of a host")
    return str(address)


def _describe(
    session: _Section, section: _Section, stream: Stream, streams: tuple[Stream, ...], index: int
) -> Description:
    address = section.address or session.address
    if address is None:
        raise SdpError("no address is given")
    direction = section.direction or session.direction or Direction.BOTH
    if address == "0.0.0.0":  # noqa: S104 - how RFC 2543 put a call on hold
        direction = Direction.SEND if direction.sends else Direction.NONE
    codecs, events = _formats(stream, section)
    return Description(address, stream.port, codecs, events, direction, streams, index)


def _formats(stream: Stream, section: _Section) -> tuple[dict[int, Codec], int | None]:
    codecs: dict[int, Codec] = {}
    events = None
    static = {number: (codec.value, 8000) for codec, number in _STATIC.items()}
    for text in stream.formats:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else _TYPES  # noqa: PLR2004
        name, rate = section.names.get(number) or static.get(number) or ("", 0)
        if number >= _TYPES or rate != 8000:  # noqa: PLR2004 - Hz
            continue
        if (codec := _CODECS.get(name)) and (number >= _DYNAMIC_FROM or number in static):
            codecs.setdefault(number, codec)
        elif name == "telephone-event" and events is None:
            events = number
    return codecs, events
