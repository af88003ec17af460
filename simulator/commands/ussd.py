"""USSD (27.007 clause 7.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.at import OK, Commands, Kind, Reply, Request, cme, info
from simulator.commands.sim import open_card
from simulator.scenario import UssdHow

if TYPE_CHECKING:
    from simulator.modem import Modem

COMMANDS = Commands()
COMMANDS.default("+CUSD", "0")


@COMMANDS.on("+CUSD", test="(0-2)")
def ussd(modem: Modem, request: Request) -> Reply:
    """Choose whether replies are told, send a code or an answer, or cancel."""
    if request.kind is Kind.READ:
        return info(f"+CUSD: {modem.settings['+CUSD']}")
    mode = request.arg(0, "0")
    if mode == "2":
        modem.ussd.cancel()
        return OK
    if mode not in ("0", "1"):
        raise cme(50)
    modem.settings["+CUSD"] = mode
    return _send(modem, request.arg(1)) if request.arg(1) else OK


def _send(modem: Modem, asked: str) -> Reply:
    open_card(modem)
    if not modem.radio.registered:
        raise cme(30)
    step = modem.ussd.ask(modem.dialect.ussd_request(modem, asked))
    if step and step.how is UssdHow.BEFORE_OK:
        modem.ussd.reply(step)
        return OK
    return Reply(after=lambda: modem.ussd.expect(step))
