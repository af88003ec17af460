"""Final result codes: the whole line that ends a command (V.250 5.7.1, 27.007 9, 27.005 3.2.5).

Only a whole line is a final result: an operator called "BUSY LINE" ends nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class FinalKind(StrEnum):
    """What kind of final result a line is."""

    OK = "ok"
    CONNECT = "connect"
    ERROR = "error"
    CME = "cme"
    CMS = "cms"
    NO_CARRIER = "no_carrier"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIALTONE = "no_dialtone"


@dataclass(frozen=True, slots=True)
class Final:
    """The result that ended a command; `code` is the number of a +CME/+CMS ERROR, if it had one."""

    kind: FinalKind
    text: str
    code: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the command did what it was asked."""
        return self.kind in {FinalKind.OK, FinalKind.CONNECT}

    @property
    def ends_call(self) -> bool:
        """Whether it tells of a call: an answer to ATD or ATA, else unsolicited (V.250 6.3)."""
        return self.kind in _CALL_KINDS


_CALL_KINDS = frozenset(
    {
        FinalKind.CONNECT,
        FinalKind.NO_CARRIER,
        FinalKind.BUSY,
        FinalKind.NO_ANSWER,
        FinalKind.NO_DIALTONE,
    }
)

_WORDS: dict[str, FinalKind] = {
    "OK": FinalKind.OK,
    "CONNECT": FinalKind.CONNECT,
    "ERROR": FinalKind.ERROR,
    "NO CARRIER": FinalKind.NO_CARRIER,
    "BUSY": FinalKind.BUSY,
    "NO ANSWER": FinalKind.NO_ANSWER,
    "NO DIALTONE": FinalKind.NO_DIALTONE,
    "NO DIAL TONE": FinalKind.NO_DIALTONE,
    # What vendors say instead of ERROR.
    "COMMAND NOT SUPPORT": FinalKind.ERROR,
    "COMMAND NOT SUPPORTED": FinalKind.ERROR,
    "TOO MANY PARAMETERS": FinalKind.ERROR,
    "NA": FinalKind.ERROR,
}

_DETAILED = re.compile(  # groups by the kind that they tell
    r"\+CME ERROR:\s*(?P<cme>[^+\s][^+]*)|\+CMS ERROR:\s*(?P<cms>[^+\s][^+]*)"
    r"|MODEM ERROR:\s*(?P<error>\S.*)|CONNECT:?\s+(?P<connect>\S.*)"
)
_FIRST_LETTERS = frozenset(word[0] for word in _WORDS) | {"+", "M"}


def parse_final(line: str) -> Final | None:
    """Read one line without CR or LF; None when it ends no command."""
    if not line or line[0] not in _FIRST_LETTERS:
        return None
    word = line.strip()
    if kind := _WORDS.get(word):
        return Final(kind, word)
    found = _DETAILED.fullmatch(word)
    if found is None:
        return None
    kind = FinalKind(str(found.lastgroup))
    detail = found[kind]
    has_code = kind is not FinalKind.CONNECT and detail.isdecimal()
    return Final(kind, word, int(detail) if has_code else None)
