"""Commands about one call: dial, hangup, answer, dtmf."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from edge.cli.common import Failed, JsonOption, LineOption, ask, gateway, order, print_json
from edge.control_client import ControlClient, Published
from mqtt.messages import CallEvent, Cdr
from mqtt.vocabulary import Verb

CallArgument = Annotated[
    str, typer.Argument(metavar="CALL_ID", help="The call, as `trunkline calls` shows it.")
]


def dial(
    number: Annotated[str, typer.Argument(help="Whom to call, such as +43123456789.")],
    line: LineOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Show each state to the end; Ctrl-C hangs up.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Place a call. With --wait the exit code is 0 only if it was answered."""
    if wait:
        _dial_and_wait(gateway(), number, line, as_json=as_json)
        return
    reply = ask(gateway(), Verb.DIAL, as_json=as_json, to=number, line=line)
    if as_json:
        print_json(reply.as_dict())
    else:
        typer.echo(f"{reply.call_id} is placed; follow it with `trunkline calls`")


def hangup(call_id: CallArgument, as_json: JsonOption = False) -> None:
    """End a call in whichever state it is."""
    order(Verb.HANGUP, f"{call_id} is being ended", as_json=as_json, call_id=call_id)


def answer(call_id: CallArgument, as_json: JsonOption = False) -> None:
    """Take an incoming call."""
    order(Verb.ANSWER, f"{call_id} is being answered", as_json=as_json, call_id=call_id)


def dtmf(
    call_id: CallArgument,
    digits: Annotated[str, typer.Argument(help="0-9, A-D, * and #; ! presses the hook.")],
    as_json: JsonOption = False,
) -> None:
    """Send digits into an answered call."""
    done = f"the digits go to {call_id}"
    order(Verb.DTMF, done, as_json=as_json, call_id=call_id, digits=digits)


def _dial_and_wait(client: ControlClient, number: str, line: str | None, *, as_json: bool) -> None:
    with client.watching() as told:
        reply = ask(client, Verb.DIAL, as_json=as_json, to=number, line=line)
        call_id = reply.call_id or ""
        if as_json:
            print_json({"reply": reply.as_dict()})
        with _hanging_up_on_interrupt(client, call_id):
            cdr = _follow(told, call_id, as_json=as_json)
    if not cdr.answered_at:
        raise Failed("")


@contextmanager
def _hanging_up_on_interrupt(client: ControlClient, call_id: str) -> Iterator[None]:
    """Ctrl-C hangs up, and the CDR still comes; a second one leaves at once."""

    def hang_up(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        client.command(Verb.HANGUP, call_id=call_id)

    before = signal.signal(signal.SIGINT, hang_up)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _follow(told: Iterator[Published], call_id: str, *, as_json: bool) -> Cdr:
    """Print what is told of a call until its CDR, and give that."""
    while True:
        match next(told).event():
            case CallEvent(call_id=told_id) as event if told_id == call_id:
                _print(event, {"event": event.as_dict()}, as_json=as_json)
            case Cdr(call_id=told_id) as cdr if told_id == call_id:
                _print(cdr, {"cdr": cdr.as_dict()}, as_json=as_json)
                return cdr
            case _:
                pass


def _print(event: CallEvent | Cdr, facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    at = f"{event.ts.astimezone():%H:%M:%S}"
    match event:
        case Cdr():
            raw = f" ({event.raw_cause})" if event.raw_cause else ""
            typer.echo(f"{at}  {event.cause}{raw}, talked {event.talk_s:.0f} s")
        case CallEvent(dtmf=str(digits)):
            typer.echo(f"{at}  heard {digits}")
        case CallEvent():
            typer.echo(f"{at}  {event.state}  {event.line or ''}".rstrip())
