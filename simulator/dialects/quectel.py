"""Quectel EC20, EC25, EG25: ^DSCI or +QIND ccinfo, QHUP, QDSIM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.at import OK, Commands, Kind, Reply, Request, cme, info
from simulator.board import State
from simulator.commands import COMMON
from simulator.commands.basic import restart
from simulator.commands.sim import present_card
from simulator.dialects.generic import Generic
from simulator.sim_card import Lock

if TYPE_CHECKING:
    from simulator.board import Ending, Leg
    from simulator.modem import Modem

COMMANDS = Commands(COMMON)
COMMANDS.keep("^DSCI", "0", r"[01]", "(0,1)")
COMMANDS.keep("+QTONEDET", "0", r"[01]", "(0,1)")
COMMANDS.keep("+QSIMDET", "0,0", r"[01],[01]", "(0,1),(0,1)")
COMMANDS.keep("+QAUDMOD", "0", r"[0-9]")
COMMANDS.keep("+QMIC", "20577,20577", r"[0-9]+(,[0-9]+)?")
COMMANDS.keep("+QRXGAIN", "20577", r"[0-9]+")
COMMANDS.keep("+QLTS", "0", r"[0-2]")
COMMANDS.accept("+QGPSCFG", "+QCFG", "+QGPS", "+QSCLK", "+QMBNCFG")
COMMANDS.default("+QSIMSTAT", "0")
COMMANDS.default("+QPCMV", "0,0")
COMMANDS.default("ccinfo", "0")
COMMANDS.default("urcport", '"usbat"')

_LTE = 7
_RELEASED = -1
_DSCI = {  # <stat> of ^DSCI
    State.HELD: 1,
    State.DIALING: 2,
    State.ACTIVE: 3,
    State.INCOMING: 4,
    State.WAITING: 5,
    State.ALERTING: 7,
}
_DSCI_ENDED = 6
_HANGUP_CAUSES = ("1", "16", "17", "18", "21", "27", "31", "88")
_ALL_READY = 7  # SIM, SMS and phone book


@COMMANDS.on("+QCCID")
def iccid(modem: Modem, _request: Request) -> Reply:
    """Tell the card's number."""
    return info(f"+QCCID: {present_card(modem).part.iccid}")


@COMMANDS.on("+QINISTAT")
def readiness(modem: Modem, _request: Request) -> Reply:
    """Tell what is ready, as a bitmap."""
    return info(f"+QINISTAT: {_ALL_READY if modem.card and not modem.sim_busy else 0}")


@COMMANDS.on("+QSIMSTAT", test="(0,1)")
def card_reports(modem: Modem, request: Request) -> Reply:
    """Choose whether the card's coming and going is told."""
    if request.kind is Kind.SET:
        modem.settings["+QSIMSTAT"] = request.text
        return OK
    return info(f"+QSIMSTAT: {modem.settings['+QSIMSTAT']},{int(modem.card is not None)}")


@COMMANDS.on("+QPCMV", test="(0,1),(0-2)")
def audio(modem: Modem, request: Request) -> Reply:
    """Switch audio on over this tty (1,0), elsewhere, or off; the end of the call does that too."""
    if request.kind is Kind.READ:
        return info(f"+QPCMV: {modem.settings['+QPCMV']}")
    wanted, where = request.arg(0), request.arg(1, "0")
    if wanted not in ("0", "1") or where not in ("0", "1", "2"):
        raise cme(50)
    modem.settings["+QPCMV"] = f"{wanted},{where}"
    if (wanted, where) == ("1", "0"):
        modem.audio.on()
    else:
        modem.audio.off()
    return OK


@COMMANDS.on("+QPINC")
def pin_tries(modem: Modem, _request: Request) -> Reply:
    """Tell the tries left."""
    card = present_card(modem)
    return info(f'+QPINC: "SC",{card.pin_tries},{card.puk_tries}', '+QPINC: "P2",3,10')


@COMMANDS.on("+QURCCFG", test='"urcport",("usbat","usbmodem","uart1")')
def urc_port(modem: Modem, request: Request) -> Reply:
    """Choose which port URCs come out of; this one is usbat."""
    if request.arg(1):
        modem.settings["urcport"] = f'"{request.arg(1)}"'
        return OK
    return info(f'+QURCCFG: "urcport",{modem.settings["urcport"]}')


@COMMANDS.on("+QINDCFG")
def indications(modem: Modem, request: Request) -> Reply:
    """Switch kinds of +QIND; only ccinfo says anything here."""
    kind = request.arg(0)
    if kind not in ("csq", "act", "ring", "ccinfo", "smsfull", "all"):
        raise cme(50)
    if not request.arg(1):
        return info(f'+QINDCFG: "{kind}",{modem.settings["ccinfo"] if kind == "ccinfo" else 0}')
    if kind in ("ccinfo", "all"):
        modem.settings["ccinfo"] = request.arg(1)
    return OK


@COMMANDS.on("+QHUP")
def hang_up(modem: Modem, request: Request) -> Reply:
    """Hang up one call, or all, with a cause."""
    cause, index = request.arg(0, "16"), request.arg(1, "0")
    if cause not in _HANGUP_CAUSES or not index.isdigit():
        raise cme(50)
    legs = [leg for leg in modem.board.legs if index in ("0", str(leg.index))]

    def end() -> None:
        for leg in legs:
            modem.board.hang_up(leg, int(cause))

    return Reply(after=end)


@COMMANDS.on("H")
def hang_up_v250(modem: Modem, request: Request) -> Reply:
    """ATH ends voice calls only with CVHU=0."""
    if modem.settings["+CVHU"] != "0":
        return OK
    return COMMON.handlers["H"](modem, request)


@COMMANDS.on("+QDSIM", test="(0,1)")
def slot(modem: Modem, request: Request) -> Reply:
    """Tell or choose the SIM slot."""
    if request.kind is Kind.READ:
        return info(f"+QDSIM: {modem.slot}")
    if not request.text.isdigit() or not modem.switch_slot(int(request.text)):
        raise cme(3)
    return OK


@COMMANDS.on("+QNWINFO")
def cell(modem: Modem, _request: Request) -> Reply:
    """Tell the kind of cell."""
    if not modem.radio.registered:
        return info("+QNWINFO: No Service")
    home = modem.radio.home
    return info(f'+QNWINFO: "FDD LTE","{home.mcc}{home.mnc}","LTE BAND 3",1300')


@COMMANDS.on("+QSPN")
def provider(modem: Modem, _request: Request) -> Reply:
    """Tell the provider's name on the card."""
    card = present_card(modem)
    home = modem.network.homes[card.number]
    return info(f'+QSPN: "{home.name}","{home.name}","{card.part.spn}",0,"{home.mcc}{home.mnc}"')


COMMANDS.handlers["+QRST"] = restart


class Quectel(Generic):
    """EC25."""

    maker = "Quectel"
    model = "EC25"
    revision = "EC25EFAR06A06M4G"
    noise = '+QIND: "csq",20,99'
    report_store = "SR"
    commands = COMMANDS

    def has_data_bearer(self, modem: Modem) -> bool:
        """On LTE the data call is in CLCC."""
        return modem.radio.access == _LTE

    def urcs_pass(self, modem: Modem) -> bool:
        """URCs come out here only when routed to usbat."""
        return modem.settings["urcport"] == '"usbat"'

    def booted(self, modem: Modem) -> None:
        """Say RDY, and what is ready."""
        modem.urc("RDY")
        modem.urc("+CFUN: 1")
        card = modem.card
        modem.urc(f"+CPIN: {card.lock if card else 'NOT INSERTED'}")
        if card:
            modem.urc("+QUSIM: 1")
        if card and card.lock is Lock.READY:
            self.unlocked(modem)

    def unlocked(self, modem: Modem) -> None:
        """Say that messages and phone book are ready."""
        modem.urc("+QIND: SMS DONE")
        modem.urc("+QIND: PB DONE")

    def card_moved(self, modem: Modem) -> None:
        """Say it the standard way, and with +QSIMSTAT if asked for."""
        present = modem.card is not None
        if modem.settings["+QSIMSTAT"] == "1":
            modem.urc(f"+QSIMSTAT: 1,{int(present)}")
        super().card_moved(modem)
        if present:
            modem.urc("+QUSIM: 1")

    def changed(self, modem: Modem, leg: Leg) -> None:
        """Say ^DSCI or ccinfo."""
        self._tell(modem, leg, _DSCI[leg.state], leg.state.value)

    def ended(self, modem: Modem, leg: Leg, ending: Ending) -> None:
        """Say the end in each way that is on."""
        self._tell(modem, leg, _DSCI_ENDED, _RELEASED)
        if not modem.board.legs:
            modem.settings["+QPCMV"] = "0,0"
            modem.audio.off()
        super().ended(modem, leg, ending)

    def _tell(self, modem: Modem, leg: Leg, dsci: int, ccinfo: int) -> None:
        direction = int(leg.incoming)
        if modem.settings["^DSCI"] == "1":
            number = f"{leg.number},{leg.number_type}"
            modem.urc(f"^DSCI: {leg.index},{direction},{dsci},0,{number}")
        if modem.settings["ccinfo"] == "1":
            head = f"{leg.index},{direction},{ccinfo},0,{int(leg.multiparty)}"
            modem.urc(f'+QIND: "ccinfo",{head},"{leg.number}",{leg.number_type}')

    def heard(self, modem: Modem, digit: str) -> None:
        """Say the digit's ASCII code."""
        if modem.settings["+QTONEDET"] == "1":
            modem.urc(f"+QTONEDET: {ord(digit)}")

    def audio_full(self, modem: Modem, *, full: bool) -> None:
        """Say stop or go on."""
        modem.urc(f"+QPCMV: {int(not full)},0")

    def report_stored(self, name: str, index: int) -> str:  # noqa: ARG002 - it names the wrong place
        """EC25 stores in SR and says SM, 0."""
        return '+CDSI: "SM",0'
