"""Topics of the contract: `trunkline/v1/{gateway}/...`, built and read in one place."""

import re
from dataclasses import dataclass
from functools import lru_cache

ROOT = "trunkline/v1"
STATUS = "status"
CAPACITY = "capacity"
LINE = "line"
CALL = "call"
CDR = "cdr"
VOICE = "voice"
SMS = "sms"
USSD = "ussd"
MONEY = "money"
ALARM = "alarm"
COMMAND = "cmd"
REPLY = "reply"

_LEVEL = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_TOPIC_MAX = 256  # characters; far below the 65,535 octets of MQTT 5 1.5.4


def is_level(text: str) -> bool:
    """Tell whether an id can stand as one level of a topic."""
    return _LEVEL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of one gateway, taken apart: `kind`, then the id that some kinds have."""

    gateway: str
    kind: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one gateway; raises ValueError for an id that cannot be a level."""

    gateway: str

    def __post_init__(self) -> None:
        _require_level(self.gateway)

    def of(self, kind: str, item: str = "") -> str:
        """Build `{root}/{gateway}/{kind}[/{item}]`."""
        return _build(self.gateway, kind, item)

    @property
    def commands(self) -> str:
        """The filter that matches every command for this gateway."""
        return f"{ROOT}/{self.gateway}/{COMMAND}/+"

    def accepts_reply(self, topic: str) -> bool:
        """Tell whether an answer may go to `topic`: a name, and none of our own but reply/..."""
        if not 0 < len(topic) <= _TOPIC_MAX or set(topic) & set("+#\x00") or topic[0] == "$":
            return False
        own, reply = f"{ROOT}/{self.gateway}/", self.of(REPLY)
        return not topic.startswith(own) or topic == reply or topic.startswith(f"{reply}/")


@lru_cache(maxsize=1024)  # all events of a call go to one topic
def _build(gateway: str, kind: str, item: str) -> str:
    base = f"{ROOT}/{gateway}/{kind}"
    if not item:
        return base
    _require_level(item)
    return f"{base}/{item}"


def parse(topic: str) -> Topic | None:
    """Take a topic apart; None when it is none of ours."""
    if not topic.startswith(f"{ROOT}/"):
        return None
    gateway, *rest = topic.removeprefix(f"{ROOT}/").split("/")
    if len(rest) not in {1, 2} or not all(is_level(level) for level in (gateway, *rest)):
        return None
    return Topic(gateway, *rest)


def _require_level(text: str) -> None:
    if not is_level(text):
        raise ValueError(f"{text!r} cannot be a level of a topic: use 1 to 64 of A-Za-z0-9._:-")
