"""AT command lines (V.250 clause 5): text to requests, tables of what answers them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.modem import Modem


class Kind(Enum):
    """The four forms of a command."""

    RUN = auto()
    READ = auto()
    TEST = auto()
    SET = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """One command of a line: "+CREG", its form, and what stood behind "="."""

    name: str
    kind: Kind = Kind.RUN
    text: str = ""

    @property
    def args(self) -> list[str]:
        """The fields behind "=", unquoted."""
        return [_unquote(field) for field in _outside_quotes(self.text, ",")]

    def arg(self, place: int, default: str = "") -> str:
        """Return one field, or the default where it is missing or empty."""
        args = self.args
        return args[place] if place < len(args) and args[place] else default


@dataclass(frozen=True, slots=True)
class Reply:
    """Lines and the final result; final None: the handler calls `console.conclude` later.

    `after` runs once the result is on the wire.
    """

    lines: tuple[str, ...] = ()
    final: str | None = "OK"
    after: Callable[[], object] | None = None


OK = Reply()
WAIT = Reply(final=None)
NO_CARRIER = Reply(final="NO CARRIER")


def info(*lines: str) -> Reply:
    """Answer with lines and OK."""
    return Reply(lines)


CME_TEXTS = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    21: "invalid index",
    30: "no network service",
    50: "Incorrect parameters",
    100: "unknown",
}


class CommandError(Exception):
    """The command fails: plain ERROR, or with a code of +CME or +CMS."""

    def __init__(self, kind: str = "", code: int = 0) -> None:
        super().__init__(kind, code)
        self._kind = kind
        self._code = code

    def final(self, cmee: str) -> str:
        """Return the final result; AT+CMEE decides how +CME ERROR is told."""
        if not self._kind or (self._kind == "CME" and cmee == "0"):
            return "ERROR"
        in_words = self._kind == "CME" and cmee == "2"
        what = CME_TEXTS.get(self._code, "unknown") if in_words else self._code
        return f"+{self._kind} ERROR: {what}"


def cme(code: int) -> CommandError:
    """Return a +CME ERROR (27.007 clause 9.2)."""
    return CommandError("CME", code)


def cms(code: int) -> CommandError:
    """Return a +CMS ERROR (27.005 clause 3.2.5)."""
    return CommandError("CMS", code)


Handler = Callable[["Modem", Request], Reply]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that is kept, checked by a pattern and read back; ATZ restores the default."""

    name: str
    default: str
    pattern: str = ""


class Commands:
    """A table of handlers and settings; a family's table lies over the common one."""

    def __init__(self, *below: Commands) -> None:
        self.handlers: dict[str, Handler] = {}
        self.settings: dict[str, Setting] = {}
        self.tests: dict[str, str] = {}
        for table in below:
            self.tests |= table.tests
            self.handlers |= table.handlers
            self.settings |= table.settings

    def on(self, *names: str, test: str = "") -> Callable[[Handler], Handler]:
        """Register a handler for these names, and what "=?" answers behind the name."""

        def keep(handler: Handler) -> Handler:
            self.handlers |= dict.fromkeys(names, handler)
            self.tests |= dict.fromkeys(names, test)
            return handler

        return keep

    def keep(self, name: str, default: str, pattern: str, test: str = "") -> None:
        """Register a setting that needs no handler of its own."""
        setting = Setting(name, default, pattern)
        self.settings[name] = setting
        self.tests[name] = test
        self.handlers[name] = lambda modem, request: _keep(modem, request, setting)

    def default(self, name: str, value: str) -> None:
        """Give a setting's default value alone, for a command with a handler."""
        self.settings[name] = Setting(name, value)

    def accept(self, *names: str) -> None:
        """Say OK to whatever is asked."""
        self.handlers |= dict.fromkeys(names, _accept)

    def say(self, name: str, *lines: str) -> None:
        """Answer the command in any form with fixed lines."""
        self.handlers[name] = lambda _modem, _request: info(*lines)

    def remove(self, *names: str) -> None:
        """Forget commands that a family does not know."""
        for name in names:
            del self.handlers[name]


def _accept(_modem: Modem, _request: Request) -> Reply:
    return OK


def _keep(modem: Modem, request: Request, setting: Setting) -> Reply:
    if request.kind is Kind.READ:
        return info(f"{setting.name}: {modem.settings[setting.name]}")
    if not re.fullmatch(setting.pattern, request.text):
        raise cme(50)
    modem.settings[setting.name] = request.text
    return OK


_EXTENDED = re.compile(r"[+^*$%#][A-Z0-9_]+", re.IGNORECASE)
_BASIC = re.compile(r"(&?[A-Z])([0-9]*)(\?|=\?)?", re.IGNORECASE)
_S_PARAMETER = re.compile(r"S([0-9]+)(=([0-9]*)|\?)", re.IGNORECASE)


def parse(body: str) -> list[Request]:
    """Cut what stands behind "AT" into requests; raises ValueError."""
    requests = []
    rest = body.strip()
    while rest:
        request, rest = _first(rest)
        requests.append(request)
        rest = rest.lstrip(" ;")
    return requests


def _first(rest: str) -> tuple[Request, str]:
    if match := _EXTENDED.match(rest):
        name = match.group().upper()
        return _extended(name, rest[match.end() :])
    if rest[0] in "Dd":
        end = rest.find(";") + 1 or len(rest)
        return Request("D", Kind.SET, rest[1:end].strip()), rest[end:]
    if match := _S_PARAMETER.match(rest):
        kind = Kind.READ if match[2] == "?" else Kind.SET
        return Request("S", kind, f"{match[1]},{match[3] or ''}"), rest[match.end() :]
    if match := _BASIC.match(rest):
        kind = Kind.SET if match[2] else Kind.RUN
        return Request(match[1].upper(), kind, match[2]), rest[match.end() :]
    raise ValueError(f"not a command: {rest!r}")


def _extended(name: str, tail: str) -> tuple[Request, str]:
    text = _outside_quotes(tail, ";")[0]
    rest = tail[len(text) :]
    text = text.strip()
    if not text:
        return Request(name), rest
    if text == "?":
        return Request(name, Kind.READ), rest
    if text == "=?":
        return Request(name, Kind.TEST), rest
    if text[0] in "=:":  # some Huawei commands are written with a colon
        return Request(name, Kind.SET, text[1:].strip()), rest
    raise ValueError(f"not a command: {name}{text!r}")


def _outside_quotes(text: str, separator: str) -> list[str]:
    """Split at separators that are not between quotes."""
    pieces = [""]
    quoted = False
    for char in text:
        quoted ^= char == '"'
        if char == separator and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


def _unquote(field: str) -> str:
    return field.strip().removeprefix('"').removesuffix('"')
