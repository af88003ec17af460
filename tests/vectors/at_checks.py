"""Vectors of the AT dialogue: what ends a command, echoes, whole exchanges, streams."""

from typing import Any

from modem.at.command import Answer, Command
from modem.at.dialog import Dialog, Event, Write
from modem.at.final import FinalKind, parse_final
from modem.at.framing import Assembler, Framer, Message
from modem.urc import is_urc
from tests.vectors.vector import Check, Vector

_LATER = 3600.0  # seconds: past every time-out


def _final(vector: Vector) -> Any:
    found = [final for line in vector.lines if (final := parse_final(line))]
    return {"final": bool(found), "error": bool(found) and not found[0].ok}


def _echo(vector: Vector) -> Any:
    """What stands before the first CR LF was sent by us: the dialogue must not pass it on."""
    sent, ended, _ = vector.raw.partition("\r\n")
    dialog = Dialog()
    if ended and sent.strip():
        dialog.send(Command(sent, bare=True), 0.0)
    else:
        dialog.send(Command("AT", bare=True), 0.0)
    events = [*dialog.receive(f"{vector.raw}\r\n".encode(), 0.0), *dialog.handle_timer(_LATER)]
    kept = [line for event in events for line in _lines(event)]
    expected = str(vector.expect["without_echo"])
    same = kept == [line for line in expected.splitlines() if line]
    return {"without_echo": expected if same else "\r\n".join(kept)}


def _lines(event: Event) -> list[str]:
    match event:
        case Answer():
            return [*event.lines, *([event.final.text] if event.final else [])]
        case Message():
            return [event.text]
        case _:
            return []


def _exchange(vector: Vector) -> Any:
    if vector.raw:
        return _gammu_exchange(vector)
    asked = vector.input
    body = str(asked["body"]).rstrip("\x1a") if asked.get("body") else None
    text = str(asked["command"]).strip()
    dialog = Dialog()
    dialog.send(Command(text, bare=True, body=body, call=text.startswith("ATD")), 0.0)
    events: list[Event] = []
    for reply in asked.get("replies") or []:
        events += dialog.receive(str(reply).encode(), 0.0)
    if any(isinstance(event, Write) for event in events):
        for reply in asked.get("body_replies") or []:
            events += dialog.receive(str(reply).encode(), 0.0)
    return _outcome(next(event for event in events if isinstance(event, Answer)))


def _outcome(answer: Answer) -> Any:
    final = answer.final
    if final is None:
        return {"info": answer.lines, "error": "at.ErrDeadlineExceeded"}
    connected = [final.text] if final.kind is FinalKind.CONNECT else []
    return {"info": [*answer.lines, *connected], "error": None if final.ok else _error(answer)}


def _error(answer: Answer) -> Any:
    """The source's names of its errors: the kind of the final result, and what it carries."""
    final = answer.final
    assert final
    detail = final.text.partition(":")[2].strip()
    match final.kind:
        case FinalKind.CME | FinalKind.CMS:
            return {"call": f"at.{final.kind.upper()}Error", "args": [detail]}
        case FinalKind.ERROR:
            return "at.ErrError"
        case _:
            return {"call": "at.ConnectError", "args": [final.text]}


def _gammu_exchange(vector: Vector) -> Any:
    """Echo, answer and end in one text; a modem that forgets its OK is marked in the note."""
    text = vector.lines[0]
    forgets = "=TRUE" in vector.note
    dialog = Dialog()
    prefix = text[2:].split("=")[0].rstrip("?") + ":"
    dialog.send(Command(text, prefixes=(prefix,), bare=True, final_optional=forgets), 0.0)
    events = [*dialog.receive(vector.raw.encode(), 0.0), *dialog.handle_timer(1.0)]
    answers = [event for event in events if isinstance(event, Answer)]
    if answers and answers[0].ok:
        return {"reply_state": "OK", "error": None}
    return {"reply_state": "Unknown", "error": "UNKNOWNRESPONSE"}


def _stream(vector: Vector) -> Any:
    """Unsolicited pieces and the others, each in their order: the dialogue gives two streams.

    CR and LF around a piece carry nothing. Of a stream that breaks off inside an answer only the
    unsolicited pieces are certain.
    """
    whole = vector.raw.endswith(("\r", "\n"))
    expected = [piece for piece in vector.expect if _bare(piece["raw"])]
    urcs = [piece for piece in expected if piece.get("isUnsolicited")]
    rest = [piece for piece in expected if not piece.get("isUnsolicited")]
    messages = _messages(vector.raw)
    told = [_text(m) for m in messages if not m.final and is_urc(m.text)]
    if [_bare(piece["raw"]) for piece in urcs] != [t for t in told if _is_of(t, urcs)]:
        return told
    others = _merged([m for m in messages if not _is_of(_text(m), urcs)])
    if whole and others != _expected_others(rest):
        return others
    return vector.expect


def _messages(raw: str) -> list[Message]:
    framer, assembler = Framer(), Assembler()
    lines = framer.feed(raw.encode("latin-1"))
    return [*(m for line in lines for m in assembler.feed(line)), *assembler.flush()]


def _is_of(text: str, pieces: list[Any]) -> bool:
    return any(_bare(piece["raw"]) == text for piece in pieces)


def _text(message: Message) -> str:
    return "\n".join(filter(None, (message.text, message.pdu)))


def _bare(raw: str) -> str:
    """A piece without the line ends around it."""
    return "\n".join(line for line in raw.replace("\r", "\n").split("\n") if line.strip())


def _merged(messages: list[Message]) -> list[tuple[bool, str]]:
    """Final or not, and text; the lines of one answer, or of one echo, are one piece."""
    return _join([(m.final is not None, _text(m)) for m in messages])


def _expected_others(pieces: list[Any]) -> list[tuple[bool, str]]:
    return _join([(bool(piece.get("isFinal")), _bare(piece["raw"])) for piece in pieces])


def _join(pieces: list[tuple[bool, str]]) -> list[tuple[bool, str]]:
    joined: list[tuple[bool, str]] = []
    for final, text in pieces:
        if joined and not final and not joined[-1][0]:
            joined[-1] = (False, f"{joined[-1][1]}\n{text}")
        else:
            joined.append((final, text))
    return joined


AT_CHECKS: dict[str, Check] = {
    "at_final": _final,
    "at_echo": _echo,
    "at_exchange": _exchange,
    "at_stream": _stream,
}
