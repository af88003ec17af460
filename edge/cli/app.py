"""All commands of `trunkline` in one Typer app.

A command imports what is heavy when it runs, so that every other one starts quickly.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from config import load
from edge.cli import (
    announce,
    call,
    config,
    demo,
    deny,
    explain,
    hardware,
    ledger,
    line,
    message,
    money,
    recordings,
    service,
    show,
    sim,
    simulate,
    tones,
    voice,
    vouchers,
    why,
)
from edge.cli.common import in_sentences

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="A telephone gateway: USB modems, told what to do over MQTT.",
)
_COMMANDS = {
    "The gateway": (service.run, demo.demo, simulate.simulate, hardware.detect),
    "What it does": (show.lines, show.calls),
    "Calls": (why.why, call.dial, call.hangup, call.answer, call.dtmf),
    "Voice": (
        voice.phones,
        voice.bridge,
        voice.transfer,
        voice.hold,
        voice.play,
        voice.record,
        voice.monitor,
        recordings.recordings,
    ),
    "Messages": (message.sms, message.ussd),
    "Lines": (line.line, line.at),
    "Money": (money.balance, money.topup),
    "Help": (explain.explain, explain.version),
}
_GROUPS = {
    "Calls": {"deny": deny.app},
    "Lines": {"sim": sim.app},
    "Voice": {"announce": announce.app, "tones": tones.app},
    "Money": {"vouchers": vouchers.app, "ledger": ledger.app},
    "Help": {"config": config.app},
}
for _panel, _commands in _COMMANDS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(in_sentences(_command))
for _panel, _groups in _GROUPS.items():
    for _name, _group in _groups.items():
        app.add_typer(_group, name=_name, rich_help_panel=_panel)


@app.callback()
def _global(
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help=f"The configuration; else ${load.PATH_VARIABLE}, else {load.DEFAULT_PATH}.",
        ),
    ] = None,
) -> None:
    if config_file:
        os.environ[load.PATH_VARIABLE] = str(config_file)
