"""SIMCom: VOICE CALL, CLCC as a URC, double CR; SIM800 with its own ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.at import OK, Commands, Kind, Reply, Request, cme, cms, info
from simulator.board import State
from simulator.commands import COMMON
from simulator.commands.basic import restart
from simulator.commands.calls import list_calls
from simulator.commands.sim import present_card
from simulator.dialects.generic import CAUSE_TEXTS, Generic
from simulator.sim_card import Lock

if TYPE_CHECKING:
    from simulator.board import Ending, Leg
    from simulator.modem import Modem
    from simulator.scenario import UssdStep

COMMANDS = Commands(COMMON)
COMMANDS.keep("+DDET", "0", r"[01](,.*)?", "(0,1)")
COMMANDS.keep("+CLTS", "0", r"[01]", "(0,1)")
COMMANDS.keep("+AUTOCSQ", "0,0", r"[01](,[01])?", "(0,1),(0,1)")
COMMANDS.keep("+EXUNSOL", '"SQ",0', r'"SQ",[01]')
COMMANDS.keep("+UIMHOTSWAPON", "0", r"[01]", "(0,1)")
COMMANDS.keep("+UIMHOTSWAPLEVEL", "0", r"[01]", "(0,1)")
COMMANDS.keep("+CPCMFRM", "0", r"[01]", "(0,1)")
COMMANDS.keep("+CMICGAIN", "3", r"[0-8]", "(0-8)")
COMMANDS.keep("+COUTGAIN", "4", r"[0-7]", "(0-7)")
COMMANDS.accept("+CEVDP", "+CAVIMS", "+CEMODE", "+PPPTIM")
COMMANDS.default("+CLCC", "0")
COMMANDS.default("+CPCMREG", "0")
COMMANDS.default("+CNSMOD", "0")
COMMANDS.handlers |= {"+CRESET": restart, "+CPOF": restart}

_DISCONNECTED = 6  # SIMCom's own <stat>
_NO_ACK_EXPECTED = 340
_CNSMOD = {0: 1, 2: 4, 7: 8}  # <AcT> to SIMCom's numbers
_UCS2 = 72
_NARROW, _WIDE = 8000, 16_000  # samples a second


@COMMANDS.on("+CLCC", test="(0-1)")
def calls(modem: Modem, request: Request) -> Reply:
    """List the calls, or choose whether each change is told as +CLCC."""
    if request.kind is Kind.SET:
        if request.text not in ("0", "1"):
            raise cme(50)
        modem.settings["+CLCC"] = request.text
        return OK
    if request.kind is Kind.READ:
        return info(f"+CLCC: {modem.settings['+CLCC']}")
    return list_calls(modem, request)


@COMMANDS.on("H")
def hang_up(modem: Modem, request: Request) -> Reply:
    """ATH is an ERROR once the call has gone."""
    if not modem.board.legs:
        return Reply(final="ERROR")
    return COMMON.handlers["H"](modem, request)


@COMMANDS.on("+CPCMREG", test="(0,1)")
def audio(modem: Modem, request: Request) -> Reply:
    """Switch audio on, only while a call is active."""
    if request.kind is Kind.READ:
        return info(f"+CPCMREG: {modem.settings['+CPCMREG']}")
    wanted = request.arg(0)
    if wanted == "1" and not modem.board.of(State.ACTIVE):
        return Reply(final="ERROR")
    modem.settings["+CPCMREG"] = wanted
    if wanted == "1":
        modem.audio.on(_WIDE if modem.settings["+CPCMFRM"] == "1" else _NARROW)
    else:
        modem.audio.off()
    return OK


@COMMANDS.on("+CNMA")
def acknowledge(_modem: Modem, _request: Request) -> Reply:
    """CNMA is not expected."""
    raise cms(_NO_ACK_EXPECTED)


@COMMANDS.on("+CCID", "+CICCID")
def iccid(modem: Modem, request: Request) -> Reply:
    """Tell the card's number; +CICCID under the name +ICCID."""
    number = present_card(modem).part.iccid
    return info(f"+ICCID: {number}" if request.name == "+CICCID" else f"+CCID: {number}")


@COMMANDS.on("+SPIC")
def tries_left(modem: Modem, _request: Request) -> Reply:
    """Tell the tries left of PIN1, PIN2, PUK1, PUK2."""
    card = present_card(modem)
    return info(f"+SPIC: {card.pin_tries},3,{card.puk_tries},10")


@COMMANDS.on("+CNSMOD", test="(0,1)")
def system_mode(modem: Modem, request: Request) -> Reply:
    """Tell the kind of network."""
    if request.kind is Kind.SET:
        modem.settings["+CNSMOD"] = request.text
        return OK
    mode = _CNSMOD[modem.radio.access] if modem.radio.registered else 0
    return info(f"+CNSMOD: {modem.settings['+CNSMOD']},{mode}")


@COMMANDS.on("+SWITCHSIM", test="(0,1)")
def slot(modem: Modem, request: Request) -> Reply:
    """Tell or choose the SIM slot."""
    if request.kind is Kind.READ:
        return info(f"+SWITCHSIM: {modem.slot}")
    if not request.text.isdigit() or not modem.switch_slot(int(request.text)):
        raise cme(3)
    return OK


class Simcom(Generic):
    """SIM7600, A76xx."""

    maker = "SIMCOM INCORPORATED"
    model = "SIMCOM_SIM7600E-H"
    revision = "LE20B05SIM7600M22"
    noise = "+CSQ: 20,99"
    connects_before_ok = True
    wants_cnma = False
    commands = COMMANDS

    def framed(self, line: str) -> str:
        """Put two CRs around some URCs."""
        if line.startswith(("+CRING", "+RXDTMF")):
            return f"\r\r\n{line}\r\r\n"
        return super().framed(line)

    def booted(self, modem: Modem) -> None:
        """Say what is ready."""
        self._card_state(modem, "+SIMCARD: NOT AVAILABLE")

    def _card_state(self, modem: Modem, absent: str) -> None:
        card = modem.card
        modem.urc(f"+CPIN: {card.lock}" if card else absent)
        if card and card.lock is Lock.READY:
            self.unlocked(modem)

    def unlocked(self, modem: Modem) -> None:
        """Say that messages and phone book are ready."""
        modem.urc("SMS DONE")
        modem.urc("PB DONE")

    def card_moved(self, modem: Modem) -> None:
        """Say that the card went or came."""
        modem.urc("+CPIN: READY" if modem.card else "+CPIN: SIM REMOVED")

    def changed(self, modem: Modem, leg: Leg) -> None:
        """Say VOICE CALL: BEGIN and the call's line of CLCC."""
        if leg.state is State.ACTIVE and not leg.begun:
            leg.begun = True
            modem.urc("VOICE CALL: BEGIN")
        self._list(modem, leg, leg.state.value)

    def ended(self, modem: Modem, leg: Leg, ending: Ending) -> None:
        """Say stat 6, then MISSED_CALL, or NO CARRIER and VOICE CALL: END."""
        self._list(modem, leg, _DISCONNECTED)
        if not modem.board.legs:
            modem.settings["+CPCMREG"] = "0"
            modem.audio.off()
        if leg.incoming and not ending.connected and not ending.local:
            modem.urc(f"MISSED_CALL: {datetime.now(tz=UTC):%I:%M%p} {leg.number}")
            return
        super().ended(modem, leg, ending)
        length = f": {round(ending.talk_s):06d}" if ending.connected else ""
        modem.urc(f"VOICE CALL: END{length}")

    def _list(self, modem: Modem, leg: Leg, stat: int) -> None:
        if modem.settings["+CLCC"] == "1":
            head = f"{leg.index},{int(leg.incoming)},{stat},0,{int(leg.multiparty)}"
            modem.urc(f'+CLCC: {head},"{leg.number}",{leg.number_type},""')

    def end_report(self, last: Ending | None) -> str:
        """Return number and words in one string."""
        if last is None or last.local:
            return '"0 Unknown"'
        return f'"{last.cause} {CAUSE_TEXTS.get(last.cause, "Unknown")}"'

    def heard(self, modem: Modem, digit: str) -> None:
        """Say the digit."""
        if modem.settings["+DDET"].startswith("1"):
            modem.urc(f"+RXDTMF: {digit}")

    def ussd_request(self, modem: Modem, text: str) -> str:  # noqa: ARG002 - CSCS does not count
        """Take plain text only: what is encoded is a code nobody knows."""
        return text

    def ussd_reply(self, modem: Modem, text: str, dcs: int) -> str:  # noqa: ARG002 - always UCS-2
        """Write UCS-2 in hex."""
        return text.encode("utf-16-be").hex().upper()

    def ussd_dcs(self, step: UssdStep) -> int:  # noqa: ARG002 - always UCS-2
        """Return 72 whatever came."""
        return _UCS2


SIM800_COMMANDS = Commands(COMMANDS)
SIM800_COMMANDS.remove(
    "+CPCMREG", "+CICCID", "+SPIC", "+CNSMOD", "+SWITCHSIM", "+CRESET", "+CPCMFRM", "+CEREG"
)


@SIM800_COMMANDS.on("+CCID")
def bare_iccid(modem: Modem, _request: Request) -> Reply:
    """Tell the card's number without a prefix."""
    return info(present_card(modem).part.iccid)


class Sim800(Simcom):
    """SIM800 and SIM900: 2G, no VOICE CALL."""

    maker = "SIMCOM_Ltd"
    model = "SIMCOM_SIM800L"
    revision = "1418B05SIM800L24"
    connects_before_ok = False
    commands = SIM800_COMMANDS

    def booted(self, modem: Modem) -> None:
        """Say what is ready."""
        modem.urc("RDY")
        modem.urc("+CFUN: 1")
        self._card_state(modem, "+CPIN: NOT INSERTED")

    def unlocked(self, modem: Modem) -> None:
        """Say that calls and messages are ready."""
        modem.urc("Call Ready")
        modem.urc("SMS Ready")

    def changed(self, modem: Modem, leg: Leg) -> None:
        """Say the call's line of CLCC."""
        self._list(modem, leg, leg.state.value)

    def ended(self, modem: Modem, leg: Leg, ending: Ending) -> None:
        """Say stat 6 and the result code."""
        self._list(modem, leg, _DISCONNECTED)
        Generic.ended(self, modem, leg, ending)

    def heard(self, modem: Modem, digit: str) -> None:
        """Say the digit."""
        if modem.settings["+DDET"].startswith("1"):
            modem.urc(f"+DTMF: {digit}")

    def ussd_reply(self, modem: Modem, text: str, dcs: int) -> str:
        """Write plain text, or UCS-2 in hex where the network sent UCS-2."""
        return Generic.ussd_reply(self, modem, text, dcs)

    def ussd_dcs(self, step: UssdStep) -> int:
        """Return what came."""
        return step.dcs
