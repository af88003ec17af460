"""Commands about the sound of calls: bridge, transfer, hold, play, record, monitor; and phones."""

from typing import Annotated

import typer

from edge.cli.call import CallArgument
from edge.cli.common import JsonOption, gateway, order, print_json
from mqtt.vocabulary import MonitorMode, RecordAction, Side, Verb

ToArgument = Annotated[str, typer.Argument(metavar="EXTENSION", help="An extension or a group.")]


def bridge(
    call_id: CallArgument,
    to: ToArgument,
    auto_answer: Annotated[
        bool, typer.Option("--auto-answer", help="Tell the phone to answer by itself.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Connect a call with an extension; an incoming one is answered for it."""
    done = f"{to} rings for {call_id}"
    order(Verb.BRIDGE, done, as_json=as_json, call_id=call_id, to=to, auto_answer=auto_answer)


def transfer(call_id: CallArgument, to: ToArgument, as_json: JsonOption = False) -> None:
    """Hand a call over to another extension."""
    order(Verb.TRANSFER, f"{to} rings for {call_id}", as_json=as_json, call_id=call_id, to=to)


def hold(
    call_id: CallArgument,
    off: Annotated[bool, typer.Option("--off", help="Go on with the call.")] = False,
    music: Annotated[
        str | None, typer.Option(metavar="ID", help="Announcement that the line hears.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a call, or go on with it."""
    done = f"{call_id} goes on" if off else f"{call_id} is held"
    order(Verb.HOLD, done, as_json=as_json, call_id=call_id, on=not off, music=music)


def play(
    call_id: CallArgument,
    announcement: Annotated[
        str | None, typer.Argument(metavar="ID", help="An announcement of `trunkline announce`.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="Speak this instead.")] = None,
    side: Annotated[Side, typer.Option(help="Who hears it.")] = Side.LINE,
    repeat: Annotated[int, typer.Option(min=1, max=100, help="How often.")] = 1,
    stop: Annotated[bool, typer.Option("--stop", help="End what plays.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Play an announcement into a call."""
    order(
        Verb.PLAY,
        f"{call_id} hears no announcement any more" if stop else f"it plays into {call_id}",
        as_json=as_json,
        call_id=call_id,
        announcement=announcement,
        text=text,
        side=side,
        repeat=repeat,
        stop=stop,
    )


def record(
    call_id: CallArgument,
    action: Annotated[RecordAction, typer.Argument(help="What to do.")] = RecordAction.START,
    as_json: JsonOption = False,
) -> None:
    """Record a call, or stop, pause, resume its recording."""
    done = f"recording of {call_id}: {action}"
    order(Verb.RECORD, done, as_json=as_json, call_id=call_id, action=action)


def monitor(
    call_id: CallArgument,
    to: ToArgument,
    mode: Annotated[MonitorMode, typer.Argument(help="What it may do.")] = MonitorMode.LISTEN,
    as_json: JsonOption = False,
) -> None:
    """Let a supervisor's phone into a call: listen, whisper, join, or off."""
    done = f"{to} leaves {call_id}" if mode is MonitorMode.OFF else f"{to}: {mode} in {call_id}"
    order(Verb.MONITOR, done, as_json=as_json, call_id=call_id, to=to, mode=mode)


def phones(as_json: JsonOption = False) -> None:
    """Show which phones are registered, and the links to PBXs."""
    found = gateway().own("phones")
    if as_json:
        print_json(found)
        return
    for phone in found["phones"]:
        where = ", ".join(phone["contacts"]) or "not registered"
        typer.echo(f"{phone['name']:<12} {phone['title']:<24} {where}")
    for pbx in found["pbxs"]:
        state = "there" if pbx["there"] else "not there"
        typer.echo(f"pbx {pbx['name']:<8} {pbx['mode']:<24} {state}")
