"""Huawei voice sticks (E1550, E173, E1750...): ^ORIG, ^CONF, ^CONN, ^CEND, packed USSD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import gsm7
from simulator.at import OK, Commands, Kind, Reply, Request, cme, info
from simulator.board import State
from simulator.commands import COMMON
from simulator.commands.basic import function, restart
from simulator.commands.sim import present_card
from simulator.dialects.generic import CAUSE_TEXTS, Generic

if TYPE_CHECKING:
    from simulator.board import Ending, Leg
    from simulator.modem import Modem

COMMANDS = Commands(COMMON)
COMMANDS.remove("+VTS", "+CCID", "+ICCID", "+CPINR", "+CEREG", "+CESQ")
COMMANDS.keep("^CURC", "1", r"[0-2]", "(0-2)")
COMMANDS.keep("^DDTMFCFG", "0,0", r"[01],[01]")
COMMANDS.keep("^USSDMODE", "1", r"[01]", "(0,1)")
COMMANDS.keep("^PORTSEL", "0", r"[01]", "(0,1)")
COMMANDS.accept("^U2DIAG", "^SYSCFG")
COMMANDS.say("^CVOICE", "^CVOICE:0,8000,16,20")
COMMANDS.say("^GETPORTMODE", "^GETPORTMODE:TYPE:WCDMA:huawei,MDM:0,NDIS:0,DIAG:1,PCUI:2")
COMMANDS.handlers["^RESET"] = restart
COMMANDS.tests["+CPMS"] = '("SM"),("SM"),("SM")'

_FLOOD_S = 5.0  # a stick tells its signal about this often
_CR_PAD = "\r"  # 23.038 clause 6.1.2.3.1: seven spare bits would read as @
_SEPTETS_THAT_PAD = 7
_END_STATUS_REMOTE, _END_STATUS_LOCAL = 67, 29  # no published table: values seen
_UCS2 = 72


@COMMANDS.on("+CFUN", test="(0,1,4,16)")
def stick_function(modem: Modem, request: Request) -> Reply:
    """CFUN=16 restarts."""
    return restart(modem, request) if request.text == "16" else function(modem, request)


@COMMANDS.on("^CPIN")
def tries_left(modem: Modem, _request: Request) -> Reply:
    """Tell the lock and the tries left of PUK1, PIN1, PUK2, PIN2."""
    card = present_card(modem)
    return info(f"^CPIN: {card.lock},,{card.puk_tries},{card.pin_tries},10,3")


@COMMANDS.on("^ICCID")
def iccid(modem: Modem, _request: Request) -> Reply:
    """Tell the card's number."""
    return info(f"^ICCID: {present_card(modem).part.iccid}")


@COMMANDS.on("^SYSINFO")
def system_info(modem: Modem, _request: Request) -> Reply:
    """Tell service, domain, roaming, mode and SIM state."""
    service = 2 if modem.radio.registered else 0
    return info(f"^SYSINFO:{service},3,0,5,{int(modem.card is not None)},,4")


@COMMANDS.on("^DDSETEX", test="(0-3)")
def audio(modem: Modem, request: Request) -> Reply:
    """Switch audio on (2) for the call that there is; without one it is in vain."""
    if modem.board.legs and request.arg(0) == "2":
        modem.audio.on()
    return OK


@COMMANDS.on("^DTMF")
def dtmf(modem: Modem, request: Request) -> Reply:
    """Send one digit into a call; of "22" only the first goes."""
    index, digit = request.arg(0), request.arg(1)[:1]
    leg = modem.board.by_index(int(index)) if index.isdigit() else None
    if leg is None or leg.state is not State.ACTIVE or digit not in tuple("0123456789*#"):
        raise cme(3)
    modem.board.press(leg, digit)
    return OK


@COMMANDS.on("+CHLD", test="(0,1,1x,2,2x,3)")
def supplementary(modem: Modem, request: Request) -> Reply:
    """Releasing a call by index before ^CONF kills the stick: no answer ever again."""
    if request.kind is Kind.SET and request.text[:1] == "1" and modem.board.of(State.DIALING):
        modem.hang()
    return COMMON.handlers["+CHLD"](modem, request)


class Huawei(Generic):
    """E1550 and its like."""

    maker = "huawei"
    model = "E1550"
    revision = "11.608.14.15.311"
    noise = "^RSSI:18"
    storages = ("SM",)
    report_store = "SM"
    commands = COMMANDS

    def identity(self, modem: Modem) -> tuple[str, ...]:
        """Tell everything under names."""
        return (
            f"Manufacturer: {self.maker}",
            f"Model: {modem.part.model or self.model}",
            f"Revision: {self.revision}",
            f"IMEI: {modem.part.imei}",
            "+GCAP: +CGSM,+DS,+ES",
        )

    def booted(self, modem: Modem) -> None:
        """Start the flood of ^BOOT and ^RSSI."""
        if modem.settings["^CURC"] == "1" and not modem.port.congested:
            modem.urc("^BOOT:20098900,0,0,0,77")
            modem.urc(f"^RSSI:{modem.radio.rssi}")
        modem.timers.later(_FLOOD_S, self.booted, modem)

    def card_moved(self, modem: Modem) -> None:
        """Say ^SIMST."""
        modem.urc(f"^SIMST:{1 if modem.card else 255}")

    def changed(self, modem: Modem, leg: Leg) -> None:
        """Say ^ORIG, ^CONF or ^CONN."""
        match leg.state:
            case State.DIALING:
                self._tell(modem, f"^ORIG:{leg.index},0")
            case State.ALERTING:
                self._tell(modem, f"^CONF:{leg.index}")
            case State.ACTIVE if not leg.begun:
                leg.begun = True
                self._tell(modem, f"^CONN:{leg.index},0")
            case _:
                pass

    def ended(self, modem: Modem, leg: Leg, ending: Ending) -> None:
        """Say ^CEND with its cause, then the result code."""
        status = _END_STATUS_LOCAL if ending.local else _END_STATUS_REMOTE
        length = round(ending.talk_s)
        self._tell(modem, f"^CEND:{leg.index},{length},{status},{ending.cause}")
        if not modem.board.legs:
            modem.audio.off()
        super().ended(modem, leg, ending)

    def _tell(self, modem: Modem, line: str) -> None:
        if modem.settings["^CURC"] != "0":
            modem.urc(line)

    def end_report(self, last: Ending | None) -> str:
        """Return cause and words."""
        return f"{last.cause}, {CAUSE_TEXTS.get(last.cause, 'Unspecified')}" if last else "0"

    def heard(self, modem: Modem, digit: str) -> None:
        """Say the digit."""
        if modem.settings["^DDTMFCFG"] == "0,1":
            modem.urc(f"^DDTMF: {digit}")

    def storage_full(self, modem: Modem, name: str) -> None:
        """Say it once for each message that had to stay outside."""
        modem.urc(f'^SMMEMFULL: "{name}"')

    def ussd_request(self, modem: Modem, text: str) -> str:
        """Take packed hex, or text in text mode."""
        if modem.settings["^USSDMODE"] == "0":
            return text
        try:
            octets = bytes.fromhex(text)
        except ValueError:
            return ""  # plain text is no code here
        return gsm7.decode(gsm7.unpack(octets, len(octets) * 8 // 7)).removesuffix(_CR_PAD)

    def ussd_reply(self, modem: Modem, text: str, dcs: int) -> str:
        """Write UCS-2 in hex for dcs 72, else packed hex, or text in text mode."""
        if dcs == _UCS2:
            return text.encode("utf-16-be").hex().upper()
        if modem.settings["^USSDMODE"] == "0":
            return text
        padded = text + _CR_PAD if len(text) % 8 == _SEPTETS_THAT_PAD else text
        return gsm7.pack(gsm7.encode(padded)).hex().upper()
