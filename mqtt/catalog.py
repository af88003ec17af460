"""What travels on which topic: read by the session (schema names) and by the generated docs."""

from dataclasses import dataclass

from mqtt import topics
from mqtt.fields import Model
from mqtt.messages import (
    COMMANDS,
    Alarm,
    CallEvent,
    Capacity,
    Cdr,
    LineStatus,
    Reply,
    SmsEvent,
    Status,
    UssdEvent,
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
    Channel(topics.CDR, Cdr, "The one record that closes a call."),
    Channel(topics.SMS, SmsEvent, "Messages received, and what became of those sent."),
    Channel(topics.USSD, UssdEvent, "What the network said in a USSD session."),
    Channel(topics.REPLY, Reply, "Answers to commands that name no other topic."),
)
_SCHEMAS = {channel.kind: channel.model.__name__ for channel in CHANNELS}
_COMMAND_SCHEMAS = {verb.value: command.__name__ for verb, command in COMMANDS.items()}


def schema_of(topic: str) -> str:
    """Name the model on a topic; elsewhere than on our own topics only answers are sent."""
    parsed = topics.parse(topic)
    if parsed is None:
        return Reply.__name__
    if parsed.kind == topics.COMMAND:
        return _COMMAND_SCHEMAS.get(parsed.item, "Command")
    return _SCHEMAS.get(parsed.kind, Reply.__name__)
