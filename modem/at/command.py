"""What is asked of a modem: the command, who may answer it, how long it may take."""

from dataclasses import dataclass
from enum import IntEnum

from modem.at.final import Final, FinalKind
from modem.at.framing import Message


class Priority(IntEnum):
    """The order in which waiting commands go out; the lower goes first."""

    HANGUP = 0
    CALL = 1
    NORMAL = 2
    PROBE = 3  # a question of ours that can wait: never sent while a call is being set up


# Longest known time to the final result in seconds, by the beginning of the command; the longest
# match counts. Sources: Quectel EC2x AT manual (ATA, ATH, CHUP, QHUP 90; ATD 5; most 0.3), 27.005
# for SMS, and what the field shows where the manual is too short for a busy modem.
TIMEOUTS_S: dict[str, float] = {
    "AT": 5,
    "ATD": 60,  # V.250 S7: some answer only when the far end does; Quectel: 5
    "ATA": 90,
    "ATH": 90,
    "AT+CHUP": 90,
    "AT+QHUP": 90,
    "AT+CHLD": 30,
    "AT+CLCC": 5,
    "AT+CFUN": 15,
    "AT+COPS": 30,
    "AT+COPS=?": 180,
    "AT+CPIN": 15,
    "AT+CMGS": 60,
    "AT+CMGL": 30,
    "AT+CNMA": 5,
    "AT+CUSD": 30,
    "AT+VTS": 10,
    "AT+QDSIM": 15,
    "AT+SWITCHSIM": 15,
}
_LENGTHS = sorted({len(beginning) for beginning in TIMEOUTS_S}, reverse=True)


def default_timeout_s(text: str) -> float:
    """Seconds that `text` may take at most, by TIMEOUTS_S."""
    beginning = text[: _LENGTHS[0]].upper()
    for length in _LENGTHS:
        if (limit := TIMEOUTS_S.get(beginning[:length])) is not None:
            return limit
    return TIMEOUTS_S["AT"]


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """One command line, without its CR.

    `prefixes`: beginnings of the lines that answer it; all other lines are unsolicited. With
    `bare` any line that is no known URC answers (AT+CGSN, ATI). `body` goes out behind the prompt.
    `call`: NO CARRIER, BUSY and the like are its final results. `final_optional`: some modems
    answer and forget the OK. `secret`: its text may not be logged.
    """

    text: str
    prefixes: tuple[str, ...] = ()
    timeout_s: float = 0.0
    body: str | None = None
    bare: bool = False
    call: bool = False
    final_optional: bool = False
    secret: bool = False
    priority: Priority = Priority.NORMAL

    @property
    def limit_s(self) -> float:
        """Seconds to its final result at most."""
        return self.timeout_s or default_timeout_s(self.text)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended; `final` is None when it did not end in its time."""

    command: Command
    final: Final | None
    messages: tuple[Message, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the modem said that it did what it was asked."""
        return self.final is not None and self.final.ok

    @property
    def lines(self) -> list[str]:
        """The information lines, each PDU in the line after its header."""
        return [line for message in self.messages for line in (message.text, message.pdu) if line]

    @property
    def reason(self) -> str:
        """The final result code as it came, or that none did."""
        return self.final.text if self.final else "no answer from the modem"

    @property
    def sentence(self) -> str:
        """What was asked and how it ended, for people."""
        asked = "a secret" if self.command.secret else self.command.text
        return f"{asked} was answered with {self.final.text if self.final else 'nothing'}"

    @property
    def error_code(self) -> int | None:
        """The number of the +CME or +CMS ERROR that ended it."""
        return self.final.code if self.final else None

    @property
    def is_cme(self) -> bool:
        """Whether a +CME ERROR ended it."""
        return self.final is not None and self.final.kind is FinalKind.CME
