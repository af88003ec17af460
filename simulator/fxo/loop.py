"""An analogue line as its exchange sees it: hook, tones, digits, and its end of a network call.

on hook -- lifted --> DIAL -- digit --> NONE -- pause --> call -- alerting --> RINGBACK
        -- answered --> SPEECH -- far end gone --> BUSY, CONGESTION or NONE -- put down --> on hook
on hook -- call comes in --> rings -- lifted --> SPEECH
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.calls import Cause, NetworkCall, Side
from simulator.clock import Timers
from simulator.fxo.bell import Bell
from simulator.fxo.signals import Signal, mouth
from simulator.network import Subscriber
from simulator.sound.frames import SILENCE, Mouth
from simulator.sound.tones import TONES, Cadence

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from simulator.fxo.device import Device
    from simulator.modem import Modem
    from simulator.scenario import UssdStep

FIRST_DIGIT_S = 20.0  # then the dial tone gives way to congestion
NEXT_DIGIT_S = 1.5  # then the number is taken for whole; real exchanges wait longer
WHOLE_S = 0.3  # the same after the last digit of a dial string: real ones know a number's length
DROP_S = 0.6  # how long the loop is open after the far end hung up
SIT_S = 1.1  # how long its three tones take


class Loop:
    """Implements calls.Party; lifted and put down by the modem and by a parallel phone."""

    def __init__(self, modem: Modem, device: Device) -> None:
        self._modem = modem
        self._device = device
        self.exchange = modem.part.exchange
        self._timers = Timers(modem.network.clock)  # the exchange works on when a modem is gone
        self.bell = Bell(
            self._timers, device, self.exchange, TONES[self.exchange.country]["ringback"]
        )
        self.alive = False
        self.lifted = False  # by the modem
        self.parallel = False  # by the other phone
        self.call: NetworkCall | None = None
        self.signal = Signal.NONE
        self.frames = 0  # heard since the signal began
        self._incoming = False
        self._dialled = ""
        self._mouth: Mouth | None = None
        self._pause: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """The modem's name."""
        return self._modem.name

    @property
    def number(self) -> str:
        """The line's number."""
        return self._modem.cards[0].number

    @property
    def side(self) -> Side:
        """Which side of its call this line is."""
        return Side.CALLEE if self._incoming else Side.CALLER

    @property
    def cadence(self) -> Cadence | None:
        """The cadence of the tone on the line, None without a tone."""
        return TONES[self.exchange.country].get(self.signal)

    def connect(self) -> None:
        """Give the line its current; it can be called."""
        if not self.alive and not self.exchange.dead:
            self.alive = True
            self._modem.network.attach(self.number, Subscriber(self, _no_message, _no_ussd))

    def cut(self) -> None:
        """Take the current away; a call is lost."""
        if self.alive:
            self.alive = False
            self._modem.network.detach(self.number)
            self._device.tell("l")
        self._drop(Cause.TEMPORARY_FAILURE, Side.NETWORK)

    def lift(self, *, parallel: bool = False) -> None:
        """Take one phone off the hook: answer, hear the dial tone, or join who talks there."""
        free = not (self.lifted or self.parallel)
        if parallel:
            self.parallel = True
        else:
            self.lifted = True
        if free and self.alive:
            self._seize()

    def put_down(self, *, parallel: bool = False) -> None:
        """Put one phone down; the call ends with the last."""
        if not (self.parallel if parallel else self.lifted):
            return
        if parallel:
            self.parallel = False
        else:
            self.lifted = False
        if not (self.lifted or self.parallel):
            self._drop(Cause.NORMAL, self.side)

    def digit(self, digit: str, *, more: bool = False) -> None:
        """Take a dialled digit, or pass it to the other end; with `more` others come, if slowly."""
        if self.call is not None:
            if self.signal is Signal.SPEECH:
                self.call.press(self.side, digit)
        elif self.signal is Signal.DIAL or self._dialled:
            self._play(Signal.NONE)
            self._dialled += digit
            if not more:
                self._after(NEXT_DIGIT_S, self._originate)

    def whole(self) -> None:
        """Nothing more will be dialled."""
        if self._dialled:
            self._after(WHOLE_S, self._originate)

    def flash(self) -> None:
        """Hang up for an instant; this exchange only notes it."""
        self._modem.network.note("flash", self.number)

    def listen(self) -> bytes:
        """Return the next 20 ms on the line."""
        self.frames += 1
        call = self.call
        if call is not None and (self.signal is Signal.SPEECH or call.failing is not None):
            return call.sound.listen(self.side)
        if self._mouth is None and self.signal is not Signal.NONE:
            self._mouth = mouth(self.cadence)
        return self._mouth.frame() if self._mouth else SILENCE

    def speak(self, frame: bytes) -> None:
        """Say 20 ms."""
        if self.signal is Signal.SPEECH and self.call is not None:
            self.call.sound.speak(self.side, frame)

    def ring(self, call: NetworkCall) -> None:
        """Ring, or be busy."""
        if self.lifted or self.parallel or self.call is not None:
            call.release(Cause.BUSY, Side.CALLEE)
            return
        self.call, self._incoming = call, True
        call.alert()
        self.bell.start(call)

    def alerting(self, call: NetworkCall) -> None:
        """Let the caller hear that it rings."""
        if call is self.call:
            self._play(Signal.RINGBACK)

    def answered(self, call: NetworkCall) -> None:
        """Put the caller through."""
        if call is self.call:
            self._play(Signal.SPEECH)
            if self.exchange.polarity:
                self._device.tell_reversed()

    def released(self, call: NetworkCall) -> None:
        """Stop ringing, or let this side hear that the other is gone."""
        if call is not self.call:
            return
        self.call = None
        self.bell.stop()
        if not (self.lifted or self.parallel):
            self._play(Signal.NONE)
        elif call.answered_s is not None:
            self._far_end_gone()
        else:
            self._failed(call.cause)

    def heard(self, call: NetworkCall, digit: str) -> None:
        """Let the modem hear a key of the other end."""
        if call is self.call and self.lifted:
            self._device.hear_key(digit)

    def _seize(self) -> None:
        if self.call is not None:
            self.bell.stop()
            self._play(Signal.SPEECH)
            self.call.answer()
        elif self.parallel:
            self._play(Signal.NONE)  # somebody dials and talks there: not our story
        else:
            self._dialled = ""
            self._play(Signal.DIAL)
            self._after(FIRST_DIGIT_S, self._congest)

    def _originate(self) -> None:
        number, self._dialled = self._dialled, ""
        self._incoming = False
        self.call = self._modem.network.originate(self, self.number, number)

    def _far_end_gone(self) -> None:
        self._play(Signal.NONE)
        if self.exchange.polarity:
            self._device.tell_reversed()
        if self.exchange.loop_drop:
            self._device.tell("l")
            self._after(DROP_S, self._play_end)
        else:
            self._play_end()

    def _play_end(self) -> None:
        end = self.exchange.after_hang_up
        self._play(Signal.NONE if end == "silence" else Signal(end))

    def _congest(self) -> None:
        self._play(Signal.CONGESTION)

    def _failed(self, cause: int | None) -> None:
        if cause == Cause.UNASSIGNED:
            self._play(Signal.SIT)
            self._after(SIT_S, self._congest)
        elif cause in (Cause.BUSY, Cause.REJECTED, Cause.NO_ANSWER):
            self._play(Signal.BUSY)
        else:
            self._play(Signal.CONGESTION)

    def _drop(self, cause: Cause, by: Side) -> None:
        self._play(Signal.NONE)
        self.bell.stop()
        self._dialled = ""
        call, self.call = self.call, None
        if call is not None:
            call.release(cause, by)

    def _play(self, signal: Signal) -> None:
        if self._pause is not None:
            self._timers.cancel(self._pause)
            self._pause = None
        self.signal, self.frames, self._mouth = signal, 0, None

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        """Go on after a while, unless something is played before."""
        self._pause = self._timers.later(seconds, step)


def _no_message(_pdu: bytes) -> bool:
    return False


def _no_ussd(_step: UssdStep) -> None:
    pass
