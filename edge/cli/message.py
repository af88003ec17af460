"""Commands that send text: sms, ussd."""

from collections.abc import Iterator
from typing import Annotated

import typer

from edge.cli.common import (
    Failed,
    JsonOption,
    LineOption,
    ask,
    gateway,
    print_json,
    read_line,
    safe,
)
from edge.control_client import ControlClient, Published
from mqtt.messages import SmsEvent, UssdEvent
from mqtt.vocabulary import SmsState, UssdState, Verb

SENDING_S = 120  # without a word of the gateway, then we give up
USSD_S = 120


def sms(
    number: Annotated[str, typer.Argument(help="Who gets it.")],
    text: Annotated[str, typer.Argument(help="The text, up to 1530 characters.")],
    line: LineOption = None,
    report: Annotated[
        bool, typer.Option("--report", "-r", help="Ask for a delivery report and wait for it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a short message; returns when the network took it."""
    client = gateway()
    over = {SmsState.FAILED, SmsState.DELIVERED if report else SmsState.SENT}
    with client.watching(None if report else SENDING_S) as told:
        reply = ask(
            client,
            Verb.SMS,
            as_json=as_json,
            to=number,
            text=text,
            line=line,
            status_report=report,
        )
        event = _sms_event(told, reply.sms_id, over)
    if as_json:
        print_json(event.as_dict())
    else:
        typer.echo(f"{event.state}, {event.parts} part(s), by {event.line}")
    if event.state is SmsState.FAILED:
        raise Failed(f"The message was not sent: {event.reason or 'no reason given'}.")


def ussd(
    line: Annotated[str, typer.Argument(help="The line, as `trunkline lines` shows it.")],
    code: Annotated[str, typer.Argument(help="The code, such as *100#.")],
    as_json: JsonOption = False,
) -> None:
    """Send a USSD code and show the reply; a menu is answered by lines on stdin."""
    client = gateway()
    event = _session(client, as_json=as_json, line=line, text=code)
    while event.state is UssdState.MENU:
        choice = read_line("answer, empty to end: ")
        if not choice:
            client.command(Verb.USSD, line=line, session_id=event.session_id, cancel=True)
            return
        event = _session(
            client, as_json=as_json, line=line, text=choice, session_id=event.session_id
        )
    if event.state is not UssdState.REPLY:
        raise Failed(f"The session ended, {event.state}: {event.reason or 'no reason given'}.")


def _session(client: ControlClient, *, as_json: bool, **arguments: str) -> UssdEvent:
    """Send a code or an answer, print what the network says to it."""
    with client.watching(USSD_S) as told:
        reply = ask(client, Verb.USSD, as_json=as_json, **arguments)
        event = _ussd_event(told, reply.session_id)
    if as_json:
        print_json(event.as_dict())
    elif event.text:
        typer.echo(safe(event.text))
    return event


def _sms_event(told: Iterator[Published], sms_id: str | None, over: set[SmsState]) -> SmsEvent:
    """Wait until a message is in one of the states."""
    while True:
        event = next(told).event()
        if isinstance(event, SmsEvent) and event.sms_id == sms_id and event.state in over:
            return event


def _ussd_event(told: Iterator[Published], session_id: str | None) -> UssdEvent:
    while True:
        event = next(told).event()
        if isinstance(event, UssdEvent) and event.session_id == session_id:
            return event
