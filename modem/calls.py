"""The modem's list of calls: +CLCC and its vendor twins; and which strings may be dialled.

Every vendor has its own state numbers: one table each, never shared. A modem may report one end of
a call three times; that is for the call table, not for these parsers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from modem.at.fields import body, header, number, split
from modem.errors import ParseError


class CallState(StrEnum):
    """State of one call as the modem sees it (27.007 7.18)."""

    ACTIVE = "active"
    HELD = "held"
    DIALING = "dialing"
    ALERTING = "alerting"
    INCOMING = "incoming"
    WAITING = "waiting"
    RELEASED = "released"


class Direction(StrEnum):
    """Who started the call (27.007 7.18 <dir>)."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


_CLCC_3GPP = {
    0: CallState.ACTIVE,
    1: CallState.HELD,
    2: CallState.DIALING,
    3: CallState.ALERTING,
    4: CallState.INCOMING,
    5: CallState.WAITING,
}
CLCC_STATES = _CLCC_3GPP | {6: CallState.RELEASED}  # 6: SIMCom, "disconnected"
CCINFO_STATES = _CLCC_3GPP | {-1: CallState.RELEASED}  # Quectel +QIND: "ccinfo"
DSCI_STATES = {  # Quectel ^DSCI
    1: CallState.HELD,
    2: CallState.DIALING,
    3: CallState.ACTIVE,
    4: CallState.INCOMING,
    5: CallState.WAITING,
    6: CallState.RELEASED,
    7: CallState.ALERTING,
}
# 27.007 7.18 <mode>: 0 voice; 3 to 5 alternate between voice and data, in voice now.
VOICE_MODES = frozenset({0, 3, 4, 5})
_DIRECTIONS = {0: Direction.OUTGOING, 1: Direction.INCOMING}


@dataclass(frozen=True, slots=True)
class CallInfo:
    """One call of the modem's list: an entry of +CLCC, +QIND "ccinfo" or ^DSCI."""

    index: int
    direction: Direction
    state: CallState
    mode: int = 0
    multiparty: bool = False
    number: str | None = None
    number_type: int | None = None
    name: str | None = None

    @property
    def is_voice(self) -> bool:
        """False for data and fax: LTE modems list their packet bearer as a call."""
        return self.mode in VOICE_MODES


def parse_clcc(line: str) -> CallInfo:
    """Parse +CLCC: <id>,<dir>,<stat>,<mode>,<mpty>[,<number>,<type>[,<alpha>]] (27.007 7.18)."""
    return _call(split(body(line, "+CLCC")), CLCC_STATES)


def parse_slcc(line: str) -> CallInfo | None:
    """Parse Cinterion's ^SLCC: +CLCC with a <traffic> field; None for the empty end line."""
    fields = split(body(line, "^SLCC"))
    if fields == [""]:
        return None
    return _call(fields[:5] + fields[6:], _CLCC_3GPP)


def parse_ccinfo(fields: list[str]) -> CallInfo:
    """Parse what follows Quectel's +QIND: "ccinfo": the fields of +CLCC."""
    return _call(fields, CCINFO_STATES)


def parse_dsci(line: str) -> CallInfo:
    """Parse Quectel's ^DSCI: <id>,<dir>,<state>,<type>,<number>,<number type>[,<tone>].

    Other vendors use the name with more fields and other states: refused.
    """
    fields = split(body(line, "^DSCI"))
    if len(fields) not in _DSCI_FIELDS:
        raise ParseError("^DSCI of another vendor")
    index, direction, state, mode, dialed, kind = fields[:6]
    return _call([index, direction, state, mode, "0", dialed, kind], DSCI_STATES)


_DSCI_FIELDS = (6, 7)
_NUMBER_AT = 5  # <number> and <type> come together or not at all, 27.007 7.18


def parse_calls(lines: Iterable[str]) -> list[CallInfo]:
    """Read the +CLCC or ^SLCC lines of an answer; voice calls only, other lines ignored."""
    calls = [parse(line) for line in lines if (parse := _LIST_PARSERS.get(header(line)[0]))]
    return [call for call in calls if call is not None and call.is_voice]


_LIST_PARSERS = {"+CLCC": parse_clcc, "^SLCC": parse_slcc}


def _call(fields: list[str], states: Mapping[int, CallState]) -> CallInfo:
    if len(fields) == _NUMBER_AT + 1:
        raise ParseError("a number without its type")
    index, direction, state, mode, multiparty, dialed, kind, name, *_ = *fields, *_ABSENT
    try:
        return CallInfo(
            index=number(index),
            direction=_DIRECTIONS[number(direction)],
            state=states[number(state)],
            mode=number(mode),
            multiparty=multiparty == "1",
            number=dialed or None,
            number_type=number(kind) if kind else None,
            name=name or None,
        )
    except KeyError as error:
        raise ParseError("unknown direction or state of a call") from error


_ABSENT = ("",) * 8  # an answer may be shorter than its definition


# V.250 6.3.1 and 27.007 6.2: digits and the modifiers of a dial string.
_DIAL_CHARS = frozenset("0123456789*#+ABCD,TPW!@")
_SENDABLE_CHARS = frozenset("0123456789*#")


def is_dial_string(text: str) -> bool:
    """Whether 27.007 6.2 allows `text` as a dial string, modifiers included."""
    return bool(text) and _DIAL_CHARS.issuperset(text.upper())


def is_dialable(text: str) -> bool:
    """Whether we send `text` ourselves: only 0-9 * #, and + in front."""
    digits = text.removeprefix("+")
    return bool(digits) and _SENDABLE_CHARS.issuperset(digits)
