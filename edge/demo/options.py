"""What the user chooses for the demo, and what stops it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class BrokerKind(StrEnum):
    """Which broker the demo starts; auto takes the first that is there."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


@dataclass(frozen=True, slots=True)
class Options:
    """Simulated modems, calls to place, how much faster than real time, the seed, the broker.

    `recording` is where the recording of the conversation is left.
    """

    lines: int
    calls: int
    speed: float
    seed: int
    broker: BrokerKind
    recording: Path


class DemoFailed(Exception):  # noqa: N818 - reads as what happened
    """The demo cannot go on; the text says why and what to do."""
