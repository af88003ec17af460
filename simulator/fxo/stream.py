"""The sound on a modem's one port, once in 20 ms of its own clock while it is off the hook."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from simulator.fxo.chips import ALWAYS
from simulator.fxo.hearing import Hearing
from simulator.fxo.shield import CAN, DLE, ESC, ETX, Parting, shield
from simulator.sound.frames import FRAME_S, FRAME_SAMPLES, SILENCE

if TYPE_CHECKING:
    from simulator.fxo.device import Device
    from simulator.modem import Modem
    from simulator.sound.metronome import Beat

_MAX_PLAYED = 16_384  # octets that wait to be played, 2 s; more is thrown away
START_FRAMES = 2
_ABORT, _DUPLEX_ABORT = ord("!"), ord("^")


class Mode(Enum):
    """What the port carries."""

    COMMANDS = auto()
    TRANSMIT = auto()  # +VTX
    RECEIVE = auto()  # +VRX
    DUPLEX = auto()  # +VTR


_SAYS = (Mode.TRANSMIT, Mode.DUPLEX)
_HEARS = (Mode.RECEIVE, Mode.DUPLEX)


class Stream:
    """Shields what is heard, parts what is sent, and puts the chip's reports in between."""

    def __init__(self, modem: Modem, device: Device) -> None:
        self._modem = modem
        self._device = device
        self._hearing = Hearing(device.loop)
        self._parting = Parting(device.chip.end_dles)
        told = device.chip.codes | {modem.part.chip.polarity}
        self._told = told if modem.part.chip.reports else ALWAYS
        self._played = bytearray()
        self._beat: Beat | None = None
        self._ending = self._starved = False
        self.mode = Mode.COMMANDS

    def run(self) -> None:
        """Off the hook: the sound runs, whether the program listens or not."""
        if self._beat is None:
            period_s = FRAME_S / (1 + self._modem.part.audio_ppm / 1e6)
            self._beat = self._modem.network.metronome.every(period_s, self._tick)

    def halt(self) -> None:
        """On the hook."""
        if self._beat is not None:
            self._beat.stop()
            self._beat = None
        self.mode = Mode.COMMANDS

    def begin(self, mode: Mode) -> None:
        """Carry sound from now on."""
        self.mode = mode
        self._parting = Parting(self._device.chip.end_dles)
        self._played.clear()
        self._ending, self._starved = False, True
        self._hearing.begin()

    def feed(self, data: bytes) -> bytes:
        """Take what the program sends; return what came behind the end of the stream."""
        rest = b""
        for piece in self._parting.feed(data):
            if isinstance(piece, int):
                self._obey(piece)
            elif self.mode is Mode.COMMANDS:
                rest += piece
            else:
                self._play(piece)
        return rest

    def tell(self, code: str) -> None:
        """Tell a code, if the chip does so and the program is in voice mode."""
        if code not in self._told or not self._device.in_voice:
            return
        tail = b"\r\n" if self.mode is Mode.COMMANDS else b""
        self._modem.port.write(bytes((DLE,)) + code.encode("ascii") + tail)

    def _play(self, sound: bytes) -> None:
        if self.mode not in _SAYS or self._ending:
            return
        if len(self._played) + len(sound) > _MAX_PLAYED:
            self.tell("o")
        else:
            self._played += sound

    def _obey(self, code: int) -> None:
        """End the stream if the code does that in this mode."""
        match self.mode:
            case Mode.TRANSMIT if code == ETX and self._modem.network.clock.speed == 1:
                self._ending = True  # once all is played
            case Mode.TRANSMIT if code in (CAN, ETX, _ABORT):
                self._played.clear()
                self._end()
            case Mode.RECEIVE if code in (_ABORT, ESC, ETX):
                self._end()
            case Mode.DUPLEX if code == _DUPLEX_ABORT:
                self._end()
            case _:
                pass

    def _end(self) -> None:
        tail = bytes((DLE, ETX)) if self.mode in _HEARS else b""
        self.mode = Mode.COMMANDS
        self._modem.port.write(tail + b"\r\nOK\r\n")

    def _tick(self) -> None:
        loop, form = self._device.loop, self._device.form
        frame = loop.listen()
        if code := self._hearing.tones():
            self.tell(code)
        if self.mode in _HEARS:
            octets = form.octets(frame)
            self._modem.port.write(shield(octets, pairs=self._device.chip.pairs))
            if code := self._hearing.silence(octets, self._device.silence_s):
                self.tell(code)
        loop.speak(self._said())

    def _said(self) -> bytes:
        """Return the next frame to be said; once it ran dry, two must be there to go on."""
        if self.mode not in _SAYS:
            return SILENCE
        needed = START_FRAMES * FRAME_SAMPLES if self._starved else FRAME_SAMPLES
        if len(self._played) < needed and not self._ending:
            self._run_dry()
            return SILENCE
        self._starved = False
        octets = bytes(self._played[:FRAME_SAMPLES])
        del self._played[:FRAME_SAMPLES]
        if self._ending and not self._played:
            self._end()
        return self._device.form.frame(octets)

    def _run_dry(self) -> None:
        if not self._starved:
            self._starved = True
            self.tell("u")
