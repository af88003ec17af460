"""Why something may not be done now: the one word for every guard and limit."""

from dataclasses import dataclass

from mqtt.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Block:
    """A reason, a sentence for the operator, and when time alone mends it.

    `until` is in seconds of the epoch; None where waiting does not help.
    """

    reason: Reason
    message: str
    until: float | None = None
