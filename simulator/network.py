"""The telephone network: who has which number, calls, messages, USSD, and the log of it all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.callees import Directory
from simulator.calls import OUTSIDE, Cause, NetworkCall, OutsideParty, Party, Side
from simulator.clock import draw, seeded
from simulator.messages import MessageCentre
from simulator.money.billing import Billing
from simulator.sound.call_sound import Exchange
from simulator.sound.metronome import Metronome
from simulator.ussd import UssdService

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from simulator.clock import Clock
    from simulator.messages import Message
    from simulator.scenario import Scenario, UssdStep

_LOG_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A registered SIM: who takes its calls, its DELIVERs and STATUS-REPORTs, and unasked USSD.

    `deliver` returns False for "not now": the network keeps the message.
    """

    party: Party
    deliver: Callable[[bytes], bool]
    show: Callable[[UssdStep], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log: simulated seconds, what happened, and to whom."""

    at_s: float
    what: str
    who: str
    detail: str = ""


class Network:
    """The truth that tests compare a gateway's reports with."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self.part = scenario.network
        self.clock = clock
        self.rng = seeded(scenario.seed, "network")
        self.metronome = Metronome(clock)
        self._exchange = Exchange(scenario.network)
        self.calls: deque[NetworkCall] = deque(maxlen=_LOG_ENTRIES)
        self.log: deque[Entry] = deque(maxlen=_LOG_ENTRIES)
        self.subscribers: dict[str, Subscriber] = {}
        self.homes = {
            sim.number: scenario.home(sim.account)
            for modem in scenario.lines()
            for sim in modem.sims
        }
        self.centre = MessageCentre(self)
        self.ussd = UssdService(scenario.ussd)
        self.money = Billing(scenario, self)
        self._directory = Directory(scenario.callees, scenario.seed, clock)
        self._last_call = 0

    @property
    def numbers(self) -> Collection[str]:
        """The numbers of all SIMs."""
        return self.homes.keys()

    @property
    def messages(self) -> deque[Message]:
        """Every short message that the network has seen."""
        return self.centre.messages

    def note(self, what: str, who: str, detail: str = "") -> None:
        """Write a line into the log."""
        self.log.append(Entry(self.clock.now(), what, who, detail))

    def attach(self, number: str, subscriber: Subscriber) -> None:
        """Register a SIM; messages that waited for it are delivered."""
        self.subscribers[number] = subscriber
        self.note("attached", number, subscriber.party.name)
        self.centre.flush(number)

    def detach(self, number: str) -> None:
        """Forget a SIM's place."""
        if self.subscribers.pop(number, None):
            self.note("detached", number)

    def normalise(self, number: str) -> str:
        """Return the international form; short codes stay as they are."""
        part = self.part
        if number.startswith("00"):
            return f"+{number[2:]}"
        if part.trunk_prefix and number.startswith(part.trunk_prefix):
            return f"+{part.country_code}{number[len(part.trunk_prefix) :]}"
        return number

    def call(self, from_number: str, to_number: str, *, withheld: bool = False) -> NetworkCall:
        """Call a number from outside; the call's own methods hang up and press keys."""
        return self.originate(OutsideParty(), from_number, to_number, withheld=withheld)

    def send_sms(self, from_number: str, to_number: str, text: str) -> None:
        """Send a text from outside, in as many parts as it needs."""
        self.centre.send_text(from_number, self.normalise(to_number), text)

    def ussd_step(self, number: str, text: str, menu: UssdStep | None) -> UssdStep | None:
        """Return what the SIM's carrier or the network says next, None for an unknown code."""
        own = self.money.ussd(number, text) if menu is None else None
        return own or self.ussd.step(text, menu)

    def push_ussd(self, number: str, step: UssdStep) -> None:
        """Show a SIM something unasked, if it is registered."""
        if subscriber := self.subscribers.get(number):
            subscriber.show(step)

    def originate(
        self, caller: Party, from_number: str, to_number: str, *, withheld: bool = False
    ) -> NetworkCall:
        """Start a call; it reaches the other side after the set-up time."""
        self._last_call += 1
        callee_number = self.normalise(to_number)
        call = NetworkCall(self._last_call, caller, from_number, callee_number, self.clock)
        call.exchange = self._exchange
        call.withheld = withheld
        call.started_s = self.clock.now()
        self.calls.append(call)
        self.note("call", from_number, callee_number)
        setup_s = draw(self.part.setup_s, self.rng) if caller.name != OUTSIDE else 0.0
        self.clock.later(setup_s, self._reach, call)
        return call

    def _reach(self, call: NetworkCall) -> None:
        if call.ended_s is not None:
            return
        if refusal := self.money.admit(call):
            cause, announcement_s = refusal
            self.clock.later(announcement_s, call.release, cause, Side.NETWORK)
            return
        subscriber = self.subscribers.get(call.callee_number)
        if subscriber is None and call.callee_number in self.numbers:
            call.release(Cause.OUT_OF_ORDER, Side.NETWORK)
            return
        outside = self._directory.callee
        call.callee = subscriber.party if subscriber else outside(call.callee_number)
        self.clock.later(self.part.ring_timeout_s, self._give_up, call)
        call.callee.ring(call)

    def _give_up(self, call: NetworkCall) -> None:
        if call.answered_s is None:
            call.release(Cause.NO_ANSWER, Side.NETWORK)
