"""A line: a SIM that sits in a modem, what it is doing, and how much it was used.

The line belongs to the SIM. It is absent while the SIM is in no modem, and the same line again when
the SIM comes back, in another modem or another slot. An analogue line has no SIM: it belongs to the
modem at its end.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf, isinf
from typing import Any

from config.carriers import CarrierProfile
from config.limits import Plan
from config.models import Sim
from config.voice import Fxo
from drivers.modem import Modem, ModemIdentity, SimIdentity
from edge import clock
from edge.block import Block
from edge.calls import Call
from edge.candidates import Candidate, Live
from edge.limits.account import Account
from edge.limits.rules import UNKNOWN
from modem.network import Registration as Stat
from modem.network import RegistrationStatus
from mqtt.messages import LineStatus, Use
from mqtt.vocabulary import LineKind, LineState, Reason, Registration

TYPICAL_S = 120.0  # that a call is expected to last
SOON_S = 10.0  # a call that lasted longer ends when nobody knows
COOL_S = 0.25  # after a call: the modem's late words about it must not meet the next one

# When a line that is not there may come, so that a call may wait for it.
_COMES_S = {
    LineState.ABSENT: SOON_S,
    LineState.STARTING: SOON_S,
    LineState.SEARCHING: SOON_S,
    LineState.FAILED: 300.0,
    LineState.BUSY: TYPICAL_S,  # a parallel phone
}
_USED_UP = frozenset({Reason.LIMIT_REACHED, Reason.NO_CREDIT})
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


def line_id_of_fxo(modem: str, configured: Fxo | None) -> str:
    """The owner's name for the analogue line behind a modem, else one made of the modem's."""
    return configured.line if configured and configured.line else f"fxo-{modem}"


@dataclass(slots=True)
class Line:
    """One line. `state` follows from what is known; nobody sets it."""

    line: str
    iccid: str | None
    kind: LineKind = LineKind.GSM
    enabled: bool = True
    taken_out: bool = False  # barred by its carrier: only the owner puts it back
    number: str | None = None
    modem: Modem | None = None
    modem_name: str | None = None
    identity: ModemIdentity | None = None
    carrier: CarrierProfile | None = None
    plan: Plan | None = None
    attached: bool = False
    phone_lifted: bool = False  # a parallel phone on an analogue line
    trouble: tuple[LineState, str] | None = None
    registration: RegistrationStatus | None = None
    _registrations: dict[str, RegistrationStatus] = field(default_factory=dict)
    operator: str | None = None
    signal_dbm: int | None = None
    calls: dict[int, Call] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()  # the SIM's, then those it shares
    no_credit: Block | None = None  # as its carrier says
    yields: bool = False  # its call is being ended for an emergency call
    reserved: Call | None = None  # the call that is about to be dialled
    cool_until: float = 0.0
    last_used: float = 0.0
    told: LineState | None = None  # the state that was described last
    since: datetime = field(default_factory=clock.now)  # when it was first

    @property
    def state(self) -> tuple[LineState, str | None]:
        """What the line is doing, and why it may not be used."""
        if obstacle := self._obstacle():
            return obstacle
        if self.calls or self.reserved:
            return LineState.BUSY, "a call is on it"
        if block := self.block:
            used_up = block.reason in _USED_UP
            return LineState.EXHAUSTED if used_up else LineState.RESTING, block.message
        return LineState.READY, None

    @property
    def is_up(self) -> bool:
        """Whether its network can be spoken to, whatever its limits say about calls.

        An analogue line has none that takes messages or requests.
        """
        return self.kind is LineKind.GSM and self._obstacle() is None

    @property
    def block(self) -> Block | None:
        """Why its limits or its money let no call begin now: what lasts longest."""
        now = clock.now().timestamp()
        blocks = [block for account in self.accounts for block in account.blocks(now)]
        if self.no_credit:
            blocks.append(self.no_credit)
        return max(blocks, key=lambda block: block.until or inf, default=None)

    def _obstacle(self) -> tuple[LineState, str] | None:
        """What stands between the line and its network."""
        if not self.enabled:
            barred = "taken out: its carrier has barred the SIM"
            return LineState.DISABLED, barred if self.taken_out else "disabled by the owner"
        if self.trouble:
            return self.trouble
        if self.modem is None:
            fxo = self.kind is LineKind.FXO
            return LineState.ABSENT, "its modem is not there" if fxo else "its SIM is in no modem"
        return self._not_connected()

    def _not_connected(self) -> tuple[LineState, str] | None:
        if not self.attached:
            return LineState.STARTING, "the modem is starting"
        if self.phone_lifted:
            return LineState.BUSY, "a parallel phone is off the hook"
        registered = self.registration is not None and self.registration.is_registered
        if self.kind is LineKind.GSM and not registered:
            return LineState.SEARCHING, "not registered with a network"
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

    def candidate(self, now: float, loop_time: float) -> Candidate:
        """How the dispatcher sees the line; `now` in seconds of the epoch."""
        account = self.accounts[0] if self.accounts else None
        standing = account.standing(now) if account else UNKNOWN
        return Candidate(
            self.line,
            block=self._state_block(now, loop_time),
            live=self._live(now),
            emergency_ok=self.modem is not None and self.attached and not self.phone_lifted,
            accounts=self.accounts,
            carrier=self.carrier.name if self.carrier else None,
            favours_own=self.plan is None or self.plan.favours_own,
            calls=standing.calls,
            talk_s=standing.seconds,
            last_used=self.last_used,
            answer_rate=standing.answer_rate,
            currency=account.currency if account else None,
        )

    def _state_block(self, now: float, loop_time: float) -> Block | None:
        if obstacle := self._obstacle():
            state, why = obstacle
            wait_s = _COMES_S.get(state)
            until = None if wait_s is None else now + wait_s
            return Block(Reason.LINE_NOT_READY, f"The line is not ready: {why}.", until)
        if loop_time < self.cool_until:
            until = now + self.cool_until - loop_time
            return Block(Reason.LINE_BUSY, "Its last call has only just ended.", until)
        return self.no_credit

    def _live(self, now: float) -> Live | None:
        call = self.reserved or self.live_call
        if call is None:
            return None
        free_at = max(call.since.timestamp() + TYPICAL_S, now + SOON_S)
        return Live(call.purpose, call.is_emergency or self.yields, free_at)

    def bind(
        self, modem: Modem, name: str, identity: ModemIdentity, sim: SimIdentity | None = None
    ) -> None:
        """The SIM was found in a modem that is ready for calls, or the line's modem is."""
        self.modem, self.modem_name, self.identity = modem, name, identity
        self.number = self.number or next(iter(sim.numbers if sim else ()), None)
        self.trouble = None
        self.attached = True

    def unbind(self) -> None:
        """The modem went away."""
        self.modem = None
        self.attached = self.phone_lifted = False
        self._registrations.clear()
        self.registration = self.operator = self.signal_dbm = None

    def key_of(self, call_id: str) -> int | None:
        """The modem's key of a call."""
        return next((key for key, call in self.calls.items() if call.call_id == call_id), None)

    def status(self, gateway: str, money: dict[str, Any]) -> LineStatus:
        """What is retained on line/{line}; `money` are its fields that tell of that.

        Notes since when the state is what it is.
        """
        state, reason = self.state
        if state is not self.told:
            self.told, self.since = state, clock.now()
        block = self.block if state in {LineState.RESTING, LineState.EXHAUSTED} else None
        registration = self.registration
        call = self.live_call
        return LineStatus(
            gateway=gateway,
            line=self.line,
            kind=self.kind,
            state=state,
            since=self.since,
            reason=reason,
            until=_moment(block.until) if block else None,
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
            imei=(self.identity.imei or None) if self.identity else None,
            call_id=call.call_id if call else None,
            carrier=self.carrier.name if self.carrier else None,
            plan=self.plan.name if self.plan else None,
            use=self._use() or None,
            **money,
        )

    def _use(self) -> list[Use]:
        now = clock.now().timestamp()
        return [
            Use(limit=use.limit, used=use.used, most=use.most, until=_moment(use.until))
            for account in self.accounts
            for use in account.use(now)
        ]


def _moment(epoch: float | None) -> datetime | None:
    return None if epoch is None or isinf(epoch) else datetime.fromtimestamp(epoch, UTC)
