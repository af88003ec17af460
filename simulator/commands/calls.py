"""Dialling, answering, hanging up, holding, DTMF."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.at import NO_CARRIER, OK, Commands, Kind, Reply, Request, cme, info
from simulator.board import Leg, State
from simulator.calls import Cause
from simulator.commands.sim import open_card

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.modem import Modem

COMMANDS = Commands()
COMMANDS.keep("+CRC", "0", r"[01]", "(0,1)")
COMMANDS.keep("+COLP", "0", r"[01]", "(0,1)")
COMMANDS.keep("+CSSN", "0,0", r"[01](,[01])?", "(0,1),(0,1)")
COMMANDS.keep("+CVHU", "0", r"[0-2]", "(0-2)")
COMMANDS.keep("+VTD", "1", r"[0-9]{1,3}")
COMMANDS.keep("+CMOD", "0", r"[0-3]")
COMMANDS.keep("+CSTA", "129", r"[0-9]{1,3}")
COMMANDS.keep("+CLVL", "3", r"[0-9]{1,3}", "(0-7)")
COMMANDS.keep("+CMUT", "0", r"[01]", "(0,1)")
COMMANDS.default("+CLIP", "0")
COMMANDS.default("+CLIR", "0")
COMMANDS.default("+CCWA", "0")

_NUMBER = re.compile(r"[0-9*#+ABCD]{1,40}", re.IGNORECASE)
_RINGING = (State.INCOMING, State.WAITING)
_WITHHOLD = "1"


@COMMANDS.on("D")
def dial(modem: Modem, request: Request) -> Reply:
    """Start a voice call (V.250 clause 6.3.1); without ";" it would be a data call."""
    if not request.text.endswith(";"):
        return NO_CARRIER
    text = re.sub(r"[-() ,pwtPWT]", "", request.text[:-1])
    number = text.rstrip("iIgG")
    if not _NUMBER.fullmatch(number):
        raise cme(50)
    open_card(modem)
    if not modem.radio.registered:
        raise cme(30)
    if modem.board.full:
        raise cme(3)
    withheld = modem.settings["+CLIR"] == _WITHHOLD or "I" in text
    leg = modem.board.dial(number)
    return Reply(after=lambda: modem.board.launch(leg, withheld=withheld))


@COMMANDS.on("A")
def answer(modem: Modem, _request: Request) -> Reply:
    """Answer the call that rings or waits."""
    ringing = modem.board.of(*_RINGING)
    if not ringing:
        return NO_CARRIER
    if modem.dialect.connects_before_ok:
        modem.board.accept(ringing[0])
        return OK
    return Reply(after=lambda: modem.board.accept(ringing[0]))


@COMMANDS.on("H", "+CHUP")
def hang_up(modem: Modem, _request: Request) -> Reply:
    """End the active calls or the one being set up, else reject the ringing one."""
    board = modem.board
    legs = board.of(State.ACTIVE, State.DIALING, State.ALERTING) or board.of(State.INCOMING)
    return Reply(after=lambda: _end(modem, legs or board.of(State.HELD)))


def _end(modem: Modem, legs: list[Leg], cause: int | None = None) -> None:
    for leg in legs:
        modem.board.hang_up(leg, cause)


@COMMANDS.on("+CLCC")
def list_calls(modem: Modem, _request: Request) -> Reply:
    """List the calls (27.007 clause 7.18), and a data bearer where the modem shows it."""
    bearer = ('+CLCC: 1,0,0,1,0,"",128',) if modem.board.has_data_bearer else ()
    return info(*bearer, *(modem.dialect.clcc(leg) for leg in modem.board.legs))


@COMMANDS.on("+CEER")
def end_report(modem: Modem, _request: Request) -> Reply:
    """Tell why the last call ended (27.007 clause 6.10)."""
    last = modem.board.last
    return info(f"+CEER: {modem.dialect.end_report(last)}")


@COMMANDS.on("+CLIP", test="(0,1)")
def caller_number(modem: Modem, request: Request) -> Reply:
    """Choose whether callers' numbers are told (27.007 clause 7.6)."""
    if request.kind is Kind.READ:
        return info(f"+CLIP: {modem.settings['+CLIP']},1")
    return _choose(modem, request, "01")


@COMMANDS.on("+CLIR", test="(0-2)")
def hide_number(modem: Modem, request: Request) -> Reply:
    """Choose whether our number is shown (27.007 clause 7.7)."""
    if request.kind is Kind.READ:
        return info(f"+CLIR: {modem.settings['+CLIR']},4")
    return _choose(modem, request, "012")


@COMMANDS.on("+CCWA", test="(0,1)")
def call_waiting(modem: Modem, request: Request) -> Reply:
    """Choose whether a second caller waits or is told busy (27.007 clause 7.12)."""
    if request.kind is Kind.READ:
        return info(f"+CCWA: {modem.settings['+CCWA']}")
    if request.arg(1) == "2":
        return info(f"+CCWA: {modem.settings['+CCWA']},1")
    if request.arg(1) == "0":
        modem.settings["+CCWA"] = "0"
        return OK
    return _choose(modem, request, "01")


def _choose(modem: Modem, request: Request, allowed: str) -> Reply:
    if request.arg(0) not in tuple(allowed):
        raise cme(50)
    modem.settings[request.name] = request.arg(0)
    return OK


@COMMANDS.on("+VTS", test="(0-9,*,#,A-D)")
def dtmf(modem: Modem, request: Request) -> Reply:
    """Send DTMF into the active call (27.007 clause C.2.11)."""
    active = modem.board.of(State.ACTIVE)
    if not active or not re.fullmatch(r"[0-9*#A-D]{1,32}", request.arg(0)):
        raise cme(3)
    modem.board.press(active[0], request.arg(0))
    return OK


@COMMANDS.on("+CHLD", test="(0,1,1x,2,2x,3)")
def supplementary(modem: Modem, request: Request) -> Reply:
    """Hold, accept, reject, join (27.007 clause 7.13, 22.030 clause 6.5.5)."""
    action, index = request.text[:1], request.text[1:]
    if index and index.isdigit() and action in "12":
        leg = modem.board.by_index(int(index))
        if leg is None:
            raise cme(21)
        return _HOLD_ONE[action](modem, leg)
    if index or action not in _HOLD:
        raise cme(50)
    return _HOLD[action](modem)


def _release_held(modem: Modem) -> Reply:
    waiting = modem.board.of(*_RINGING)
    cause = Cause.BUSY if waiting else None
    return Reply(after=lambda: _end(modem, waiting or modem.board.of(State.HELD), cause))


def _release_active(modem: Modem) -> Reply:
    _end(modem, modem.board.of(State.ACTIVE))
    return _swap(modem)


def _swap(modem: Modem) -> Reply:
    """Hold what is active; take the waiting call, else what was held."""
    board = modem.board
    ringing, held = board.of(*_RINGING), board.of(State.HELD)
    if ringing:
        return Reply(after=lambda: board.accept(ringing[0]))
    board.hold_active()
    for leg in held:
        board.change(leg, State.ACTIVE)
    return OK


def _join(modem: Modem) -> Reply:
    held = modem.board.of(State.HELD)
    if not held:
        raise cme(3)
    for leg in held + modem.board.of(State.ACTIVE):
        leg.multiparty = True
        modem.board.change(leg, State.ACTIVE)
    return OK


def _release_one(modem: Modem, leg: Leg) -> Reply:
    return Reply(after=lambda: _end(modem, [leg]))


def _talk_to_one(modem: Modem, leg: Leg) -> Reply:
    if leg.state not in (State.ACTIVE, State.HELD):
        raise cme(3)
    for other in modem.board.of(State.ACTIVE):
        modem.board.change(other, State.HELD)
    modem.board.change(leg, State.ACTIVE)
    return OK


_HOLD: dict[str, Callable[[Modem], Reply]] = {
    "0": _release_held,
    "1": _release_active,
    "2": _swap,
    "3": _join,
}
_HOLD_ONE: dict[str, Callable[[Modem, Leg], Reply]] = {"1": _release_one, "2": _talk_to_one}
