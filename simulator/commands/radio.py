"""Registration, operator, signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.at import OK, Commands, Kind, Reply, Request, cme, info

if TYPE_CHECKING:
    from simulator.modem import Modem

COMMANDS = Commands()
COMMANDS.default("cops_format", "0")

_UNKNOWN_BER = 99
_RSRP_OF_RSSI = 2  # a rough slope: good enough for a made-up cell


@COMMANDS.on("+CREG", "+CGREG", "+CEREG", test="(0-2)")
def registration(modem: Modem, request: Request) -> Reply:
    """Tell or choose what is told of the registration (27.007 clause 7.2)."""
    name = request.name
    if request.kind is Kind.SET:
        if request.text not in ("0", "1", "2"):
            raise cme(50)
        modem.settings[name] = request.text
        return OK
    return info(f"{name}: {modem.settings[name]},{modem.radio.registration(name)}")


for _name in ("+CREG", "+CGREG", "+CEREG"):
    COMMANDS.default(_name, "0")


@COMMANDS.on("+COPS")
def operator(modem: Modem, request: Request) -> Reply:
    """Tell the operator, choose the form of its name (27.007 clause 7.3)."""
    if request.kind is Kind.READ:
        return info(f"+COPS: {_operator(modem)}")
    mode = request.arg(0)
    if mode == "3":
        modem.settings["cops_format"] = request.arg(1, "0")
    elif mode == "2":
        modem.lose_registration()
    elif mode in ("0", "1", "4"):
        return Reply(after=modem.radio.update)
    else:
        raise cme(50)
    return OK


def _operator(modem: Modem) -> str:
    if not modem.radio.registered:
        return "0"
    home = modem.radio.home
    form = modem.settings["cops_format"]
    name = f"{home.mcc}{home.mnc}" if form == "2" else modem.dialect.te_text(modem, home.name)
    return f'0,{form},"{name}",{modem.radio.access}'


@COMMANDS.on("+CSQ", test="(0-31,99),(0-7,99)")
def signal(modem: Modem, _request: Request) -> Reply:
    """Tell the signal strength (27.007 clause 8.5)."""
    return info(f"+CSQ: {modem.radio.rssi},{_UNKNOWN_BER}")


@COMMANDS.on("+CESQ")
def extended_signal(modem: Modem, _request: Request) -> Reply:
    """Tell the signal strength of the LTE cell (27.007 clause 8.69)."""
    rsrp = modem.radio.rssi * _RSRP_OF_RSSI if modem.radio.registered else 255
    return info(f"+CESQ: 99,99,255,255,{min(20, rsrp)},{rsrp}")
