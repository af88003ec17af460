"""What travels on which topic: read by the session (schema names) and by the generated docs."""

from dataclasses import dataclass
from functools import lru_cache

from mqtt import topics
from mqtt.fields import Model
from mqtt.messages import (
    COMMANDS,
    Alarm,
    CallEvent,
    Capacity,
    Cdr,
    Event,
    LineStatus,
    MoneyEvent,
    Reply,
    SmsEvent,
    Status,
    UssdEvent,
    VoiceEvent,
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of topic that the gateway publishes on; `item` names its last level, if it has one."""

    kind: str
    model: type[Model]
    summary: str
    item: str = ""
    retained: bool = False


CHANNELS = (
    Channel(topics.STATUS, Status, "Is the gateway there; also its will.", retained=True),
    Channel(topics.CAPACITY, Capacity, "Lines ready now, lines not ready.", retained=True),
    Channel(topics.LINE, LineStatus, "What a line is, does and sees.", "line", retained=True),
    Channel(topics.ALARM, Alarm, "Raised; an empty payload clears it.", "name", retained=True),
    Channel(topics.CALL, CallEvent, "Each state of a call, in order.", "call"),
    Channel(topics.VOICE, VoiceEvent, "Agents, announcements, recordings of a call.", "call"),
    Channel(topics.CDR, Cdr, "The one record that closes a call."),
    Channel(topics.SMS, SmsEvent, "Messages received, and what became of those sent."),
    Channel(topics.USSD, UssdEvent, "What the network said in a USSD session."),
    Channel(topics.MONEY, MoneyEvent, "Each entry of the ledger: balances, charges, top-ups."),
    Channel(topics.REPLY, Reply, "Answers to commands that name no other topic."),
)
EVENTS = {kind.kind: kind.model for kind in CHANNELS if issubclass(kind.model, Event)}
PER_CALL = frozenset(kind.kind for kind in CHANNELS if kind.item == "call")
_LEVELS, _COMMAND_LEVELS = 4, 5  # trunkline/v1/{gateway}/{kind}[/{item}]
_SCHEMAS = {channel.kind: channel.model.__name__ for channel in CHANNELS}
_COMMAND_SCHEMAS = {verb.value: command.__name__ for verb, command in COMMANDS.items()}


@lru_cache(maxsize=1024)
def schema_of(topic: str) -> str:
    """Name the model on a topic; elsewhere than on our own topics only answers are sent."""
    levels = topic.split("/", 5)
    if len(levels) == _COMMAND_LEVELS and levels[3] == topics.COMMAND:
        return _COMMAND_SCHEMAS.get(levels[4], Reply.__name__)
    own = len(levels) >= _LEVELS and topic.startswith(topics.ROOT)
    return _SCHEMAS.get(levels[3], Reply.__name__) if own else Reply.__name__
