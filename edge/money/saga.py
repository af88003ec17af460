"""The story of a top-up, as one table.

    asked -----> reserved -----> sent -----> confirmed | rejected | unknown
    asked -----> confirmed | rejected                  (a person paid, or said no)
                 reserved -----> rejected              (nothing had left)
                                 unknown --> confirmed | rejected

`asked` waits for a person. `reserved` holds a voucher and nothing has left. `sent` is on disk
before the code leaves, so after a crash in `reserved` the voucher is given back, and after a crash
in `sent` it is never sent again: the story goes on in `unknown`, until the carrier's late words,
the balance or a person decide. `confirmed` and `rejected` are ends. Only while it runs can the
gateway be certain that nothing left (`not_sent`), and then the voucher is given back too.

An event that is not in the table is a mistake of ours, and says so.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from edge.money.entry import Entry
from mqtt.vocabulary import MoneyKind


class State(StrEnum):
    """Where a top-up stands."""

    ASKED = "asked"
    RESERVED = "reserved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why a top-up began; the `cause` of its first entry."""

    LOW_BALANCE = "low_balance"
    EXPIRY_NEAR = "expiry_near"
    BUCKET_ENDED = "bucket_ended"
    COMMANDED = "commanded"


class Event(StrEnum):
    """What moves a top-up; the `cause` of the entry that it leads to."""

    APPROVED = "approved"  # a person said yes
    DECLINED = "declined"  # a person said no, before anything left
    PAID_BY_HAND = "paid_by_hand"  # a person paid, and says so
    CODE_LEAVES = "code_leaves"
    NOT_SENT = "not_sent"  # the line went away, and for certain nothing left
    RESTARTED = "restarted"  # the gateway stopped in the middle
    ACCEPTED = "accepted"  # the carrier's words
    CREDITED = "credited"  # the balance rose
    WRONG_CODE = "wrong_code"
    ALREADY_USED = "already_used"
    REFUSED = "refused"  # the carrier will not, and it is not for the code
    CARRIER_TIMED_OUT = "carrier_timed_out"  # "try later": the money may be taken already
    NO_REPLY = "no_reply"
    UNCLEAR = "unclear"  # a reply that says neither
    NOT_CREDITED = "not_credited"  # the balance did not rise for a long time
    JUDGED_PAID = "judged_paid"  # a person looked
    JUDGED_LOST = "judged_lost"  # a person looked


_SAID = {
    Event.ACCEPTED: State.CONFIRMED,
    Event.CREDITED: State.CONFIRMED,
    Event.WRONG_CODE: State.REJECTED,
    Event.ALREADY_USED: State.REJECTED,
    Event.REFUSED: State.REJECTED,
}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.ASKED: {
        Event.APPROVED: State.RESERVED,
        Event.PAID_BY_HAND: State.CONFIRMED,
        Event.DECLINED: State.REJECTED,
    },
    State.RESERVED: {
        Event.CODE_LEAVES: State.SENT,
        Event.NOT_SENT: State.REJECTED,
        Event.RESTARTED: State.REJECTED,
        Event.DECLINED: State.REJECTED,
    },
    State.SENT: {
        **_SAID,
        Event.NOT_SENT: State.REJECTED,
        Event.CARRIER_TIMED_OUT: State.UNKNOWN,
        Event.NO_REPLY: State.UNKNOWN,
        Event.UNCLEAR: State.UNKNOWN,
        Event.RESTARTED: State.UNKNOWN,
    },
    State.UNKNOWN: {
        **_SAID,
        Event.NOT_CREDITED: State.REJECTED,
        Event.JUDGED_PAID: State.CONFIRMED,
        Event.JUDGED_LOST: State.REJECTED,
    },
    State.CONFIRMED: {},
    State.REJECTED: {},
}

BEGINNINGS = frozenset({State.ASKED, State.RESERVED})
KINDS: dict[State, MoneyKind] = {
    State.ASKED: MoneyKind.TOPUP_ASKED,
    State.RESERVED: MoneyKind.TOPUP_RESERVED,
    State.SENT: MoneyKind.TOPUP_SENT,
    State.CONFIRMED: MoneyKind.TOPUP_CONFIRMED,
    State.REJECTED: MoneyKind.TOPUP_REJECTED,
    State.UNKNOWN: MoneyKind.TOPUP_UNKNOWN,
}
STATES = {kind: state for state, kind in KINDS.items()}
COMMITTED = frozenset({State.RESERVED, State.SENT, State.CONFIRMED, State.UNKNOWN})  # spends budget
LEFT = frozenset({State.SENT, State.UNKNOWN})  # the code has left, or may have
REFUSALS = frozenset({Event.WRONG_CODE, Event.ALREADY_USED, Event.REFUSED, Event.NOT_CREDITED})


class SagaError(Exception):
    """A mistake of ours: the top-up cannot go there; nothing is done."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """A top-up as its entries tell it; times in seconds of the epoch, `first` its first entry.

    `committed_at` is when it began to count against the budgets, None while it is only asked for.
    `before` is the last balance that was seen before the code left, None where it is not known;
    `charged` is what calls have cost since then. `donor` is the SIM that gives by a transfer.
    """

    topup_id: str
    first: int
    state: State
    since: float
    sim: str
    donor: str | None = None
    committed_at: float | None = None
    line: str | None = None
    carrier: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    voucher: str | None = None
    cause: str | None = None
    cmd_id: str | None = None
    sent_at: float | None = None
    before: Decimal | None = None
    charged: Decimal = Decimal()

    @property
    def is_over(self) -> bool:
        """Whether nothing can move it any more."""
        return not TRANSITIONS[self.state]


def may(topup: TopUp, event: Event) -> bool:
    """Tell whether the event moves the top-up."""
    return event in TRANSITIONS[topup.state]


def target(topup: TopUp, event: Event) -> State:
    """Return the state that the event leads to; raises SagaError."""
    try:
        return TRANSITIONS[topup.state][event]
    except KeyError:
        message = f"{topup.topup_id} is {topup.state}: no {event} from there"
        raise SagaError(message) from None


def begin(entry: Entry) -> TopUp:
    """Read the first entry of a top-up; raises SagaError."""
    state = STATES.get(entry.kind)
    if state not in BEGINNINGS or entry.topup_id is None or entry.sim is None:
        raise SagaError(f"entry {entry.number}: no top-up begins with {entry.kind}")
    return TopUp(
        topup_id=entry.topup_id,
        first=entry.number,
        state=state,
        since=entry.at,
        sim=entry.sim,
        donor=entry.donor,
        committed_at=entry.at if state in COMMITTED else None,
        line=entry.line,
        carrier=entry.carrier,
        amount=entry.amount,
        currency=entry.currency,
        voucher=entry.voucher,
        cause=entry.cause,
        cmd_id=entry.cmd_id,
    )


def follow(topup: TopUp, entry: Entry) -> TopUp:
    """Read the next entry of a top-up; raises SagaError."""
    state = target(topup, _event(entry))
    if STATES.get(entry.kind) is not state:
        raise SagaError(f"entry {entry.number}: {entry.cause} does not lead to {entry.kind}")
    return replace(
        topup,
        state=state,
        since=entry.at,
        line=entry.line or topup.line,
        amount=entry.amount if entry.amount is not None else topup.amount,
        voucher=entry.voucher or topup.voucher,
        cause=entry.cause,
        committed_at=topup.committed_at or (entry.at if state in COMMITTED else None),
        sent_at=entry.at if state is State.SENT else topup.sent_at,
    )


def _event(entry: Entry) -> Event:
    try:
        return Event(entry.cause or "")
    except ValueError:
        raise SagaError(f"entry {entry.number}: {entry.cause} moves no top-up") from None
