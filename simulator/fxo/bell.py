"""Ringing: bursts in the country's cadence, and the caller's number before or after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fxo.parts import CallerId, ExchangePart

if TYPE_CHECKING:
    import asyncio

    from simulator.calls import NetworkCall
    from simulator.clock import Timers
    from simulator.fxo.device import Device
    from simulator.sound.tones import Cadence

NUMBER_GAP_S = 0.5  # between the number and the burst before or behind it
_NUMBER_FIRST = ("GB", "JP")  # where V.23 comes before the first ring, as DTMF does everywhere


class Bell:
    """Rings until it is stopped; a burst is told once, however many pulses it has."""

    def __init__(
        self, timers: Timers, device: Device, exchange: ExchangePart, cadence: Cadence
    ) -> None:
        self._later = timers.later
        self._cancel = timers.cancel
        self._device = device
        self._number_first = (
            exchange.caller_id is CallerId.DTMF or exchange.country in _NUMBER_FIRST
        )
        self._burst_s = sum(cadence.on_off_ms[:-1]) / 1000
        self._period_s = sum(cadence.on_off_ms) / 1000
        self._timers: list[asyncio.TimerHandle] = []

    def start(self, call: NetworkCall) -> None:
        """Begin to ring for a call."""
        first_ring_s, number_s = 0.0, self._burst_s + NUMBER_GAP_S
        if self._number_first:
            first_ring_s, number_s = NUMBER_GAP_S, 0.0
        self._timers = [
            self._later(first_ring_s, self._burst),
            self._later(number_s, self._device.show_number, call),
        ]

    def stop(self) -> None:
        """Be quiet."""
        for timer in self._timers:
            self._cancel(timer)
        self._timers.clear()

    def _burst(self) -> None:
        self._timers[0] = self._later(self._period_s, self._burst)
        self._device.ring()
