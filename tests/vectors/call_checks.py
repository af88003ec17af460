"""Kinds about calls: lists, news, why the last one ended, dial strings."""

from typing import Any

from modem.call_urcs import (
    CallerId,
    CallWaiting,
    Dtmf,
    MissedCall,
    Ring,
    VoiceCall,
)
from modem.calls import CLCC_STATES, CallInfo, CallState, Direction, is_dial_string, parse_calls
from modem.causes import parse_ceer
from modem.errors import ParseError
from modem.urc import Malformed, Urc, parse_urc
from tests.vectors.vector import Check, Vector

_STATE_NAMES = {
    CallState.INCOMING: "ringing_in",
    CallState.ALERTING: "ringing_out",
    CallState.RELEASED: "terminated",
}
_STATE_NUMBERS = {state: number for number, state in CLCC_STATES.items()}


def _clcc(vector: Vector) -> list[dict[str, Any]]:
    return [_call(call, empty="" if vector.expects("dir") else None) for call in _calls(vector)]


def _calls(vector: Vector) -> list[CallInfo]:
    return parse_calls(vector.lines)


def _call(call: CallInfo, empty: str | None) -> dict[str, Any]:
    return {
        "index": call.index,
        "direction": call.direction.value,
        "state": _STATE_NAMES.get(call.state, call.state.value),
        "number": call.number or empty,
        "dir": int(call.direction is Direction.INCOMING),
        "stat": _STATE_NUMBERS[call.state],
        "mode": call.mode,
        "mpty": int(call.multiparty),
        "type": call.number_type,
    }


def _urc_call(vector: Vector) -> dict[str, Any]:
    line = vector.line("")
    urc = parse_urc(line)
    if isinstance(urc, Malformed):
        raise ParseError(urc.reason)
    return {"urc": line.partition(":")[0]} | _urc_fields(urc)


def _urc_fields(urc: Urc) -> dict[str, Any]:
    match urc:
        case CallerId(number, number_type):
            fields: dict[str, Any] = {"number": number, "type": number_type}
        case CallWaiting(number, number_type, service_class):
            fields = {"number": number, "type": number_type, "class": service_class}
        case VoiceCall(begin, duration_s):
            fields = {"begin": begin, "duration": duration_s}
        case MissedCall(time, number):
            fields = {"details": f"{time} {number or ''}".strip()}
        case Ring(kind):
            fields = {"type": kind}
        case Dtmf(digit):
            fields = {"digit": digit}
        case _:
            fields = {}
    return fields


def _ceer(vector: Vector) -> dict[str, str]:
    return {"text": parse_ceer(vector.line("+CEER"))}


def _dial_number(vector: Vector) -> dict[str, bool]:
    return {"valid": is_dial_string(vector.raw)}


CALL_CHECKS: dict[str, Check] = {
    "clcc": _clcc,
    "urc_call": _urc_call,
    "ceer": _ceer,
    "dial_number": _dial_number,
}
