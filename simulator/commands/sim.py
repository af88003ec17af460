"""The card: PIN and PUK, identities, own number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import gsm7
from simulator.at import OK, Commands, Kind, Reply, Request, cme, info
from simulator.sim_card import Lock, SimCard

if TYPE_CHECKING:
    from simulator.modem import Modem

COMMANDS = Commands()

_NOT_INSERTED, _PIN_REQUIRED, _PUK_REQUIRED, _BUSY, _WRONG = 10, 11, 12, 14, 16
_READ_BINARY, _EF_SPN = "176", "28486"
_DISABLE, _ENABLE, _QUERY = "0", "1", "2"


def present_card(modem: Modem) -> SimCard:
    """Return the card; raises "SIM busy" or "SIM not inserted"."""
    if modem.sim_busy:
        raise cme(_BUSY)
    if modem.card is None:
        raise cme(_NOT_INSERTED)
    return modem.card


def open_card(modem: Modem) -> SimCard:
    """Return the unlocked card; raises what it needs first."""
    card = present_card(modem)
    if card.lock is Lock.PIN:
        raise cme(_PIN_REQUIRED)
    if card.lock is Lock.PUK:
        raise cme(_PUK_REQUIRED)
    return card


@COMMANDS.on("+CPIN")
def pin(modem: Modem, request: Request) -> Reply:
    """Tell the lock, or try a PIN, or a PUK and a new PIN (27.007 clause 8.3)."""
    card = present_card(modem)
    if request.kind is Kind.READ:
        return info(f"+CPIN: {card.lock}")
    if card.lock is Lock.READY:
        raise cme(3)
    entered = (
        card.enter_pin(request.arg(0))
        if card.lock is Lock.PIN
        else card.enter_puk(request.arg(0), request.arg(1))
    )
    if not entered:
        raise cme(_PUK_REQUIRED if card.lock is Lock.PUK else _WRONG)
    return Reply(after=lambda: _unlocked(modem))


def _unlocked(modem: Modem) -> None:
    modem.dialect.unlocked(modem)
    modem.radio.update()


@COMMANDS.on("+CPINR")
def tries_left(modem: Modem, _request: Request) -> Reply:
    """Tell the tries left of PIN and PUK (27.007 clause 8.65)."""
    card = present_card(modem)
    return info(f"+CPINR: SIM PIN,{card.pin_tries},3", f"+CPINR: SIM PUK,{card.puk_tries},10")


@COMMANDS.on("+CIMI")
def imsi(modem: Modem, _request: Request) -> Reply:
    """Tell the IMSI."""
    return info(open_card(modem).part.imsi)


@COMMANDS.on("+CRSM")
def read_file(modem: Modem, request: Request) -> Reply:
    """Read a file of the SIM, of which only EF_SPN is there (27.007 clause 8.18)."""
    card = open_card(modem)
    if (request.arg(0), request.arg(1)) != (_READ_BINARY, _EF_SPN):
        return info("+CRSM: 148,4")
    name = gsm7.encode(card.part.spn)[:16].ljust(16, b"\xff")
    return info(f'+CRSM: 144,0,"{(bytes(1) + name).hex().upper()}"')


@COMMANDS.on("+CCID", "+ICCID")
def iccid(modem: Modem, request: Request) -> Reply:
    """Tell the card's number behind the command's name; no PIN is needed."""
    return info(f"{request.name}: {present_card(modem).part.iccid}")


@COMMANDS.on("+CNUM")
def own_number(modem: Modem, _request: Request) -> Reply:
    """Tell the SIM's own number (27.007 clause 7.1)."""
    return info(f'+CNUM: "","{open_card(modem).number}",145')


@COMMANDS.on("+CLCK", test='("SC")')
def facility_lock(modem: Modem, request: Request) -> Reply:
    """Tell or change whether the card asks for a PIN (27.007 clause 7.4, facility SC)."""
    card = present_card(modem)
    if request.arg(0).upper() != "SC":
        return info(f"+CLCK: {_DISABLE}") if request.arg(1) == _QUERY else OK
    if request.arg(1) == _QUERY:
        return info(f"+CLCK: {_ENABLE if card.pin else _DISABLE}")
    if card.pin and not card.enter_pin(request.arg(2)):
        raise cme(_WRONG)
    card.pin = request.arg(2) if request.arg(1) == _ENABLE else ""
    return OK
