"""RTP over real sockets: our sound port, and a phone that is a socket."""

import asyncio
import math
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from config.sip import Codec
from drivers.audio.port import Trouble
from edge.sip.events import packets
from edge.sip.rtp import _CODECS, RtpSound
from edge.sip.rtp_packet import Packet, parse
from edge.sip.rtp_ports import NoPort, RtpPorts
from edge.sip.sdp import Agreed
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, SILENCE
from tests.edge.sip.peers import HOST, Rows

PORTS = RtpPorts(IPv4Address(HOST), 21_000, 21_999)
TONE = struct.pack(
    "<160h", *(round(8000 * math.sin(2 * math.pi * 1000 * n / 8000)) for n in range(FRAME_SAMPLES))
)


class Ear:
    """A socket that stands for a phone, or for a stranger."""

    def __init__(self, address: str = HOST) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 0))
        self.sock.settimeout(0)
        self.address: tuple[str, int] = self.sock.getsockname()

    def send(
        self, sound: RtpSound, sequence: int, payload: bytes = b"\xd5" * 160, **more: int
    ) -> None:
        packet = Packet(
            more.get("kind", 8), bool(more.get("marker")), sequence % 65536,
            more.get("timestamp", sequence * 160), more.get("source", 1), payload,
        )  # fmt: skip
        self.sock.sendto(packet.pack(), (HOST, sound.port))

    async def hear(self) -> Packet:
        data = await asyncio.get_running_loop().sock_recv(self.sock, 2000)
        packet = parse(data)
        assert packet is not None
        return packet


@pytest.fixture
def ears() -> Iterator[list[Ear]]:
    made = [Ear(), Ear()]
    yield made
    for ear in made:
        ear.sock.close()


def agreed(address: tuple[str, int], **more: object) -> Agreed:
    return Agreed(
        **{  # type: ignore[arg-type]
            "address": address[0],
            "port": address[1],
            "codec": Codec.PCMA,
            "payload_type": 8,
            "accepts": {8: Codec.PCMA, 0: Codec.PCMU},
            "events": 101,
            "sends": True,
            "receives": True,
        }
        | more
    )


def sounding(ear: Ear, signalled: str = HOST, **more: object) -> tuple[RtpSound, Rows]:
    sound = RtpSound(PORTS.open(), silence_s=0.05)
    frames = Rows()
    sound.start(frames.add, frames.add)
    sound.on_digit = frames.add
    sound.agree(agreed(ear.address, **more), signalled)
    return sound, frames


async def test_frames_go_out_at_once_with_their_time(ears: list[Ear]) -> None:
    sound, _ = sounding(ears[0])
    for _ in range(3):
        sound.write(TONE)
    heard = [await ears[0].hear() for _ in range(3)]
    first = heard[0]
    assert [p.marker for p in heard] == [True, False, False]
    assert [(p.timestamp - first.timestamp) % 2**32 for p in heard] == [0, 160, 320]
    assert [(p.sequence - first.sequence) % 65536 for p in heard] == [0, 1, 2]
    assert {(p.payload_type, len(p.payload)) for p in heard} == {(8, 160)}
    assert sound.counters.frames_out == 3
    sound.stop()
    sound.stop()
    sound.write(TONE)


async def test_what_comes_is_handed_on_in_frames_of_20_ms(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    ears[0].send(sound, 1)
    assert len(await frames.event(bytes)) == FRAME_BYTES
    ears[0].send(sound, 2, b"\xd5" * 80)
    ears[0].send(sound, 3, b"\xd5" * 240)
    ears[0].send(sound, 4, b"\xff" * 160, kind=0)
    await frames.event(bytes, 4)
    assert {len(frame) for frame in frames.rows} == {FRAME_BYTES}
    assert frames.rows[3] == SILENCE
    sound.stop()


async def test_a_lost_packet_is_filled_and_counted(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    for number in (1, 3, 4):
        ears[0].send(sound, number)
    await frames.event(bytes, 4)
    assert sound.counters.lost == 1
    assert sound.counters.frames_in == 3
    sound.stop()


async def test_a_minute_of_sound_has_no_gap_and_no_repetition(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    payloads = [bytes([n % 256, n // 256, 0xD5, 0xD5]) * 40 for n in range(3000)]
    for number, payload in enumerate(payloads, 65_000):  # over the end of the numbers
        ears[0].send(sound, number, payload, timestamp=number * 160)
        if number % 10 == 0:
            await frames.event(bytes, number - 65_000 + 1)
    await frames.event(bytes, 3000)
    decode = _CODECS[Codec.PCMA].decode
    assert frames.rows == [decode(payload) for payload in payloads]
    counters = sound.counters
    assert (counters.lost, counters.late, counters.passed.reordered) == (0, 0, 0)
    sound.stop()


async def test_packets_of_strangers_are_dropped(ears: list[Ear]) -> None:
    phone, stranger = ears
    sound, frames = sounding(phone)
    stranger.send(sound, 1)
    phone.send(sound, 1)
    stranger.send(sound, 2)
    phone.send(sound, 2)
    await frames.event(bytes, 2)
    assert (sound.counters.foreign, sound.counters.frames_in) == (2, 2)
    sound.write(TONE)
    await phone.hear()
    with pytest.raises(BlockingIOError):
        stranger.sock.recv(2000)
    sound.stop()


async def test_behind_a_nat_the_first_packet_from_where_its_sip_comes_from_counts(
    ears: list[Ear],
) -> None:
    phone, stranger = ears
    sound, frames = sounding(phone)
    sound.agree(agreed(("192.0.2.77", 4000)), HOST)
    phone.send(sound, 1)
    await frames.event(bytes)
    stranger.send(sound, 2)
    phone.send(sound, 3)
    phone.send(sound, 4)
    await frames.event(bytes, 3)
    assert sound.counters.foreign == 1
    sound.write(TONE)
    assert (await phone.hear()).marker
    sound.stop()


async def test_keys_come_and_go(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    for number, (payload, marker) in enumerate(packets("5"), 1):
        ears[0].send(sound, number, payload, kind=101, marker=marker, timestamp=160)
    assert await frames.event(str) == "5"
    sound.send_digits("1#x")
    sound.write(TONE)
    heard = [await ears[0].hear() for _ in range(16)]
    assert {p.payload_type for p in heard} == {101}
    assert [p.payload[0] for p in heard] == [1] * 8 + [11] * 8
    assert [p.marker for p in heard] == ([True] + [False] * 7) * 2
    assert [bool(p.payload[1] & 0x80) for p in heard] == ([False] * 5 + [True] * 3) * 2
    times = [p.timestamp for p in heard]
    assert (len(set(times[:8])), len(set(times[8:]))) == (1, 1)
    assert times[8] != times[0]
    assert frames.rows == ["5"]
    sound.stop()


async def test_silence_is_told(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    silent = asyncio.Event()
    sound.on_silence = silent.set
    sound.watch(on=True)
    async with asyncio.timeout(2):
        await silent.wait()
    assert frames.rows == [Trouble.NO_FRAMES]
    sound.stop()


async def test_nothing_is_taken_before_anything_was_agreed_on(ears: list[Ear]) -> None:
    sound = RtpSound(PORTS.open(), silence_s=1)
    frames = Rows()
    sound.start(frames.add, frames.add)
    sound.write(TONE)
    sound.send_digits("1")
    ears[0].send(sound, 1)
    async with asyncio.timeout(2):
        while not sound.counters.foreign:  # noqa: ASYNC110 - strangers are told to nobody
            await asyncio.sleep(0)
    assert (frames.rows, sound.counters.dropped, sound.counters.foreign) == ([], 1, 1)
    sound.stop()


async def test_garbage_is_counted_and_harms_nobody(ears: list[Ear]) -> None:
    sound, frames = sounding(ears[0])
    for garbage in (b"", b"x", b"\x00" * 12, b"\x80\x7f" * 750, b"\xbf" * 13, b"\x80" * 1800):
        ears[0].sock.sendto(garbage, (HOST, sound.port))
    ears[0].send(sound, 1, b"")
    ears[0].send(sound, 2, b"\xd5" * 160)
    await frames.event(bytes)
    assert sound.counters.malformed == 6
    sound.stop()


async def test_a_phone_that_holds_is_sent_nothing(ears: list[Ear]) -> None:
    sound, _ = sounding(ears[0], sends=False)
    sound.write(TONE)
    assert sound.counters.dropped == 1
    sound.stop()


def test_ports_are_even_and_run_out() -> None:
    few = RtpPorts(IPv4Address(HOST), 22_001, 22_005)
    socks = [few.open(), few.open()]
    assert sorted(sock.getsockname()[1] for sock in socks) == [22_002, 22_004]
    with pytest.raises(NoPort):
        few.open()
    for sock in socks:
        sock.close()
