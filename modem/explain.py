"""Say in words what a line of an AT dialogue means; for people, so it never raises."""

import re
from collections.abc import Callable

from modem import radio, sim
from modem.at.fields import header
from modem.at.final import Final, FinalKind, parse_final
from modem.causes import parse_ceer
from modem.clock import parse_clock
from modem.error_texts import CME_TEXTS, CMS_TEXTS
from modem.errors import ParseError
from modem.network import REGISTRATION_NAMES, parse_cops, parse_cops_list, parse_registration
from modem.sms import storage
from modem.sms.pdu import decode_pdu
from modem.urc import parse_urc
from modem.words import say

_MAX_CHARS = 4096  # of a text; what is longer is no line of a modem
_PDU = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")


def explain(text: str) -> str:
    """Say what an AT command, an answer, a URC, a final result or an SMS PDU means."""
    line = text.strip()
    if not line:
        return "An empty line"
    if len(line) > _MAX_CHARS:
        return "Too long for a line of a modem"
    if final := parse_final(line):
        return _final(final)
    if line[:2].upper() == "AT":
        return _command(line)
    try:
        return say(decode_pdu(line)) if _PDU.fullmatch(line) else _answer(line)
    except ParseError as error:
        return f"Malformed: {error}"


def _final(final: Final) -> str:
    words = _FINAL_WORDS[final.kind]
    if final.code is None:
        return words if final.kind in _PLAIN_FINALS else f"{words}: {final.text}"
    texts = CMS_TEXTS if final.kind is FinalKind.CMS else CME_TEXTS
    return f"{words} {final.code}: {texts.get(final.code, 'not in the standard')}"


_PLAIN_FINALS = frozenset(FinalKind) - {FinalKind.CME, FinalKind.CMS, FinalKind.ERROR}
_FINAL_WORDS = {
    FinalKind.OK: "Done",
    FinalKind.CONNECT: "Connected, data follows",
    FinalKind.ERROR: "Refused, no reason given",
    FinalKind.CME: "Refused, error of the modem",
    FinalKind.CMS: "Refused, SMS error",
    FinalKind.NO_CARRIER: "Call over: no carrier, no reason given",
    FinalKind.BUSY: "Call over: the called party is busy",
    FinalKind.NO_ANSWER: "Call over: no answer",
    FinalKind.NO_DIALTONE: "Call over: no dial tone",
}

_COMMANDS = {
    "ATD": "Command: dial",
    "ATA": "Command: answer the call",
    "ATH": "Command: hang up",
    "AT+CHUP": "Command: hang up",
    "AT+CLCC": "Command: list the calls",
    "AT+CREG": "Command: registration",
    "AT+CSQ": "Command: signal",
    "AT+COPS": "Command: operator",
    "AT+CPIN": "Command: SIM PIN",
    "AT+CUSD": "Command: USSD",
    "AT+CMGS": "Command: send an SMS",
    "AT+CMGL": "Command: list SMS",
    "AT+CMGR": "Command: read an SMS",
    "AT+CFUN": "Command: radio on, off or reset",
    "AT+VTS": "Command: send a DTMF digit",
}


def _command(line: str) -> str:
    upper = line.upper()
    known = (name for name in sorted(_COMMANDS, key=len, reverse=True) if upper.startswith(name))
    name = next(known, None)
    return "Command" if name is None else _COMMANDS[name]


def _answer(text: str) -> str:
    """Explain a line; behind +CMT, +CMGR and the like a second line may hold the PDU."""
    line, _, rest = text.partition("\n")
    name = header(line)[0]
    if name in _STORED:
        messages = _STORED[name](text.splitlines())
        return " / ".join(_stored(message) for message in messages) or "No message there"
    if name in _ANSWERS:
        return _ANSWERS[name](line)
    return say(parse_urc(text if name == "+CUSD" else line.rstrip(), rest.strip() or None))


def _stored(message: storage.StoredPdu | storage.StoredText) -> str:
    if isinstance(message, storage.StoredText):
        return f"SMS, {message.status.lower()}, {message.number}: {message.text}"
    return say(decode_pdu(message.pdu))


def _read(lines: list[str]) -> list[storage.StoredPdu | storage.StoredText]:
    message = storage.parse_cmgr(lines)
    return [message] if message else []


_STORED = {"+CMGL": storage.parse_cmgl, "+CMGR": _read}


def _iccid(line: str) -> str:
    return f"SIM card {sim.parse_iccid(line)}"


def _ceer(line: str) -> str:
    return f"Why the last call ended: {parse_ceer(line) or 'not said'}"


def _cnum(line: str) -> str:
    return f"Own number {sim.parse_cnum(line) or 'not on the SIM'}"


def _csca(line: str) -> str:
    return f"SMS service centre {storage.parse_csca(line).number}"


def _cops(line: str) -> str:
    if "(" not in line:
        return say(parse_cops(line))
    names = [found.long_name or found.plmn for found in parse_cops_list(line)]
    return f"Networks found: {', '.join(names) or 'none'}"


def _said(parse: Callable[[str], object]) -> Callable[[str], str]:
    return lambda line: say(parse(line))


_ANSWERS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(REGISTRATION_NAMES, _said(parse_registration)),
    **dict.fromkeys(("+CCLK", "^TIME"), _said(parse_clock)),
    **dict.fromkeys(("+CCID", "+QCCID", "+CICCID", "+ICCID", "^ICCID"), _iccid),
    "+COPS": _cops,
    "+CESQ": _said(radio.parse_cesq),
    "+CEER": _ceer,
    "+CNUM": _cnum,
    "+CSCA": _csca,
}
