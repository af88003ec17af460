"""Ringing: bursts in the country's cadence, and the caller's number before or after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fxo.parts import CallerId

if TYPE_CHECKING:
    import asyncio

    from simulator.calls import NetworkCall
    from simulator.fxo.device import Device
    from simulator.modem import Modem
    from simulator.sound.tones import Cadence

NUMBER_GAP_S = 0.5  # between the number and the burst before or behind it
_NUMBER_FIRST = ("GB", "JP")  # where V.23 comes before the first ring, as DTMF does everywhere


class Bell:
    """Rings until it is stopped; a burst is told once, however many pulses it has."""

    def __init__(self, modem: Modem, device: Device, cadence: Cadence) -> None:
        self._modem = modem
        self._device = device
        self._burst_s = sum(cadence.on_off_ms[:-1]) / 1000
        self._period_s = sum(cadence.on_off_ms) / 1000
        self._timers: list[asyncio.TimerHandle] = []

    def start(self, call: NetworkCall) -> None:
        """Begin to ring for a call."""
        exchange = self._modem.part.exchange
        first_ring_s, number_s = 0.0, self._burst_s + NUMBER_GAP_S
        if exchange.caller_id is CallerId.DTMF or exchange.country in _NUMBER_FIRST:
            first_ring_s, number_s = NUMBER_GAP_S, 0.0
        later = self._modem.timers.later
        self._timers = [
            later(first_ring_s, self._burst),
            later(number_s, self._device.show_number, call),
        ]

    def stop(self) -> None:
        """Be quiet."""
        for timer in self._timers:
            self._modem.timers.cancel(timer)
        self._timers.clear()

    def _burst(self) -> None:
        self._timers[0] = self._modem.timers.later(self._period_s, self._burst)
        self._device.ring()
