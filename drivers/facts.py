"""What a modem tells the gateway: typed, in the order in which it was said."""

from dataclasses import dataclass

from modem.callstate import TrackedCall
from modem.causes import Cause
from modem.network import RegistrationStatus
from modem.sms.pdu import Deliver, StatusReport
from modem.ussd import UssdState


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call entered a state or got its number; `cause` is there when it is over.

    `by_us`: we ended it. `raw_cause` is what modem or network said, word by word. `evidence`: what
    an answer rests on where no network told of it, by the contract's words.
    """

    call: TrackedCall
    cause: Cause | None = None
    raw_cause: str | None = None
    by_us: bool = False
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class DigitHeard:
    """The far end pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message lies in the modem; both None when it must be acknowledged by AT+CNMA."""

    storage: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that nobody can read, and what is wrong with it."""

    reason: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """An SMS came in, `pdu` in hex; `receipt` goes back to the modem when it is on disk."""

    pdu: str
    message: Deliver | StatusReport | Unreadable
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class UssdHeard:
    """What a USSD request came to: `menu` awaits an answer, `ended` and `failed` end it."""

    state: UssdState
    text: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RegistrationSeen:
    """The network took the modem in, or let it go."""

    status: RegistrationStatus


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """Received level in dBm, None when the modem does not know."""

    dbm: int | None


@dataclass(frozen=True, slots=True)
class CardChanged:
    """A SIM was put in (True), taken out (False) or initialised anew (None)."""

    inserted: bool | None


@dataclass(frozen=True, slots=True)
class PhoneLifted:
    """A parallel phone on an analogue line was taken off the hook (True) or put back."""

    lifted: bool


@dataclass(frozen=True, slots=True)
class StorageFull:
    """There is no room for another SMS: the network keeps them back."""

    storage: str


@dataclass(frozen=True, slots=True)
class ModemLost:
    """The port went away; every call of it is over."""

    reason: str


@dataclass(frozen=True, slots=True)
class ModemDeaf:
    """The modem answers nothing any more: reset it."""


Fact = (
    CallChanged
    | DigitHeard
    | MessageReceived
    | UssdHeard
    | RegistrationSeen
    | SignalSeen
    | CardChanged
    | PhoneLifted
    | StorageFull
    | ModemLost
    | ModemDeaf
)
