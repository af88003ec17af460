"""What a command comes to: its answer, what must be on disk before that, what is done then."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.outbox import Message
from edge.store import Op
from mqtt.messages import Choice, Snapshot
from mqtt.vocabulary import Reason, Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """`act` runs when facts, messages and the answer are on disk; `undo` when the disk refused."""

    result: Result
    reason: Reason | None = None
    message: str | None = None
    retry_after_s: float | None = None
    wait_s: float | None = None
    call_id: str | None = None
    sms_id: str | None = None
    session_id: str | None = None
    topup_id: str | None = None
    data: Snapshot | Choice | None = None
    messages: tuple[Message, ...] = ()
    facts: tuple[Op, ...] = ()
    act: Callable[[], None] | None = None
    undo: Callable[[], None] | None = None


def refuse(reason: Reason, message: str, retry_after_s: float | None = None) -> Outcome:
    """Nothing is done; `message` says what the sender can do."""
    return Outcome(Result.REFUSED, reason, message, retry_after_s)
