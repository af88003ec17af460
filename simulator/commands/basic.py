"""Echo, reset, identity of the device, function level, clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.at import OK, Commands, Kind, Reply, Request, cme, info

if TYPE_CHECKING:
    from simulator.modem import Modem

_RESTART_AFTER_S = 0.5  # time for the OK to be read

COMMANDS = Commands()
COMMANDS.default("E", "1")
COMMANDS.keep("+CMEE", "0", r"[012]", "(0-2)")
COMMANDS.keep("+CSCS", '"GSM"', r'"(GSM|IRA|UCS2)"', '("GSM","IRA","UCS2")')
COMMANDS.keep("+CTZU", "0", r"[0-3]", "(0-3)")
COMMANDS.keep("+CTZR", "0", r"[012]", "(0-2)")
COMMANDS.keep("+CMER", "0,0,0,0,0", r"[0-3](,[0-9]?){0,4}")
COMMANDS.keep("+CGDCONT", '1,"IP",""', r'[0-9]+(,"[^"]*"){0,3}(,[0-9]*)*')
COMMANDS.keep("+CGATT", "1", r"[01]", "(0,1)")
COMMANDS.keep("+FCLASS", "0", r"0", "(0)")
COMMANDS.accept("X", "S", "&C", "&D", "&W", "&K", "&S", "L", "M", "+IPR", "+ICF", "+IFC")
COMMANDS.say("+GCAP", "+GCAP: +CGSM,+FCLASS,+DS")


@COMMANDS.on("E")
def echo(modem: Modem, request: Request) -> Reply:
    """ATE0 and ATE1."""
    modem.settings["E"] = "1" if request.text == "1" else "0"
    return OK


@COMMANDS.on("V", "Q")
def result_form(_modem: Modem, request: Request) -> Reply:
    """ATV1 and ATQ0 are what it does; other forms it does not know."""
    if request.text != {"V": "1", "Q": "0"}[request.name]:
        raise cme(4)
    return OK


@COMMANDS.on("Z", "&F")
def reset(modem: Modem, _request: Request) -> Reply:
    """Every setting back to its default: CNMI, CLIP and the like are gone."""
    modem.restore_settings()
    return OK


@COMMANDS.on("I")
def identify(modem: Modem, _request: Request) -> Reply:
    """Tell maker, model and revision."""
    return info(*modem.dialect.identity(modem))


@COMMANDS.on("+CGMI", "+GMI")
def maker(modem: Modem, _request: Request) -> Reply:
    """Tell the maker."""
    return info(modem.dialect.maker)


@COMMANDS.on("+CGMM", "+GMM")
def model(modem: Modem, _request: Request) -> Reply:
    """Tell the model."""
    return info(modem.part.model or modem.dialect.model)


@COMMANDS.on("+CGMR", "+GMR")
def revision(modem: Modem, _request: Request) -> Reply:
    """Tell the firmware's revision."""
    return info(modem.dialect.revision)


@COMMANDS.on("+CGSN", "+GSN")
def serial_number(modem: Modem, request: Request) -> Reply:
    """Tell the IMEI; AT+CGSN=1 with the prefix (27.007 clause 5.4)."""
    imei = modem.part.imei
    return info(f'+CGSN: "{imei}"' if request.text == "1" else imei)


@COMMANDS.on("+CFUN", test="(0,1,4),(0,1)")
def function(modem: Modem, request: Request) -> Reply:
    """Switch the radio; with a second 1 the modem restarts and re-enumerates."""
    if request.kind is Kind.READ:
        return info(f"+CFUN: {modem.radio.function}")
    if request.arg(0) not in ("0", "1", "4"):
        raise cme(50)
    modem.radio.function = int(request.arg(0))
    if request.arg(1) == "1":
        return restart(modem, request)
    if request.arg(0) != "1":
        modem.board.drop_all()
    return Reply(after=modem.radio.update)


def restart(modem: Modem, _request: Request) -> Reply:
    """Answer OK, then vanish and come back."""
    return Reply(after=lambda: modem.timers.later(_RESTART_AFTER_S, modem.reenumerate))


@COMMANDS.on("+CPAS", test="(0,3,4)")
def activity(modem: Modem, _request: Request) -> Reply:
    """Tell ready, ringing or in a call (27.007 clause 8.1)."""
    ringing = any(leg.incoming and leg.rings for leg in modem.board.legs)
    return info(f"+CPAS: {3 if ringing else 4 if modem.board.legs else 0}")


@COMMANDS.on("+CCLK")
def clock(_modem: Modem, request: Request) -> Reply:
    """Tell the time in UTC; setting it is accepted."""
    if request.kind is Kind.SET:
        return OK
    now = datetime.now(tz=UTC)
    return info(f'+CCLK: "{now:%y/%m/%d,%H:%M:%S}+00"')
