"""A line: a SIM that sits in a modem, what it is doing, and how much it was used.

The line belongs to the SIM. It is absent while the SIM is in no modem, and the same line again when
the SIM comes back, in another modem or another slot.
"""

from dataclasses import dataclass, field
from datetime import datetime

from config.models import Sim
from drivers.modem import Modem, ModemIdentity, SimIdentity
from edge import clock
from edge.calls import Call
from edge.dispatcher import Candidate
from modem.network import Registration as Stat
from modem.network import RegistrationStatus
from mqtt.messages import LineStatus
from mqtt.vocabulary import LineKind, LineState, Registration

COOL_S = 0.25  # after a call: the modem's late words about it must not meet the next one

_REGISTRATIONS = {
    Stat.IDLE: Registration.NOT_REGISTERED,
    Stat.SEARCHING: Registration.SEARCHING,
    Stat.DENIED: Registration.DENIED,
    Stat.HOME: Registration.HOME,
    Stat.HOME_SMS_ONLY: Registration.HOME,
    Stat.HOME_CSFB_NOT_PREFERRED: Registration.HOME,
    Stat.ROAMING: Registration.ROAMING,
    Stat.ROAMING_SMS_ONLY: Registration.ROAMING,
    Stat.ROAMING_CSFB_NOT_PREFERRED: Registration.ROAMING,
}


def line_id_of(iccid: str, configured: Sim | None) -> str:
    """The owner's name for the line of a SIM, else one made of the ICCID's last ten digits."""
    if configured and configured.line:
        return configured.line
    return f"sim-{iccid[-10:].lower()}"


@dataclass(slots=True)
class Line:
    """One line. `state` follows from what is known; nobody sets it."""

    line: str
    iccid: str | None
    enabled: bool = True
    number: str | None = None
    modem: Modem | None = None
    modem_name: str | None = None
    identity: ModemIdentity | None = None
    attached: bool = False
    trouble: tuple[LineState, str] | None = None
    registration: RegistrationStatus | None = None
    _registrations: dict[str, RegistrationStatus] = field(default_factory=dict)
    operator: str | None = None
    signal_dbm: int | None = None
    calls: dict[int, Call] = field(default_factory=dict)
    reserved: bool = False
    cool_until: float = 0.0
    calls_made: int = 0
    talk_s: float = 0.0
    last_used: float = 0.0
    since: datetime = field(default_factory=clock.now)

    @property
    def state(self) -> tuple[LineState, str | None]:
        """What the line is doing, and why it may not be used."""
        if obstacle := self._obstacle():
            return obstacle
        if self.registration is None or not self.registration.is_registered:
            return LineState.SEARCHING, "not registered with a network"
        if self.calls or self.reserved:
            return LineState.BUSY, "a call is on it"
        return LineState.READY, None

    def _obstacle(self) -> tuple[LineState, str] | None:
        """What stands between the line and its network."""
        if not self.enabled:
            return LineState.DISABLED, "disabled by the owner"
        if self.trouble:
            return self.trouble
        if self.modem is None:
            return LineState.ABSENT, "its SIM is in no modem"
        if not self.attached:
            return LineState.STARTING, "the modem is starting"
        return None

    def see_registration(self, status: RegistrationStatus) -> None:
        """Keep the best that +CREG and +CEREG say: either of them carries calls."""
        self._registrations[status.command] = status
        known = list(self._registrations.values())
        self.registration = next((one for one in known if one.is_registered), known[0])

    @property
    def live_call(self) -> Call | None:
        """The call on the line, if any."""
        return next(iter(self.calls.values()), None)

    def candidate(self, loop_time: float) -> Candidate:
        """How the dispatcher sees the line."""
        state, reason = self.state
        if state is LineState.READY and loop_time < self.cool_until:
            reason = "its last call has only just ended"
        return Candidate(self.line, reason, self.calls_made, self.last_used)

    def bind(self, modem: Modem, name: str, identity: ModemIdentity, sim: SimIdentity) -> None:
        """The SIM was found in a modem that is ready for calls."""
        self.modem, self.modem_name, self.identity = modem, name, identity
        self.number = self.number or next(iter(sim.numbers), None)
        self.trouble = None
        self.attached = True

    def unbind(self) -> None:
        """The modem went away."""
        self.modem = None
        self.attached = False
        self._registrations.clear()
        self.registration = self.operator = self.signal_dbm = None

    def key_of(self, call_id: str) -> int | None:
        """The modem's key of a call."""
        return next((key for key, call in self.calls.items() if call.call_id == call_id), None)

    def status(self, gateway: str) -> LineStatus:
        """What is retained on line/{line}."""
        state, reason = self.state
        registration = self.registration
        call = self.live_call
        return LineStatus(
            gateway=gateway,
            line=self.line,
            kind=LineKind.GSM,
            state=state,
            since=self.since,
            reason=reason,
            operator=self.operator,
            registration=(
                _REGISTRATIONS.get(registration.state, Registration.UNKNOWN)
                if registration
                else None
            ),
            signal_dbm=self.signal_dbm,
            sim=self.iccid,
            number=self.number,
            modem=self.modem_name,
            imei=self.identity.imei if self.identity else None,
            call_id=call.call_id if call else None,
        )
