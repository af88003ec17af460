"""Every payload of the contract `trunkline/v1`: commands, replies, events, retained facts.

The single source: the files under docs/mqtt/ are generated from here (scripts/docs-generate).
A field is never re-used with another meaning; what a reader does not know, it ignores.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mqtt.fields import (
    Code,
    Count,
    Currency,
    Day,
    Identifier,
    Model,
    Money,
    Name,
    Number,
    Seconds,
    Sentence,
    Tag,
    Timestamp,
    TopicName,
)
from mqtt.vocabulary import (
    AnswerEvidence,
    BridgeOrder,
    CallState,
    Cause,
    Direction,
    HangupBy,
    LineAction,
    LineKind,
    LineState,
    MoneyKind,
    MonitorMode,
    Purpose,
    Reason,
    RecordAction,
    Registration,
    Result,
    Severity,
    Side,
    SmsState,
    TopUpAction,
    UssdState,
    Verb,
    VoiceKind,
)

VERSION = "v1"
SMS_TEXT_MAX = 1530  # ten parts of 153 GSM characters, 23.040 9.2.3.24.1
USSD_TEXT_MAX = 182  # 160 octets of packed 7-bit text, 23.038 6.1.2.3


# --- commands: cmd/{verb} ---------------------------------------------------------------------


class Command(Model):
    """What every command carries; the same id gets the same answer and never acts twice."""

    verb: ClassVar[Verb]
    id: Identifier
    expires_at: Timestamp | None = None
    reply_to: TopicName | None = Field(
        default=None, description="topic of the answer; an MQTT 5 response topic goes before it"
    )


class TimedCommand(Command):
    """A command that is of no use later: past `expires_at` it is refused."""

    expires_at: Timestamp


Extension = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
AnnouncementId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]
SPOKEN_MAX = 1000  # characters of a text that is spoken: about a minute


class Agent(Model):
    """Who takes a call: an extension or a group, whose phones are told to answer by themselves."""

    to: Extension
    order: BridgeOrder = BridgeOrder.AGENT_FIRST
    ring_s: Annotated[Seconds, Field(ge=3, le=120)] = Field(
        default=20, description="how long the agent's phone rings, with agent_first"
    )


class Announcement(Model):
    """What is played: an announcement of the gateway by its id, or a text to be spoken."""

    announcement: AnnouncementId | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=SPOKEN_MAX)] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]+)*$")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.announcement is None) == (self.text is None):
            raise ValueError("give either announcement or text")
        return self


class Broadcast(Announcement):
    """What a callee hears who answers; key 1 connects `agent`, key 9 denies the number."""

    agent: Extension | None = None
    repeat: Annotated[int, Field(ge=1, le=5)] = 1


class Dial(TimedCommand):
    """Place a call; states follow on call/{call}, one CDR closes it."""

    verb: ClassVar[Verb] = Verb.DIAL
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    line: Identifier | None = None
    purpose: Purpose = Purpose.MANUAL
    priority: Annotated[int, Field(ge=0, le=9)] = Field(
        default=5, description="which of the waiting calls goes first: 9 before 0"
    )
    consent: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = Field(
        default=None, description="reference to the callee's consent; a broadcast needs one"
    )
    ring_timeout_s: Annotated[Seconds, Field(ge=15, le=120)] = 60
    max_duration_s: Annotated[Seconds, Field(ge=1, le=14400)] | None = None
    tag: Tag | None = None
    wait: bool = Field(default=True, description="false: refused where no line is free now")
    bridge: Agent | None = Field(default=None, description="who speaks with the callee")
    broadcast: Broadcast | None = Field(
        default=None, description="what the callee hears; purpose must be broadcast"
    )
    record: bool | None = Field(
        default=None, description="record it; as the gateway is configured if absent"
    )

    @model_validator(mode="after")
    def _broadcast_is_one(self) -> Self:
        if self.broadcast and self.purpose is not Purpose.BROADCAST:
            raise ValueError("broadcast needs purpose: broadcast")
        if self.broadcast and self.bridge:
            raise ValueError("give either bridge or broadcast")
        return self


class Hangup(Command):
    """End a call in any state, a queued one too."""

    verb: ClassVar[Verb] = Verb.HANGUP
    call_id: Identifier


class Answer(TimedCommand):
    """Take an incoming call."""

    verb: ClassVar[Verb] = Verb.ANSWER
    call_id: Identifier


class Dtmf(TimedCommand):
    """Send tones into an answered call; on an analogue line ! presses the hook for a moment."""

    verb: ClassVar[Verb] = Verb.DTMF
    call_id: Identifier
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#!]{1,32}$", max_length=32)]


class Bridge(TimedCommand):
    """Connect a live call with an extension or a group; an incoming one is answered for it."""

    verb: ClassVar[Verb] = Verb.BRIDGE
    call_id: Identifier
    to: Extension
    ring_s: Annotated[Seconds, Field(ge=3, le=120)] = 20
    auto_answer: bool = Field(default=False, description="tell the phone to answer by itself")


class Transfer(TimedCommand):
    """Hand a call over to another extension or group; its agent leaves when that one answers."""

    verb: ClassVar[Verb] = Verb.TRANSFER
    call_id: Identifier
    to: Extension
    ring_s: Annotated[Seconds, Field(ge=3, le=120)] = 20


class Hold(TimedCommand):
    """Hold a call, or go on: nobody hears the other while it is held."""

    verb: ClassVar[Verb] = Verb.HOLD
    call_id: Identifier
    on: bool = True
    music: AnnouncementId | None = Field(default=None, description="what the line hears meanwhile")


class Play(TimedCommand, Announcement):
    """Play something into an answered call; `stop` ends what plays."""

    verb: ClassVar[Verb] = Verb.PLAY
    call_id: Identifier
    side: Side = Side.LINE
    repeat: Annotated[int, Field(ge=1, le=100)] = 1
    stop: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.announcement is not None) + (self.text is not None) + self.stop != 1:
            raise ValueError("give one of announcement, text and stop: true")
        return self


class Record(TimedCommand):
    """Record a call, or stop, pause, resume its recording."""

    verb: ClassVar[Verb] = Verb.RECORD
    call_id: Identifier
    action: RecordAction = RecordAction.START


class Monitor(TimedCommand):
    """Let a supervisor's phone into a call, change what it may do, or let it out."""

    verb: ClassVar[Verb] = Verb.MONITOR
    call_id: Identifier
    to: Extension
    mode: MonitorMode = MonitorMode.LISTEN


class Sms(TimedCommand):
    """Send a short message; what becomes of it follows on `sms`."""

    verb: ClassVar[Verb] = Verb.SMS
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=SMS_TEXT_MAX)]
    line: Identifier | None = None
    status_report: bool = False
    validity_s: Annotated[Seconds, Field(ge=300, le=38_102_400)] | None = Field(
        default=None, description="how long the network keeps trying: 5 minutes to 63 weeks"
    )


class Ussd(TimedCommand):
    """Start a USSD session, answer its menu (`session_id`) or end it (`cancel`)."""

    verb: ClassVar[Verb] = Verb.USSD
    line: Identifier
    text: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[0-9A-Za-z*#+ ]{1,182}$", max_length=USSD_TEXT_MAX),
        ]
        | None
    ) = None
    session_id: Identifier | None = None
    cancel: bool = False

    @model_validator(mode="after")
    def _text_or_cancel(self) -> Self:
        if (self.text is None) != self.cancel:
            raise ValueError("give either text or cancel: true")
        return self


class Line(Command):
    """Enable, disable or reset a line, or switch its modem to another SIM slot."""

    verb: ClassVar[Verb] = Verb.LINE
    line: Identifier
    action: LineAction
    slot: Annotated[int, Field(ge=1, le=8)] | None = None


class Balance(Command):
    """Ask the carrier for the balance of a line, of all without one; it follows on `money`."""

    verb: ClassVar[Verb] = Verb.BALANCE
    line: Identifier | None = None


class TopUp(TimedCommand):
    """Top a line up, decide (`confirm`, `reject`) a top-up that waits for a person, or `unlock`."""

    verb: ClassVar[Verb] = Verb.TOPUP
    action: TopUpAction = TopUpAction.START
    line: Identifier | None = None
    topup_id: Identifier | None = None

    @model_validator(mode="after")
    def _line_or_topup(self) -> Self:
        of_line = self.action in {TopUpAction.START, TopUpAction.UNLOCK}
        if (self.line if of_line else self.topup_id) is None:
            raise ValueError("start and unlock need line, confirm and reject need topup_id")
        return self


class Deny(Command):
    """Never call these numbers again; only the gateway's owner can take one off the list."""

    verb: ClassVar[Verb] = Verb.DENY
    numbers: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=32)]],
        Field(min_length=1, max_length=1000),
    ]


class Sync(Command):
    """Ask for a snapshot of all lines and live calls."""

    verb: ClassVar[Verb] = Verb.SYNC


class Why(Command):
    """Ask which line would take a call and why the others would not; nothing is dialled."""

    verb: ClassVar[Verb] = Verb.WHY
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    line: Identifier | None = None
    purpose: Purpose = Purpose.MANUAL
    consent: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None


AnyCommand = (
    Dial
    | Hangup
    | Answer
    | Dtmf
    | Bridge
    | Transfer
    | Hold
    | Play
    | Record
    | Monitor
    | Sms
    | Ussd
    | Balance
    | TopUp
    | Line
    | Deny
    | Sync
    | Why
)
COMMANDS: dict[Verb, type[AnyCommand]] = {
    command.verb: command
    for command in (
        Dial,
        Hangup,
        Answer,
        Dtmf,
        Bridge,
        Transfer,
        Hold,
        Play,
        Record,
        Monitor,
        Sms,
        Ussd,
        Balance,
        TopUp,
        Line,
        Deny,
        Sync,
        Why,
    )
}


# --- retained facts ---------------------------------------------------------------------------


class Status(Model):
    """Retained on `status`, and the will: is the gateway there."""

    gateway: Identifier
    state: Literal["online", "offline"]
    boot_id: Identifier
    version: Name
    since: Timestamp = Field(description="when this boot began")
    reason: Sentence | None = None


class Capacity(Model):
    """Retained on `capacity`: lines ready now by class, lines not ready by reason."""

    gateway: Identifier
    ready: dict[LineKind, Count]
    not_ready: dict[Code, Count]


class Left(Model):
    """A bucket of a prepaid plan, as the carrier told it: `left` in minutes, SMS, MB or money."""

    name: Name
    unit: Code
    left: Annotated[float, Field(allow_inf_nan=False)]
    expires: Day | None = None


class Use(Model):
    """How much of a limit is used, calls under way included; `limit` as in gateway.toml."""

    limit: Code
    used: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    most: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    until: Timestamp | None = Field(default=None, description="when it begins anew")


class LineStatus(Model):
    """Retained on line/{line}: what the line is, does and sees."""

    gateway: Identifier
    line: Identifier
    kind: LineKind
    state: LineState
    since: Timestamp
    reason: Sentence | None = None
    until: Timestamp | None = Field(default=None, description="when a rest ends")
    operator: Name | None = None
    registration: Registration | None = None
    signal_dbm: Annotated[int, Field(ge=-200, le=0)] | None = None
    sim: Name | None = Field(default=None, description="ICCID")
    number: Number | None = None
    modem: Name | None = None
    imei: Name | None = None
    call_id: Identifier | None = None
    carrier: Name | None = Field(default=None, description="name of the carrier's profile")
    plan: Name | None = None
    use: list[Use] | None = None
    balance: Money | None = Field(default=None, description="absent while it is not known")
    currency: Currency | None = None
    balance_at: Timestamp | None = None
    balance_expires: Day | None = None
    buckets: list[Left] | None = None
    days_left: Seconds | None = Field(
        default=None, description="days that the balance lasts at the use of late"
    )


class Alarm(Model):
    """Retained on alarm/{name}; an empty payload clears it."""

    gateway: Identifier
    name: Identifier
    severity: Severity
    message: Sentence
    raised_at: Timestamp
    line: Identifier | None = None


class LiveCall(Model):
    """A call in a snapshot; `call_seq` is that of its last event."""

    call_id: Identifier
    call_seq: Count
    direction: Direction
    state: CallState
    number: Number
    since: Timestamp = Field(description="when the call entered this state")
    cmd_id: Identifier | None = None
    line: Identifier | None = None
    tag: Tag | None = None
    agent: Extension | None = None


class Snapshot(Model):
    """The `data` of the answer to `sync`; `seq` is that of the last event before it."""

    boot_id: Identifier
    seq: Count
    lines: list[LineStatus]
    calls: list[LiveCall]


class LineChoice(Model):
    """A line in a Choice: its rank from 1, or why the call may not go over it."""

    line: Identifier
    rank: Annotated[int, Field(ge=1)] | None = None
    reason: Code | None = None
    message: Sentence | None = None
    until: Timestamp | None = Field(default=None, description="when time mends it")
    seconds: Seconds | None = Field(default=None, description="longest call that its limits leave")
    cost: Money | None = Field(default=None, description="expected price of a minute")
    currency: Currency | None = None
    switch_s: Seconds | None = Field(default=None, description="seconds to switch to its SIM slot")


class Choice(Model):
    """The `data` of the answer to `why`: the callee, the refusal if any, and each line."""

    number: Number
    kind: Code
    country: Name | None = None
    carrier: Name | None = None
    line: Identifier | None = Field(default=None, description="the one that would take the call")
    reason: Reason | None = None
    message: Sentence | None = None
    retry_after_s: Seconds | None = None
    lines: list[LineChoice]


class Reply(Model):
    """The answer to a command, within a second."""

    gateway: Identifier
    ts: Timestamp
    id: Identifier | None = Field(default=None, description="absent when it could not be read")
    verb: Name
    result: Result
    reason: Reason | None = None
    message: Sentence | None = None
    retry_after_s: Seconds | None = None
    wait_s: Seconds | None = Field(
        default=None, description="until a queued call may get a line, as far as is known"
    )
    call_id: Identifier | None = None
    sms_id: Identifier | None = None
    session_id: Identifier | None = None
    topup_id: Identifier | None = None
    data: Snapshot | Choice | None = None


# --- events -----------------------------------------------------------------------------------


class Event(Model):
    """What every event carries; readers drop an `event_id` that they saw before."""

    event_id: Identifier
    boot_id: Identifier
    seq: Count = Field(description="counts the events of one boot")
    ts: Timestamp
    gateway: Identifier
    replayed: bool = Field(default=False, description="sent later than it happened")
    cmd_id: Identifier | None = Field(default=None, description="the command it follows from")


class CallEvent(Event):
    """On call/{call}: the call entered `state`, or (`dtmf`) tones were heard in it."""

    call_id: Identifier
    call_seq: Count = Field(description="counts the events of one call from 1")
    direction: Direction
    state: CallState
    number: Number
    prev: CallState | None = None
    line: Identifier | None = None
    cause: Cause | None = None
    raw_cause: Sentence | None = None
    answer_evidence: AnswerEvidence | None = None
    dtmf: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]{1,32}$")] | None = None
    cut_in_s: Seconds | None = Field(
        default=None, description="the call will be ended then: its line has no more to give"
    )
    tag: Tag | None = None


class Recorded(Model):
    """A recording of a call; the line is the left side, the office the right."""

    path: Annotated[str, StringConstraints(max_length=512)]
    seconds: Seconds
    octets: Count
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    complete: bool = Field(default=True, description="false: the disk or the gateway failed in it")


Level = Annotated[float, Field(ge=-120, le=0)]


class CallSound(Model):
    """How the sound of a call was; levels in dBov, absent where that side was not there."""

    line_dbov: Level | None = Field(default=None, description="mean level of the line")
    agent_dbov: Level | None = Field(default=None, description="mean level of the office's side")
    concealed_s: Seconds = Field(default=0, description="that came too late or never, both sides")


class VoiceEvent(Event):
    """On voice/{call}: an agent, an announcement or a recording of the call."""

    call_id: Identifier
    kind: VoiceKind
    agent: Extension | None = None
    announcement: Sentence | None = None
    recording: Recorded | None = None
    key: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]$")] | None = None
    reason: Sentence | None = None


class Cdr(Event):
    """On `cdr`: the one record that closes a call, whatever became of it."""

    call_id: Identifier
    direction: Direction
    number: Number
    ended_at: Timestamp
    ring_s: Seconds
    talk_s: Seconds
    cause: Cause
    hangup_by: HangupBy
    answer_evidence: AnswerEvidence
    raw_cause: Sentence | None = None
    line: Identifier | None = None
    sim: Name | None = Field(default=None, description="ICCID")
    purpose: Purpose | None = None
    tag: Tag | None = None
    queued_at: Timestamp | None = None
    dialed_at: Timestamp | None = None
    alerting_at: Timestamp | None = None
    answered_at: Timestamp | None = None
    billed_s: Seconds | None = Field(default=None, description="as the SIM's plan bills")
    cost: Money | None = Field(default=None, description="beyond what the plan includes")
    currency: Currency | None = None
    bucket: Name | None = Field(default=None, description="which of the plan's buckets it drew")
    agent: Extension | None = Field(default=None, description="the extension that spoke last")
    agent_at: Timestamp | None = Field(default=None, description="when an agent first spoke")
    recording: Recorded | None = None
    sound: CallSound | None = Field(
        default=None, description="one side far below the other was not heard"
    )


class SmsEvent(Event):
    """On `sms`: a message came in, or what became of one that was sent."""

    sms_id: Identifier
    direction: Direction
    number: Number
    state: SmsState
    parts: Annotated[int, Field(ge=1, le=255)]
    line: Identifier | None = None
    text: str | None = Field(default=None, max_length=40_000)
    reference: Count | None = None
    reason: Sentence | None = None
    sent_at: Timestamp | None = Field(default=None, description="the service centre's time stamp")


class UssdEvent(Event):
    """On `ussd`: what the network said in a session."""

    session_id: Identifier
    line: Identifier
    state: UssdState
    text: str | None = Field(default=None, max_length=1024)
    reason: Sentence | None = None


class MoneyEvent(Event):
    """On `money`: an entry of the ledger, in its order."""

    entry: Count = Field(description="number of the entry in the ledger")
    kind: MoneyKind
    line: Identifier | None = None
    sim: Name | None = Field(default=None, description="ICCID")
    carrier: Name | None = None
    amount: Money | None = Field(default=None, description="absent: not known")
    currency: Currency | None = None
    expires: Day | None = None
    buckets: list[Left] | None = None
    unasked: bool | None = Field(
        default=None, description="of a balance: the carrier told it by itself, perhaps late"
    )
    topup_id: Identifier | None = None
    donor: Name | None = Field(default=None, description="of a transfer: ICCID of the giver")
    voucher: Identifier | None = Field(default=None, description="our name for it, not its code")
    call_id: Identifier | None = None
    cause: Code | None = Field(
        default=None, description="of a top-up: what led here, such as low_balance or wrong_code"
    )
    text: str | None = Field(
        default=None, max_length=1024, description="the carrier's words, codes masked"
    )
    message: Sentence | None = None


def mark_replayed(payload: bytes) -> bytes:
    """Set `replayed` in an encoded event; a quote inside a text is escaped, so only it matches."""
    return payload.replace(b'"replayed":false', b'"replayed":true', 1)
