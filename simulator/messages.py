"""The message centre: takes SUBMITs, keeps and delivers messages and reports."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator import pdu
from simulator.clock import draw

if TYPE_CHECKING:
    from simulator.network import Network

_LOG_MESSAGES = 100_000
_DELIVERED = 0  # TP-ST: received by the SME (23.040 clause 9.2.3.15)


@dataclass(frozen=True, slots=True)
class Message:
    """A short message, or one part of a long one, as the network saw it."""

    at_s: float
    sender: str
    recipient: str
    data: pdu.UserData

    @property
    def text(self) -> str:
        """The text of this part."""
        return self.data.text


class MessageCentre:
    """Keeps what a SIM cannot take now, in order, and tries again when told."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._waiting: defaultdict[str, deque[bytes]] = defaultdict(deque)
        self._references = 0
        self.messages: deque[Message] = deque(maxlen=_LOG_MESSAGES)

    def submit(self, sender: str, submit: pdu.Submit, reference: int) -> None:
        """Take a message from a modem; it goes on after the network's delay."""
        recipient = self._network.normalise(submit.destination)
        now = datetime.now(tz=UTC)
        tpdu = pdu.deliver(sender, submit.pid, submit.data, now)
        self._record(sender, recipient, submit.data)
        self._network.money.take_sms(sender, recipient, submit.data.text)
        self._later(recipient, tpdu)
        if submit.wants_report:
            report = pdu.status_report(reference, submit.destination, now, _DELIVERED)
            delay_s = draw(self._network.part.report_delay_s, self._network.rng)
            self._network.clock.later(delay_s, self._arrive, sender, report)

    def send_text(self, sender: str, recipient: str, text: str) -> None:
        """Send a text from outside."""
        self._references += 1
        for data in pdu.user_data(text, self._references):
            self._record(sender, recipient, data)
            self._later(recipient, pdu.deliver(sender, 0, data, datetime.now(tz=UTC)))

    def flush(self, number: str) -> None:
        """Deliver what waits for a SIM until it takes no more."""
        queue = self._waiting[number]
        subscriber = self._network.subscribers.get(number)
        while subscriber and queue and subscriber.deliver(queue[0]):
            queue.popleft()

    def waiting(self, number: str) -> int:
        """How many messages and reports wait for a SIM."""
        return len(self._waiting[number])

    def _record(self, sender: str, recipient: str, data: pdu.UserData) -> None:
        self.messages.append(Message(self._network.clock.now(), sender, recipient, data))
        self._network.note("sms", sender, recipient)

    def _later(self, recipient: str, tpdu: bytes) -> None:
        if recipient in self._network.numbers:
            delay_s = draw(self._network.part.sms_delay_s, self._network.rng)
            self._network.clock.later(delay_s, self._arrive, recipient, tpdu)

    def _arrive(self, number: str, tpdu: bytes) -> None:
        self._waiting[number].append(tpdu)
        self.flush(number)
