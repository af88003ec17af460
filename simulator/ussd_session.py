"""A modem's USSD session: what was asked, and the network's next word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.clock import draw
from simulator.scenario import UssdHow, UssdStep

if TYPE_CHECKING:
    import asyncio

    from simulator.modem import Modem

_NO_MORE, _MORE, _TERMINATED, _NOT_SUPPORTED = 0, 1, 2, 4  # <m> of 27.007 clause 7.15


class UssdSession:
    """At most one per modem; a new request starts afresh unless a menu is open."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._menu: UssdStep | None = None
        self._reply: asyncio.TimerHandle | None = None

    def reset(self) -> None:
        """Forget the session."""
        self._menu = None
        self._reply = None

    def cancel(self) -> None:
        """AT+CUSD=2: end the session."""
        if self._reply:
            self._modem.timers.cancel(self._reply)
        self.reset()

    def ask(self, text: str) -> UssdStep | None:
        """Send a code or an answer; returns the step, None for an unknown one."""
        network, card = self._modem.network, self._modem.card
        network.note("ussd", self._modem.name, text)
        step = network.ussd_step(card.number if card else "", text, self._menu)
        self._menu = None
        return step

    def expect(self, step: UssdStep | None) -> None:
        """Let the reply come after the network's delay."""
        if step is None:
            self._tell(f"+CUSD: {_NOT_SUPPORTED}")
        elif step.how is not UssdHow.SILENCE:
            delay_s = draw(step.delay_s, self._modem.rng)
            self._reply = self._modem.timers.later(delay_s, self.reply, step)

    def reply(self, step: UssdStep) -> None:
        """Tell what the network says."""
        self._reply = None
        if step.how is UssdHow.ERROR_AFTER_OK:
            self._modem.urc("+CME ERROR: 100")
            return
        if step.menu:
            self._menu = step
        if step.how is UssdHow.TWICE:
            self._say(_TERMINATED, UssdStep(text="Initiating Release"))
        self._say(_MORE if step.menu else _NO_MORE, step)

    def show(self, step: UssdStep) -> None:
        """Tell what the network says unasked."""
        self._say(_NO_MORE, step)

    def _say(self, status: int, step: UssdStep) -> None:
        dialect = self._modem.dialect
        text = dialect.ussd_reply(self._modem, step.text, step.dcs)
        self._tell(f'+CUSD: {status},"{text}",{dialect.ussd_dcs(step)}')

    def _tell(self, line: str) -> None:
        if self._modem.settings["+CUSD"] == "1":
            self._modem.urc(line)
