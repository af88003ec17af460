"""Dialling: dial tone, digits in tones or pulses, and what is awaited afterwards (V.250 6.3.1)."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from simulator.fxo.signals import Signal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from simulator.fxo.device import Device
    from simulator.modem import Modem

TONE_S = 0.19  # a digit and its gap, S11 at 95 ms
PULSE_S, DIGIT_GAP_S = 0.1, 0.8
PAUSE_S = 2.0  # a comma, S8
BLIND_S = 2.0  # before dialling without a dial tone, S6
TONE_WAIT_S = 5.0  # in which a dial tone must come
POLL_S = 0.1
_STRING = re.compile(r"[0-9*#A-DTP,W!@ ()-]*")
_PULSE = "P"


class Dialler:
    """Does one thing after the other, on simulated time; `done` is called with the final result."""

    def __init__(self, modem: Modem, device: Device) -> None:
        self._modem = modem
        self._device = device
        self._timer: asyncio.TimerHandle | None = None
        self._rest: deque[str] = deque()
        self._pulse = self._rang = self._dials = False
        self._waited_s = self._ringback_s = 0.0
        self._done: Callable[[str], None] | None = None
        self._after: Callable[[], None] = self._dialled

    @property
    def dials(self) -> bool:
        """Whether it dials or waits for an answer."""
        return self._dials and self._done is not None

    def dial(self, text: str, *, await_answer: bool, done: Callable[[str], None]) -> bool:
        """Go off the hook and dial; False for a text that cannot be dialled."""
        text = text.upper()
        if not _STRING.fullmatch(text):
            return False
        self._rest = deque(re.sub(r"[ ()@-]", "", text))
        self._pulse, self._dials, self._waited_s, self._done = False, True, 0.0, done
        self._after = self._await if await_answer else self._dialled
        self._device.lift()
        if self._modem.settings["X"] in ("2", "4"):
            self._later(POLL_S, self._await_tone)
        else:
            self._later(BLIND_S, self._next)
        return True

    def send(self, keys: list[tuple[str, float]], done: Callable[[str], None]) -> None:
        """Send keys, each with its seconds; "" is a sound that is no key."""
        self._dials, self._done = False, done
        self._send(deque(keys))

    def give_up(self) -> None:
        """Hang up and say so."""
        self._end("NO CARRIER", hang_up=True)

    def stop(self) -> None:
        """Do nothing more, and say nothing of it."""
        if self._timer is not None:
            self._modem.timers.cancel(self._timer)
            self._timer = None
        self._done = None

    def _send(self, keys: deque[tuple[str, float]]) -> None:
        if not keys:
            self._end("OK")
            return
        key, seconds = keys.popleft()
        self._press(key, more=False)
        self._later(seconds, lambda: self._send(keys))

    def _press(self, key: str, *, more: bool) -> None:
        if key == "!":
            self._device.loop.flash()
        elif key:
            self._device.loop.digit(key, more=more)

    def _await_tone(self) -> None:
        self._waited_s += POLL_S
        if self._device.loop.signal is Signal.DIAL:
            self._next()
        elif self._waited_s >= TONE_WAIT_S:
            self._end("NO DIALTONE", hang_up=True)
        else:
            self._later(POLL_S, self._await_tone)

    def _next(self) -> None:
        """Dial the next piece of the string."""
        if not self._rest:
            self._device.loop.whole()
            self._after()
            return
        key = self._rest.popleft()
        if key in "TP":
            self._pulse = key == _PULSE
            self._next()
        elif key == ",":
            self._later(PAUSE_S, self._next)
        elif key == "W":
            self._waited_s = 0.0
            self._await_tone()
        else:
            self._press(key, more=True)
            self._later(self._seconds(key), self._next)

    def _seconds(self, key: str) -> float:
        if not self._pulse or not key.isdigit():
            return TONE_S
        return PULSE_S * (int(key) or 10) + DIGIT_GAP_S

    def _dialled(self) -> None:
        self._end("OK")

    def _await(self) -> None:
        """Wait for an answer as the chip knows it: ringback that goes away, or never came."""
        self._waited_s, self._ringback_s, self._rang = 0.0, 0.0, False
        self._watch()

    def _watch(self) -> None:
        settings, signal = self._modem.settings, self._device.loop.signal
        self._waited_s += POLL_S
        if signal is Signal.RINGBACK:
            self._rang, self._ringback_s = True, self._waited_s
        quiet_s = self._waited_s - self._ringback_s
        limit_s = int(settings["+VRA"]) / 10 if self._rang else int(settings["+VRN"])
        if signal in (Signal.BUSY, Signal.CONGESTION):
            self._end("BUSY", hang_up=True)
        elif self._waited_s >= int(settings["S7"]):
            self._end("NO ANSWER", hang_up=True)
        elif signal is not Signal.RINGBACK and quiet_s >= limit_s and self._device.in_voice:
            self._end("OK")
        else:
            self._later(POLL_S, self._watch)

    def _end(self, result: str, *, hang_up: bool = False) -> None:
        done = self._done
        self.stop()
        if hang_up:
            self._device.put_down()
        if done is not None:
            done(result)

    def _later(self, seconds: float, step: Callable[[], None]) -> None:
        self._timer = self._modem.timers.later(seconds, step)
