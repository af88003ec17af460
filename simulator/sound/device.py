"""A modem's audio port: a tty that carries PCM while the family's command has it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.calls import Side
from simulator.oddities import Oddity
from simulator.port import Port
from simulator.sound.frames import FRAME_OCTETS, FRAME_S, RATE, SILENCE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from pathlib import Path

    from simulator.board import Leg
    from simulator.modem import Modem
    from simulator.sound.metronome import Beat

_START_FRAMES = 2  # waits until so many are there, at the start and after it ran empty
_FULL_FRAMES, _ROOM_FRAMES = 12, 4  # says stop above, go on below, where the family does so
_MAX_FRAMES = 25  # half a second; more is thrown away
_BURST_FRAMES = 4  # late frames come so many at once

_Converter = Callable[[bytes], bytes]


@dataclass(slots=True)
class Tally:
    """Frames so far; `starved` were due to be played and not there."""

    sent: int = 0
    lost: int = 0
    unread: int = 0
    played: int = 0
    starved: int = 0
    overrun: int = 0


class Audio:
    """Frames both ways once in 20 ms of the modem's own clock, `audio_ppm` fast.

    `silent` and `dead` may be set in mid-call: nothing of what is played is heard; no frames come.
    """

    def __init__(self, modem: Modem, loop: asyncio.AbstractEventLoop, link: Path | None) -> None:
        self._modem = modem
        self.port = Port(loop, link, self._data)
        self._played = bytearray()
        self.tally = Tally()
        self.silent = self.dead = False
        self.rate = RATE
        self._beat: Beat | None = None
        self._late: list[bytes] = []
        self._flows = self._full = False
        self._down: _Converter = _same
        self._up: _Converter = _same

    @property
    def is_on(self) -> bool:
        """Whether frames flow."""
        return self._beat is not None

    def open(self) -> None:
        """Plug in, if the modem has such a port."""
        if self._modem.part.audio:
            self.port.open()

    def close(self) -> None:
        """Unplug."""
        self.off()
        self.port.close()

    def on(self, rate: int = RATE) -> None:
        """Let frames flow; what nobody read of an earlier call is gone."""
        if not self.port.is_open or self.is_on:
            return
        modem = self._modem
        self.port.flush()
        self.silent = modem.dice.throw(Oddity.AUDIO_SILENT)
        self.dead = modem.dice.throw(Oddity.AUDIO_DEAD)
        self.rate = rate
        self._down, self._up = _converters(rate)
        period_s = FRAME_S / (1 + modem.part.audio_ppm / 1e6)
        self._beat = modem.network.metronome.every(period_s, self._tick)

    def off(self) -> None:
        """Stop the frames."""
        if self._beat:
            self._beat.stop()
            self._beat = None
            self._played.clear()
            self._late.clear()
            self._flows = self._full = False

    @property
    def _octets(self) -> int:
        return FRAME_OCTETS * self.rate // RATE

    def _data(self, data: bytes) -> None:
        """Take what is to be played; it is lost while the port is off."""
        if not self.is_on:
            return
        if len(self._played) + len(data) > _MAX_FRAMES * self._octets:
            self.tally.overrun += len(data) // self._octets
        else:
            self._played += data
        self._watch()

    def _watch(self) -> None:
        """Tell the family's dialect when the buffer is full, and when there is room again."""
        frames = len(self._played) / self._octets
        if self._full != (frames > (_ROOM_FRAMES if self._full else _FULL_FRAMES)):
            self._full = not self._full
            self._modem.dialect.audio_full(self._modem, full=self._full)

    def _tick(self) -> None:
        if self.dead:
            return
        up = self._take()
        down = self._exchange(SILENCE if self.silent else up)
        self._send(self._down(down))

    def _take(self) -> bytes:
        """Return the next frame to be said, silence where there is none."""
        octets = self._octets
        needed = octets if self._flows else _START_FRAMES * octets
        if len(self._played) < needed:
            self.port.read_now()
        started, self._flows = self._flows, len(self._played) >= needed
        if not self._flows:
            self.tally.starved += started
            return SILENCE
        frame = bytes(self._played[:octets])
        del self._played[:octets]
        self.tally.played += 1
        self._watch()
        return self._up(frame)

    def _exchange(self, up: bytes) -> bytes:
        """Say a frame in each call that is on, return what is heard."""
        calls = [(leg.call, _side(leg)) for leg in self._modem.board.sounding() if leg.call]
        heard = [call.sound.listen(side) for call, side in calls]
        for place, (call, side) in enumerate(calls):
            others = heard[:place] + heard[place + 1 :]
            call.sound.speak(side, _mixed([up, *others]))
        return _mixed(heard)

    def _send(self, frame: bytes) -> None:
        throw = self._modem.dice.throw
        if throw(Oddity.AUDIO_LOST):
            self.tally.lost += 1
        elif self._late or throw(Oddity.AUDIO_LATE):
            self._late.append(frame)
            if len(self._late) == _BURST_FRAMES:
                self._write(*self._late)
                self._late.clear()
        else:
            self._write(frame)

    def _write(self, *frames: bytes) -> None:
        if self.port.congested:
            self.tally.unread += len(frames)
            return
        self.tally.sent += len(frames)
        self.port.write(b"".join(frames))


def _side(leg: Leg) -> Side:
    return Side.CALLEE if leg.incoming else Side.CALLER


def _same(frame: bytes) -> bytes:
    return frame


def _mixed(frames: Sequence[bytes]) -> bytes:
    if not frames:
        return SILENCE
    if len(frames) == 1:
        return frames[0]
    from simulator.sound.waves import mix  # noqa: PLC0415 - numpy, for conferences

    return mix(frames)


def _converters(rate: int) -> tuple[_Converter, _Converter]:
    """Return what makes frames for the port, and of the port's."""
    if rate == RATE:
        return _same, _same
    from simulator.sound.rates import Doubler, Halver  # noqa: PLC0415 - numpy, for 16 kHz

    return Doubler(), Halver()
