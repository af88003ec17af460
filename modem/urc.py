"""Which lines come by themselves, and what each of them says: one table, prefix to parser.

A line is known by what stands before its first colon, or by its whole text. Some prefixes are both
answer and URC; only for registration does the shape decide, the rest is for who has a command
waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass

from modem import call_urcs, calls, clock, network, radio, sim, ussd
from modem.at.fields import body, field, header, number, split
from modem.errors import ParseError
from modem.sms import storage


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of the modem is up: "RDY", "SMS DONE", "PB DONE", "Call Ready"..."""

    what: str


@dataclass(frozen=True, slots=True)
class PowerDown:
    """The modem switches itself off."""


@dataclass(frozen=True, slots=True)
class AudioFlow:
    """Quectel's +QPCMV: <go>,0: whether voice may be written to the serial port now."""

    go: bool


@dataclass(frozen=True, slots=True)
class StorageFull:
    """No room for SMS in `storage` ("SM", "ME"; "" where the modem does not say)."""

    storage: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A URC that is only shown: its name and its fields."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that is in no table."""

    line: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A known URC whose text is not what its definition says."""

    line: str
    reason: str


Urc = (
    calls.CallInfo
    | call_urcs.CallUrc
    | network.RegistrationStatus
    | radio.Signal
    | radio.HuaweiSignal
    | clock.NetworkTime
    | sim.SimLock
    | sim.CardStatus
    | ussd.UssdReply
    | storage.MessageStored
    | storage.MessagePushed
    | Ready
    | PowerDown
    | AudioFlow
    | StorageFull
    | Notice
    | Unknown
    | Malformed
)


def is_urc(line: str) -> bool:
    """Whether the modem may have sent `line` by itself."""
    name = line.partition(":")[0]
    if name in network.REGISTRATION_NAMES:
        return network.is_registration_urc(line)
    return name in _PARSERS or name in _PUSHED


def parse_urc(line: str, pdu: str | None = None) -> Urc:
    """Read an unsolicited line, with the PDU that came behind it; never raises."""
    name = line.partition(":")[0]
    try:
        if name in _PUSHED:
            return storage.parse_pushed(line, pdu)
        parse = _PARSERS.get(name)
        return parse(line) if parse else Unknown(line)
    except ParseError as error:
        return Malformed(line, str(error))


def _ready(line: str) -> Ready:
    return Ready(line)


def _power_down(_line: str) -> PowerDown:
    return PowerDown()


def _notice(line: str) -> Notice:
    name, text = header(line)
    return Notice(name, tuple(split(text)))


def _slcc(line: str) -> calls.CallInfo | Notice:
    return calls.parse_slcc(line) or _notice(line)


def _qpcmv(line: str) -> AudioFlow:
    return AudioFlow(number(split(body(line, "+QPCMV"))[0]) == 1)


def _smmemfull(line: str) -> StorageFull:
    return StorageFull(field(split(body(line, "^SMMEMFULL")), 0))


def _sms_full(_line: str) -> StorageFull:
    return StorageFull()


def _ciev(line: str) -> StorageFull | Notice:
    """Read +CIEV: <indicator>,<value>; 27.007 8.9 names "smsfull"."""
    full = [text.lower() for text in split(body(line, "+CIEV"))] == ["smsfull", "1"]
    return StorageFull() if full else _notice(line)


def _qind(line: str) -> Urc:
    """Read Quectel's +QIND: "ccinfo", "csq", "smsfull" or SMS DONE, PB DONE; the rest is shown."""
    name, *fields = split(body(line, "+QIND"))
    match name:
        case "ccinfo":
            return calls.parse_ccinfo(fields)
        case "csq":
            return radio.Signal(number(field(fields, 0)), number(field(fields, 1)))
        case "smsfull":
            return StorageFull(field(fields, 0))
        case "SMS DONE" | "PB DONE":
            return Ready(name)
        case _:
            return _notice(line)


def _qusim(_line: str) -> sim.CardStatus:
    return sim.CardStatus(None)


_PUSHED = frozenset({"+CMT", "+CDS"})  # a PDU comes behind them

# URCs without a parser of their own: 27.007, Quectel, SIMCom, then Huawei.
_SHOWN = """
    +CSSI +CSSU +CTZV +CTZE +CGEV +CFUN +CUSATP +CUSATEND
    +QURC +QUSIM +QSIMDET
    +CNSMOD +CPSI +SIMCARD +PSUTTZ *PSUTTZ DST
    ^MODE ^SRVST ^STIN ^BOOT ^CSNR ^DSFLOWRPT ^EARST ^ACTIVEBAND ^RSSILVL ^HRSSILVL ^HDRRSSI
    ^CRSSI ^ANLEVEL ^SYSSTART ^THERM ^IPDATA ^IPSTATE ^TIMESETRULT ^DATASETRULT ^XDSTATUS
    ^POSITION ^POSEND ^WNINV ^FOTASTATE ^FWLSTATE ^NDISEND ^NDISSTAT ^CIEV
"""

_PARSERS: dict[str, Callable[[str], Urc]] = {
    **dict.fromkeys(_SHOWN.split(), _notice),
    **dict.fromkeys(network.REGISTRATION_NAMES, network.parse_registration),
    **dict.fromkeys(
        ("RDY", "SMS DONE", "PB DONE", "SMS READY", "SMS Ready", "CALL READY", "Call Ready"),
        _ready,
    ),
    **dict.fromkeys(("NORMAL POWER DOWN", "POWERED DOWN", "UNDER-VOLTAGE POWER DOWN"), _power_down),
    **dict.fromkeys(("RING", "+CRING"), call_urcs.parse_ring),
    **dict.fromkeys(("+RXDTMF", "+DTMF", "^DDTMF"), call_urcs.parse_dtmf),
    **dict.fromkeys(("+CMTI", "+CDSI"), storage.parse_stored),
    **dict.fromkeys(("+CTZU", "^NWTIME"), clock.parse_clock),
    "+CLCC": calls.parse_clcc,
    "^SLCC": _slcc,
    "^DSCI": calls.parse_dsci,
    "+QIND": _qind,
    "+CLIP": call_urcs.parse_clip,
    "+CCWA": call_urcs.parse_ccwa,
    "+COLP": call_urcs.parse_colp,
    "+QTONEDET": call_urcs.parse_qtonedet,
    "^ORIG": call_urcs.parse_orig,
    "^CONF": call_urcs.parse_conf,
    "^CONN": call_urcs.parse_conn,
    "^CEND": call_urcs.parse_cend,
    "VOICE CALL": call_urcs.parse_voice_call,
    "MISSED_CALL": call_urcs.parse_missed_call,
    "+CSQ": radio.parse_csq,
    "^RSSI": radio.parse_rssi,
    "^HCSQ": radio.parse_hcsq,
    "+CPIN": sim.parse_cpin,
    "+QSIMSTAT": sim.parse_qsimstat,
    "^SIMST": sim.parse_simst,
    "+QUSIM": _qusim,
    "+CUSD": ussd.parse_cusd,
    "+QPCMV": _qpcmv,
    "+CIEV": _ciev,
    "^SMMEMFULL": _smmemfull,
    "+SMS FULL": _sms_full,
}
