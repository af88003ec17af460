"""Caller id as voice modems tell it between rings: a line a field, or one line of hex.

    DATE = 0805      TIME=1432      NMBR = 0123456789      NAME = EXAMPLE LTD      MESG = 8018...

Fields come in any order, some never. The hex is the exchange's own message (ETSI EN 300 659-3,
Bellcore GR-30): type, length, parameters, check sum.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

MAX_NAME = 50  # characters, EN 300 659-3 5.4.5
_LINE = re.compile(r"(DATE|TIME|NMBR|NAME|MESG)\s*=\s*(.{0,600}?)\s*")
_NUMBER = re.compile(r"\+?[0-9*#]{1,24}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){3,258}")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_WITHHELD = frozenset({"P", "PRIVATE"})
_UNKNOWN = frozenset({"O", "OUT OF AREA", "UNAVAILABLE"})

_SINGLE, _MULTIPLE = 0x04, 0x80  # message types: SDMF and MDMF
_AT, _NUMBER_OF, _NO_NUMBER, _NAME_OF = 0x01, 0x02, 0x04, 0x07  # parameter types
_AT_LENGTH = 8  # MMDDHHMM
_AROUND = 3  # octets of a message around its parameters: type, length, check sum


@dataclass(frozen=True, slots=True)
class CallerId:
    """What is known of who calls; `withheld` where he does not want it known."""

    number: str | None = None
    name: str | None = None
    at: str | None = None  # MMDD, HHMM or MMDDHHMM of the exchange
    withheld: bool = False


class CallerIdReader:
    """Collects the lines of one call; `take` gives what there is and begins anew."""

    def __init__(self) -> None:
        self._known = CallerId()

    @property
    def has_number(self) -> bool:
        """Whether the number came, or that there is none to show."""
        return self._known.number is not None or self._known.withheld

    def hear(self, line: str) -> bool:
        """Take a line; False when it is none of caller id."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            return False
        self._put(found[1], found[2])
        return True

    def take(self) -> CallerId | None:
        """All that was told since the last time; None where nothing was."""
        known, self._known = self._known, CallerId()
        return None if known == CallerId() else known

    def _put(self, field: str, value: str) -> None:
        match field:
            case "NMBR":
                self._put_number(value)
            case "NAME":
                self._put_name(value)
            case "MESG":
                for kind, text in _parameters(value):
                    self._put_parameter(kind, text)
            case _ if _FOUR_DIGITS.fullmatch(value):
                at = (self._known.at or "") + value
                self._known = replace(self._known, at=at[-_AT_LENGTH:])
            case _:
                pass

    def _put_number(self, value: str) -> None:
        if value.upper() in _WITHHELD:
            self._known = replace(self._known, number=None, withheld=True)
        elif value.upper() not in _UNKNOWN and _NUMBER.fullmatch(value):
            self._known = replace(self._known, number=value)

    def _put_name(self, value: str) -> None:
        name = "".join(letter for letter in value if letter.isprintable())[:MAX_NAME].strip()
        if name and name.upper() not in _WITHHELD | _UNKNOWN:
            self._known = replace(self._known, name=name)

    def _put_parameter(self, kind: int, text: str) -> None:
        match kind:
            case _ if kind in {_NUMBER_OF, _NO_NUMBER}:
                self._put_number(text.strip())
            case _ if kind == _NAME_OF:
                self._put_name(text)
            case _ if kind == _AT and text.isdecimal() and len(text) == _AT_LENGTH:
                self._known = replace(self._known, at=text)
            case _:
                pass


def _parameters(digits: str) -> Iterator[tuple[int, str]]:
    """The parameters of a message in hex, none of one that is damaged."""
    message = bytes.fromhex(digits) if _HEX.fullmatch(digits) else b""
    if not message or message[1] != len(message) - _AROUND or sum(message) % 256:
        return
    body = message[2:-1]
    if message[0] == _SINGLE:
        yield _AT, body[:_AT_LENGTH].decode("latin-1")
        yield _NUMBER_OF, body[_AT_LENGTH:].decode("latin-1")
    while message[0] == _MULTIPLE and len(body) > 1:
        end = 2 + body[1]
        yield body[0], body[2:end].decode("latin-1")
        body = body[end:]
