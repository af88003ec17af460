"""An FXO voice modem: hook, sound, dialling, and what it tells of the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fxo import caller_id
from simulator.fxo.chips import CHIPS, Format
from simulator.fxo.dialler import Dialler
from simulator.fxo.loop import Loop
from simulator.fxo.parts import CallerId
from simulator.fxo.stream import Stream

if TYPE_CHECKING:
    from simulator.calls import NetworkCall
    from simulator.modem import Modem

VOICE = "8"  # the service class (AT+FCLASS)


class Device:
    """What a modem has instead of a radio."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self.chip = CHIPS[modem.part.family]
        self.loop = Loop(modem, self)
        self.stream = Stream(modem, self)
        self.dialler = Dialler(modem, self)
        self.refuses_voice = modem.part.chip.refuses_voice

    @property
    def in_voice(self) -> bool:
        """Whether the program is in voice mode."""
        return self._modem.settings["+FCLASS"] == VOICE

    @property
    def form(self) -> Format:
        """The form of sound that AT+VSM chose."""
        return self.chip.formats[self._modem.settings["+VSM"].split(",")[0]]

    @property
    def silence_s(self) -> float:
        """Seconds of silence after which it is told (AT+VSD), 0 for never."""
        tenths = self._modem.settings["+VSD"].split(",")[1]
        return int(tenths) / 10

    def lose_line(self, seconds: float | None) -> None:
        """The line is dead, for so long or for good."""
        self.loop.cut()
        if seconds is not None:
            self._modem.timers.later(seconds, self.loop.connect)

    def lift(self) -> None:
        """Go off the hook: answer what rings, else hear the dial tone."""
        if not self.loop.lifted:
            self.loop.lift()
            self.stream.run()

    def put_down(self) -> None:
        """Go on the hook."""
        self.dialler.stop()
        self.stream.halt()
        self.loop.put_down()

    def reset(self) -> None:
        """ATZ: on the hook, in data mode, every setting as it was made."""
        self.put_down()
        self._modem.restore_settings()
        self.refuses_voice = False

    def parallel(self, *, lifted: bool) -> None:
        """A second phone on the line is taken off its hook, or put down."""
        if lifted:
            self.loop.lift(parallel=True)
        else:
            self.loop.put_down(parallel=True)
        code = "P" if lifted else "p"
        if code not in self.chip.codes:
            code = "H" if lifted else "h"
        self.tell(code)

    def tell(self, code: str) -> None:
        """Tell a code behind a DLE."""
        self.stream.tell(code)

    def tell_reversed(self) -> None:
        """Tell that the exchange reversed the line's polarity, if the chip sees that."""
        if code := self._modem.part.chip.polarity:
            self.tell(code)

    def hear_key(self, digit: str) -> None:
        """Tell of a key of the other end."""
        for code in f"/{digit}~":
            self.tell(code)

    def ring(self) -> None:
        """Tell of a burst of ringing."""
        if self.in_voice:
            self.tell("R")
        else:
            self._modem.urc("RING")

    def show_number(self, call: NetworkCall) -> None:
        """Tell who calls, if that is asked for and the chip understands the exchange."""
        settings, part, network = self._modem.settings, self._modem.part, self._modem.network
        readable: frozenset[CallerId] = self.chip.caller_ids.get(settings["!4886"], frozenset())
        if settings["+VCID"] != "1" or part.exchange.caller_id not in readable:
            return
        when = network.clock.date(network.clock.now())
        for line in caller_id.lines(call, when, network.part, part.exchange, part.chip):
            self._modem.urc(line)
