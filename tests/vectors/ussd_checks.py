"""The kind `cusd`: one reply, or a whole exchange through the dialogue."""

from typing import Any

from modem.at.command import Answer, Command
from modem.at.dialog import Dialog
from modem.at.framing import Message
from modem.errors import ParseError
from modem.ussd import (
    UssdEvent,
    UssdSession,
    UssdState,
    coding_of,
    decode_ussd,
    parse_cusd,
)
from tests.vectors.vector import Check, Vector

_CODING_HINTS = {"plain": "plain", "ucs2": "ucs2-hex", "gsm": "packed-hex", "7bit": "packed-hex"}


def _cusd(vector: Vector) -> dict[str, Any]:
    return _exchange(vector) if "replies" in vector.input else _reply(vector)


def _reply(vector: Vector) -> dict[str, Any]:
    start = vector.raw.find("+CUSD")
    reply = parse_cusd(vector.raw[max(start, 0) :])
    payload = reply.payload or ""
    return {
        "status": reply.status.value,
        "dcs": reply.dcs,
        "payload": payload,
        "encoding": _named(coding_of(payload, reply.dcs).value, vector.expect.get("encoding", "")),
        "text": decode_ussd(payload, reply.dcs),
    }


def _named(coding: str, wanted: str) -> str:
    """Give `wanted` where it is another name of the same coding."""
    ours = next((ours for hint, ours in _CODING_HINTS.items() if hint in wanted), wanted)
    return wanted if ours == coding else coding


def _exchange(vector: Vector) -> dict[str, Any]:
    """Play the exchange; numbers among the replies are pauses in seconds."""
    dialog, session, now = Dialog(), UssdSession(), 0.0
    dialog.send(Command(vector.input["command"].strip()), now)
    for reply in vector.input["replies"]:
        if isinstance(reply, str):
            for event in dialog.receive(reply.encode(), now):
                _feed(session, event)
        else:
            now += reply
    if session.state in {UssdState.CLOSING, UssdState.RELEASING}:
        session.feed(UssdEvent.TIMED_OUT)
    if session.state is UssdState.FAILED:
        raise ParseError(session.reason or "failed")
    wanted = vector.expect.get("text", "")
    text = (session.text or "").replace("\n", "\r\n" if "\r\n" in wanted else "\n")
    return {
        "text": text,
        "session_open": session.state is UssdState.MENU,
        "extra_message_is_dropped": text == wanted,
        "extra_lines_are_not_text": text == wanted,
    }


def _feed(session: UssdSession, event: object) -> None:
    match event:
        case Answer(final=final) if final is not None:
            session.feed(UssdEvent.ACCEPTED if final.ok else UssdEvent.REFUSED, final.text)
        case Message(text) if text.startswith("+CUSD"):
            session.reply(parse_cusd(text))


USSD_CHECKS: dict[str, Check] = {"cusd": _cusd}
