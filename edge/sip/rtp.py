"""The sound of a phone: RTP in, 20 ms frames out, and the other way round.

What comes is handed on as it comes, without a playout clock: the drift buffer behind evens it out.
What is written leaves at once. Packets are taken from one address alone: the one that was agreed
on, or, where the phone's own idea of it is wrong behind a NAT, the one its SIP comes from.
"""

import asyncio
import logging
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aiortp.codecs.g711 import PcmaCodec, PcmuCodec
from aiortp.plc import PcmConcealer

from config.sip import Codec
from drivers.audio.port import Counters, Trouble
from edge.sip.events import DIGITS, GAP_STEPS, KEY_STEPS, Reader, packets
from edge.sip.rtp_packet import (
    MAX_OCTETS,
    SEQUENCES,
    TIMESTAMPS,
    Order,
    Packet,
    Passed,
    parse,
)
from edge.sip.sdp import Agreed
from modem.pcm import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, RATE

log = logging.getLogger(__name__)

MAX_DIGITS = 64  # that wait to be sent
_LATE_S = 0.03  # since the last packet: the loop was held up, or the network
_MAX_READS = 16  # packets taken at once: other work goes on between them
_CODECS = {Codec.PCMA: PcmaCodec(), Codec.PCMU: PcmuCodec()}


@dataclass(slots=True)
class RtpCounters(Counters):
    """Counters of a phone's sound; `late` are packets that came after their turn."""

    passed: Passed = field(default_factory=Passed)
    foreign: int = 0  # packets of strangers
    malformed: int = 0  # no RTP, or of a payload type that was not agreed on

    @property
    def lost(self) -> int:
        """Packets that never came."""
        return self.passed.lost


class RtpSound:
    """The sound port of one phone leg. It lives in the event loop."""

    def __init__(self, sock: socket.socket, silence_s: float) -> None:
        self.counters = RtpCounters()
        self.on_digit: Callable[[str], None] | None = None
        self.on_silence: Callable[[], None] | None = None
        self.port: int = sock.getsockname()[1]
        self._sock = sock
        self._silence_s = silence_s
        self._loop = asyncio.get_running_loop()
        self._on_frame: Callable[[bytes], None] | None = None
        self._on_trouble: Callable[[Trouble], None] | None = None
        self._agreed: Agreed | None = None
        self._signalled = ""  # address that the phone's SIP comes from
        self._latched: tuple[str, int] | None = None
        self._order = Order(self.counters.passed)
        self._reader = Reader()
        self._rest = b""  # of a packet that is no whole number of frames
        self._last = b""
        self._source = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._marker = True
        self._digits: deque[str] = deque()
        self._sending: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._open = True
        self._loop.add_reader(sock, self._readable)

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """Begin; until then what comes is thrown away."""
        self._on_frame, self._on_trouble = on_frame, on_trouble

    def agree(self, agreed: Agreed, signalled: str) -> None:
        """Do from now on what was agreed on; `signalled` is where the phone's SIP comes from."""
        moved = self._agreed is None or (self._agreed.address, self._agreed.port) != (
            agreed.address,
            agreed.port,
        )
        if moved:
            self._latched = None
        self._marker = True
        self._agreed, self._signalled = agreed, signalled

    def watch(self, *, on: bool) -> None:
        """Tell of silence, Trouble.NO_FRAMES, after `silence_s` without a packet; or no longer."""
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if on and self._open:
            self._heard_at = self._loop.time()
            self._watch = self._loop.call_later(self._silence_s, self._look)

    def write(self, frame: bytes) -> None:
        """Send 20 ms at once; while a key is sent, or the phone does not listen, it is dropped."""
        agreed = self._agreed
        timestamp = self._timestamp
        self._timestamp = (timestamp + FRAME_SAMPLES) % TIMESTAMPS
        if agreed is None or not agreed.sends or self._sending or not self._open:
            self.counters.dropped += 1
            self._marker = True
            return
        payload = _CODECS[agreed.codec].encode(frame)
        self._send(agreed.payload_type, payload, timestamp, marker=self._marker)
        self._marker = False
        self.counters.frames_out += 1

    @property
    def takes_digits(self) -> bool:
        """Whether the phone knows telephone-event; to one that does not, keys are sound."""
        return self._agreed is not None and self._agreed.events is not None

    def send_digits(self, digits: str) -> None:
        """Send keys one after the other; what is no key, or too much, is dropped and logged."""
        keys = [digit for digit in digits.upper() if digit in DIGITS]
        if not self.takes_digits or not self._open:
            log.warning("a phone knows no telephone-event: %d keys are not sent", len(keys))
            return
        room = MAX_DIGITS - len(self._digits)
        if len(keys) > room or len(keys) < len(digits):
            log.warning(
                "%d of %d keys are not sent", len(digits) - min(len(keys), room), len(digits)
            )
        self._digits.extend(keys[:room])
        if self._sending is None and self._digits:
            self._send_steps(self._steps(self._loop.time()))

    def stop(self) -> None:
        """End and give the port back. Safe to call twice."""
        if not self._open:
            return
        self._open = False
        self.watch(on=False)
        if self._sending:
            self._sending.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        self._on_frame = self._on_trouble = self.on_digit = self.on_silence = None

    # --- from the phone

    def _readable(self) -> None:
        """Take one packet; after a gap all that came, for the tick that is late wants them."""
        late = self._loop.time() - self._heard_at > _LATE_S
        for _ in range(_MAX_READS if late else 1):
            if not self._open:
                return
            try:
                data, address = self._sock.recvfrom(MAX_OCTETS + 1)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error of what we sent
                log.debug("rtp: %s", error)
                return
            self._receive(data, address)

    def _receive(self, data: bytes, address: tuple[str, int]) -> None:
        if self._agreed is None or not self._is_theirs(self._agreed, address):
            self.counters.foreign += 1
            return
        packet = parse(data)
        if packet is None:
            self.counters.malformed += 1
            return
        self._latched = address
        self._heard_at = self._loop.time()
        for turn in self._order.add(packet):
            if turn is None:
                self._conceal()
            else:
                self._take(self._agreed, turn)
        self.counters.late = self.counters.passed.late

    def _is_theirs(self, agreed: Agreed, address: tuple[str, int]) -> bool:
        if self._latched is not None and address == self._latched:
            return True
        if address == (agreed.address, agreed.port):
            return True
        behind_nat = agreed.address != self._signalled
        return self._latched is None and behind_nat and address[0] == self._signalled

    def _take(self, agreed: Agreed, packet: Packet) -> None:
        if packet.payload_type == agreed.events:
            digit = self._reader.read(packet.payload, packet.timestamp, marker=packet.marker)
            if digit and self.on_digit:
                self.on_digit(digit)
        elif codec := agreed.accepts.get(packet.payload_type):
            if agreed.receives:
                self._hear(self._rest + _CODECS[codec].decode(packet.payload))
        else:
            self.counters.malformed += 1

    def _hear(self, pcm: bytes) -> None:
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest = pcm[whole:]
        for start in range(0, whole, FRAME_BYTES):
            self._last = pcm[start : start + FRAME_BYTES]
            self.counters.frames_in += 1
            if self._on_frame:
                self._on_frame(self._last)

    def _conceal(self) -> None:
        """Fill the place of a lost packet, so that those behind it keep their time."""
        if self._last and self._on_frame:
            concealer = PcmConcealer(RATE)
            concealer.update(self._last)
            self._last = concealer.conceal(FRAME_SAMPLES)
            self._on_frame(self._last)

    def _look(self) -> None:
        """Tell of silence once it has lasted; else look again when it would have."""
        left = self._heard_at + self._silence_s - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._look)
            return
        self._watch = None
        if self._on_trouble:
            self._on_trouble(Trouble.NO_FRAMES)
        if self.on_silence:
            self.on_silence()

    # --- to the phone

    def _send(self, payload_type: int, payload: bytes, timestamp: int, *, marker: bool) -> None:
        agreed = self._agreed
        if agreed is None:
            return
        packet = Packet(payload_type, marker, self._sequence, timestamp, self._source, payload)
        self._sequence = (self._sequence + 1) % SEQUENCES
        try:
            self._sock.sendto(packet.pack(), self._latched or (agreed.address, agreed.port))
        except OSError as error:  # a full buffer, no route: as if lost on the way
            self.counters.dropped += 1
            log.debug("rtp: %s", error)

    def _steps(self, now: float) -> Iterator[float]:
        """Send one packet of the waiting keys a step; give the time of the next step."""
        while self._digits:
            timestamp = self._timestamp
            for payload, marker in packets(self._digits.popleft()):
                if self._agreed and self._agreed.events is not None:
                    self._send(self._agreed.events, payload, timestamp, marker=marker)
                now += FRAME_S
                yield now
            for _ in range(GAP_STEPS):
                now += FRAME_S
                yield now
            behind = (timestamp - self._timestamp) % TIMESTAMPS < TIMESTAMPS // 2
            if behind:  # nobody wrote meanwhile: the next key needs a time of its own
                self._timestamp = (timestamp + FRAME_SAMPLES * KEY_STEPS) % TIMESTAMPS

    def _send_steps(self, steps: Iterator[float]) -> None:
        due = next(steps, None)
        self._sending = None if due is None else self._loop.call_at(due, self._send_steps, steps)
