"""The closed lists of the contract."""

from enum import StrEnum


class Verb(StrEnum):
    """What can be asked for: the last level of `cmd/{verb}`."""

    DIAL = "dial"
    HANGUP = "hangup"
    ANSWER = "answer"
    DTMF = "dtmf"
    BRIDGE = "bridge"
    PLAY = "play"
    RECORD = "record"
    TRANSFER = "transfer"
    HOLD = "hold"
    MONITOR = "monitor"
    SMS = "sms"
    USSD = "ussd"
    BALANCE = "balance"
    TOPUP = "topup"
    LINE = "line"
    DENY = "deny"
    SYNC = "sync"
    WHY = "why"
    CONFIG = "config"


class Purpose(StrEnum):
    """Why the call is made; rules for campaigns do not bind a person who dials."""

    MANUAL = "manual"
    CAMPAIGN = "campaign"
    BROADCAST = "broadcast"


class LineAction(StrEnum):
    """What the `line` command does to a line."""

    ENABLE = "enable"
    DISABLE = "disable"
    RESET = "reset"
    SWITCH_SIM = "switch_sim"


class Result(StrEnum):
    """accepted: events follow. done: nothing follows. refused: nothing was done."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"


class Reason(StrEnum):
    """Why a command was refused."""

    BAD_JSON = "bad_json"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    UNKNOWN_VERB = "unknown_verb"
    UNSUPPORTED = "unsupported"
    EXPIRED = "expired"
    CLOCK_NOT_SET = "clock_not_set"
    BAD_NUMBER = "bad_number"
    EMERGENCY_NUMBER = "emergency_number"
    UNKNOWN_LINE = "unknown_line"
    UNKNOWN_CALL = "unknown_call"
    UNKNOWN_EXTENSION = "unknown_extension"
    UNKNOWN_ANNOUNCEMENT = "unknown_announcement"
    AGENT_NOT_THERE = "agent_not_there"
    AGENT_BUSY = "agent_busy"
    NO_VOICE = "no_voice"
    UNKNOWN_SESSION = "unknown_session"
    WRONG_STATE = "wrong_state"
    NO_LINE = "no_line"
    LINE_NOT_READY = "line_not_ready"
    LINE_BUSY = "line_busy"
    QUEUE_FULL = "queue_full"
    LIMIT_REACHED = "limit_reached"
    RESTING = "resting"
    NO_CREDIT = "no_credit"
    RESERVED_FOR_INCOMING = "reserved_for_incoming"
    ROAMING = "roaming"
    DENIED_NUMBER = "denied_number"
    PREMIUM_NUMBER = "premium_number"
    UNASSIGNED_NUMBER = "unassigned_number"
    OUTSIDE_HOURS = "outside_hours"
    HOLIDAY = "holiday"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    REFUSED_BEFORE = "refused_before"
    CONSENT_MISSING = "consent_missing"
    PURPOSE_FORBIDDEN = "purpose_forbidden"
    NO_PROFILE = "no_profile"
    NO_VOUCHER = "no_voucher"
    BUDGET_SPENT = "budget_spent"
    LOCKED_OUT = "locked_out"
    UNKNOWN_TOPUP = "unknown_topup"
    STOPPING = "stopping"
    STORAGE_FAILED = "storage_failed"
    MODEM_FAILED = "modem_failed"
    INTERNAL = "internal"


class TopUpAction(StrEnum):
    """What the `topup` command does.

    It begins one, decides one that waits for a person, or lets a line try vouchers again that was
    locked out after refused ones.
    """

    START = "start"
    CONFIRM = "confirm"
    REJECT = "reject"
    UNLOCK = "unlock"


class MoneyKind(StrEnum):
    """What an entry of the ledger tells."""

    BALANCE = "balance"
    CHARGE = "charge"
    VOUCHER_ADDED = "voucher_added"
    VOUCHER_SPOILED = "voucher_spoiled"
    TOPUP_ASKED = "topup_asked"
    TOPUP_RESERVED = "topup_reserved"
    TOPUP_SENT = "topup_sent"
    TOPUP_CONFIRMED = "topup_confirmed"
    TOPUP_REJECTED = "topup_rejected"
    TOPUP_UNKNOWN = "topup_unknown"
    TOPUP_UNLOCKED = "topup_unlocked"


class Direction(StrEnum):
    """Who began the call or the message: outgoing is ours."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class CallState(StrEnum):
    """States of a call; `waiting` is a second caller on a busy line."""

    QUEUED = "queued"
    DIALING = "dialing"
    ALERTING = "alerting"
    WAITING = "waiting"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"


class Cause(StrEnum):
    """Why a call ended."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    UNASSIGNED = "unassigned"
    NETWORK_ERROR = "network_error"
    NO_CREDIT = "no_credit"
    BARRED = "barred"
    CANCELLED = "cancelled"
    LOST = "lost"
    NO_AGENT = "no_agent"  # agent first: no phone of the agent was answered, nobody was called
    ABANDONED = "abandoned"  # callee first: the callee answered and no agent came in time


class BridgeOrder(StrEnum):
    """Who is called first: with agent_first the callee only once the agent is there."""

    AGENT_FIRST = "agent_first"
    CALLEE_FIRST = "callee_first"


class Side(StrEnum):
    """Who hears an announcement."""

    LINE = "line"
    AGENT = "agent"
    BOTH = "both"


class RecordAction(StrEnum):
    """What `record` does to the recording of a call."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class MonitorMode(StrEnum):
    """What a supervisor does: hears both, speaks to the agent alone, speaks to both, leaves."""

    LISTEN = "listen"
    WHISPER = "whisper"
    JOIN = "join"
    OFF = "off"


class VoiceKind(StrEnum):
    """What happened to the sound of a call."""

    AGENT_RINGING = "agent_ringing"
    AGENT_ANSWERED = "agent_answered"
    AGENT_FAILED = "agent_failed"
    AGENT_ENDED = "agent_ended"
    BRIDGED = "bridged"
    HELD = "held"
    RESUMED = "resumed"
    PLAY_STARTED = "play_started"
    PLAY_ENDED = "play_ended"
    RECORD_STARTED = "record_started"
    RECORD_PAUSED = "record_paused"
    RECORD_STOPPED = "record_stopped"
    MONITOR_STARTED = "monitor_started"
    MONITOR_ENDED = "monitor_ended"
    KEY_PRESSED = "key_pressed"
    DENIED = "denied"
    TROUBLE = "trouble"


class AnswerEvidence(StrEnum):
    """How we know that the other side answered."""

    NETWORK = "network"
    POLARITY = "polarity"
    RINGBACK_STOPPED = "ringback_stopped"
    VOICE = "voice"
    UNKNOWN = "unknown"


class HangupBy(StrEnum):
    """Who ended the call: local is us or the dialer."""

    LOCAL = "local"
    REMOTE = "remote"
    NETWORK = "network"
    UNKNOWN = "unknown"


class SmsState(StrEnum):
    """What became of a short message."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class UssdState(StrEnum):
    """What the network said: `menu` waits for an answer, the others end the session."""

    REPLY = "reply"
    MENU = "menu"
    ENDED = "ended"
    FAILED = "failed"
    TIMEOUT = "timeout"


class LineState(StrEnum):
    """What a line is doing."""

    ABSENT = "absent"
    STARTING = "starting"
    LOCKED = "locked"
    SEARCHING = "searching"
    READY = "ready"
    BUSY = "busy"
    RESTING = "resting"
    EXHAUSTED = "exhausted"
    DISABLED = "disabled"
    FAILED = "failed"


class LineKind(StrEnum):
    """The class of a line."""

    GSM = "gsm"
    FXO = "fxo"


class Registration(StrEnum):
    """Registration with the network, 27.007 10.1.19."""

    NOT_REGISTERED = "not_registered"
    HOME = "home"
    SEARCHING = "searching"
    DENIED = "denied"
    UNKNOWN = "unknown"
    ROAMING = "roaming"


class Severity(StrEnum):
    """How much an alarm matters: critical means that the gateway cannot work."""

    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"
