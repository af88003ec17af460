"""What the modem says about its SIM: lock, tries left, ICCID, own numbers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from modem.at.fields import body, field, header, number, split, unquote
from modem.errors import ParseError
from modem.sms import gsm7


class Lock(StrEnum):
    """<code> of +CPIN (27.007 8.3)."""

    READY = "ready"
    SIM_PIN = "sim_pin"
    SIM_PUK = "sim_puk"
    SIM_PIN2 = "sim_pin2"
    SIM_PUK2 = "sim_puk2"
    PH_SIM_PIN = "ph_sim_pin"
    PH_FSIM_PIN = "ph_fsim_pin"
    PH_FSIM_PUK = "ph_fsim_puk"
    PH_NET_PIN = "ph_net_pin"
    PH_NET_PUK = "ph_net_puk"
    PH_NETSUB_PIN = "ph_netsub_pin"
    PH_NETSUB_PUK = "ph_netsub_puk"
    PH_SP_PIN = "ph_sp_pin"
    PH_SP_PUK = "ph_sp_puk"
    PH_CORP_PIN = "ph_corp_pin"
    PH_CORP_PUK = "ph_corp_puk"
    NOT_INSERTED = "not_inserted"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


_LOCKS = frozenset(Lock)
_READ_WELL = frozenset({144, 145})  # SW1 of 51.011 9.4.1
_UCS2 = 0x80
_CODE = re.compile(r"[0-9]{1,5}")
# Who asks for the lock may get its name as an error (27.007 9.2.1).
_CME_LOCKS = {
    5: Lock.PH_SIM_PIN,
    6: Lock.PH_FSIM_PIN,
    7: Lock.PH_FSIM_PUK,
    10: Lock.NOT_INSERTED,
    11: Lock.SIM_PIN,
    12: Lock.SIM_PUK,
    14: Lock.NOT_READY,
    17: Lock.SIM_PIN2,
    18: Lock.SIM_PUK2,
    40: Lock.PH_NET_PIN,
    41: Lock.PH_NET_PUK,
    42: Lock.PH_NETSUB_PIN,
    43: Lock.PH_NETSUB_PUK,
    44: Lock.PH_SP_PIN,
    45: Lock.PH_SP_PUK,
    46: Lock.PH_CORP_PIN,
    47: Lock.PH_CORP_PUK,
}


@dataclass(frozen=True, slots=True)
class SimLock:
    """+CPIN: what the SIM waits for."""

    lock: Lock


def parse_cpin(line: str) -> SimLock:
    """Parse "+CPIN: <code>", the bare code, or the +CME ERROR that answers AT+CPIN? instead."""
    name, text = header(line)
    if name == "+CME ERROR":
        return SimLock(lock_of_cme(int(text)) if _CODE.fullmatch(text) else _lock(text))
    if name == "+CPIN":
        return SimLock(_lock(field(split(text), 0)))
    if ":" in line:
        raise ParseError("not a +CPIN line")
    return SimLock(_lock(unquote(line.strip())))


def lock_of_cme(code: int) -> Lock:
    """Give the lock that a +CME ERROR number tells of; UNKNOWN for all others."""
    return _CME_LOCKS.get(code, Lock.UNKNOWN)


def _lock(code: str) -> Lock:
    name = code.lower().replace("-", "_").replace(" ", "_")
    if name == "sim_removed":  # SIMCom's word for a card that was pulled out
        return Lock.NOT_INSERTED
    return Lock(name) if name in _LOCKS else Lock.UNKNOWN


@dataclass(frozen=True, slots=True)
class Retries:
    """Tries left before the SIM locks itself; None where the modem does not say."""

    pin: int | None = None
    puk: int | None = None
    pin2: int | None = None
    puk2: int | None = None


_CPINR_NAMES = {"SIM PIN": "pin", "SIM PUK": "puk", "SIM PIN2": "pin2", "SIM PUK2": "puk2"}
_QPINC_NAMES = {"SC": ("pin", "puk"), "P2": ("pin2", "puk2")}
_SPIC_NAMES = ("pin", "puk", "pin2", "puk2")
_HUAWEI_CPIN_NAMES = ("puk", "pin", "puk2", "pin2")


def parse_retries(lines: Iterable[str]) -> Retries:
    """Read the answer of AT+CPINR (27.007 8.65), +QPINC, +SPIC or ^CPIN?; other lines ignored."""
    tries: dict[str, int] = {}
    for line in lines:
        name, text = header(line)
        if name in _RETRY_FIELDS:
            for counter, left in _RETRY_FIELDS[name](split(text)):
                if left:
                    tries[counter] = number(left)
    if not tries:
        raise ParseError("no retry counter")
    return Retries(**tries)


def _cpinr(fields: list[str]) -> Iterable[tuple[str, str]]:
    name = _CPINR_NAMES.get(fields[0])
    return [(name, field(fields, 1))] if name else []


def _qpinc(fields: list[str]) -> Iterable[tuple[str, str]]:
    return zip(_QPINC_NAMES.get(fields[0], ()), fields[1:], strict=False)


_RETRY_FIELDS: dict[str, Callable[[list[str]], Iterable[tuple[str, str]]]] = {
    "+CPINR": _cpinr,
    "+QPINC": _qpinc,
    "+SPIC": lambda fields: zip(_SPIC_NAMES, fields, strict=False),
    "^CPIN": lambda fields: zip(_HUAWEI_CPIN_NAMES, fields[2:], strict=False),
}

# ITU-T E.118: 89 = telecom, 19 or 20 digits on the card; some issuers put hex digits in the
# account number. Swapped digits start with 98, an odd length is padded with F.
_ICCID = re.compile(r"89[0-9]{2}[0-9A-F]{15,16}")
_ICCID_PREFIXES = frozenset({"+CCID", "+QCCID", "^ICCID", "+ICCID", "+CICCID"})


def parse_iccid(line: str) -> str:
    """Read an ICCID, bare or behind the prefix of its command: 19 or 20 characters."""
    name, text = header(line)
    if ":" not in line:
        text = line
    elif name not in _ICCID_PREFIXES:
        raise ParseError("not an ICCID line")
    digits = unquote(text.strip()).upper()
    if digits.startswith("98") and len(digits) % 2 == 0:
        digits = "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))
    iccid = digits.removesuffix("F")
    if not _ICCID.fullmatch(iccid):
        raise ParseError("not an ICCID")
    return iccid


def parse_spn(line: str) -> str | None:
    """Read the service provider's name from +CRSM of EF_SPN; None where the SIM names none.

    A display condition, then 16 octets padded with FF (3GPP TS 31.102 4.2.12): the default
    alphabet, one character an octet, or UCS-2 behind 80 (TS 31.101 Annex A).
    """
    fields = split(body(line, "+CRSM"))
    if len(fields) < 3 or number(fields[0]) not in _READ_WELL:  # noqa: PLR2004 - sw1, sw2, data
        return None
    try:
        name = bytes.fromhex(unquote(fields[2]))[1:17].rstrip(b"\xff")
    except ValueError as error:
        raise ParseError(f"no octets in {line!r}") from error
    if name.startswith(b"\x80"):
        return name[1:].decode("utf-16-be", "replace").rstrip("\uffff\x00 ") or None
    return gsm7.decode(bytes(octet for octet in name if octet < _UCS2)).strip("\x00 ") or None


def parse_cnum(line: str) -> str | None:
    """Parse +CNUM: [<alpha>],<number>,<type>; None when the SIM holds no number (27.007 7.1)."""
    return field(split(body(line, "+CNUM")), 1) or None


def parse_cnum_list(lines: Iterable[str]) -> list[str]:
    """Give the numbers of all +CNUM lines of an answer; other lines ignored."""
    numbers = [parse_cnum(line) for line in lines if header(line)[0] == "+CNUM"]
    return [number for number in numbers if number]


@dataclass(frozen=True, slots=True)
class CardStatus:
    """The SIM card went in or out; None = it was (re)initialised or its state is not known."""

    inserted: bool | None


def parse_qsimstat(line: str) -> CardStatus:
    """Parse Quectel's +QSIMSTAT: <enabled>,<0 out | 1 in | 2 not known>."""
    return CardStatus(_INSERTED.get(field(split(body(line, "+QSIMSTAT")), 1)))


def parse_simst(line: str) -> CardStatus:
    """Parse Huawei's ^SIMST: <state>[,<lock>]; 255 = no card, 0 = not valid, 1 to 4 = valid."""
    state = number(field(split(body(line, "^SIMST")), 0))
    return CardStatus(state != _SIMST_NO_CARD)


_INSERTED = {"0": False, "1": True}
_SIMST_NO_CARD = 255
