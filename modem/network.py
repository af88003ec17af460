"""Where the modem is on the network: registration (+CREG and its kin) and operator (+COPS)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from modem.at.fields import body, field, header, number, optional_number, raw_fields, split, unquote
from modem.errors import ParseError


class Registration(StrEnum):
    """<stat> of +CREG and its kin (27.007 7.2)."""

    IDLE = "idle"
    HOME = "home"
    SEARCHING = "searching"
    DENIED = "denied"
    UNKNOWN = "unknown"
    ROAMING = "roaming"
    HOME_SMS_ONLY = "home_sms_only"
    ROAMING_SMS_ONLY = "roaming_sms_only"
    EMERGENCY_ONLY = "emergency_only"
    HOME_CSFB_NOT_PREFERRED = "home_csfb_not_preferred"
    ROAMING_CSFB_NOT_PREFERRED = "roaming_csfb_not_preferred"
    ATTACHED_RLOS = "attached_rlos"


_STATS = tuple(Registration)
_REGISTERED = frozenset(
    {
        Registration.HOME,
        Registration.ROAMING,
        Registration.HOME_SMS_ONLY,
        Registration.ROAMING_SMS_ONLY,
        Registration.HOME_CSFB_NOT_PREFERRED,
        Registration.ROAMING_CSFB_NOT_PREFERRED,
    }
)
_ROAMING = frozenset(
    {
        Registration.ROAMING,
        Registration.ROAMING_SMS_ONLY,
        Registration.ROAMING_CSFB_NOT_PREFERRED,
    }
)

# <AcT> of 27.007 7.3 by number.
ACCESS_NAMES = (
    "gsm",
    "gsm_compact",
    "umts",
    "edge",
    "hsdpa",
    "hsupa",
    "hspa",
    "lte",
    "ec_gsm_iot",
    "nb_iot",
    "lte_5gcn",
    "5gnr",
    "ng_ran",
    "en_dc",
)


def access_name(act: int | None) -> str | None:
    """Name of an <AcT>; None when the modem did not say or the number is not in the standard."""
    return ACCESS_NAMES[act] if act is not None and act < len(ACCESS_NAMES) else None


@dataclass(frozen=True, slots=True)
class RegistrationStatus:
    """+CREG, +CGREG, +CEREG or +C5GREG; `n` is there only in an answer to a read command."""

    command: str
    state: Registration
    n: int | None = None
    lac: int | None = None
    ci: int | None = None
    act: int | None = None

    @property
    def stat(self) -> int:
        """The number of the state (27.007 7.2)."""
        return _STATS.index(self.state)

    @property
    def is_registered(self) -> bool:
        """Whether the network serves us at all."""
        return self.state in _REGISTERED

    @property
    def is_roaming(self) -> bool:
        """Whether the network is not the home one."""
        return self.state in _ROAMING

    @property
    def access(self) -> str | None:
        """Name of the radio technology, None when the modem did not say."""
        return access_name(self.act)


REGISTRATION_NAMES = frozenset({"+CREG", "+CGREG", "+CEREG", "+C5GREG"})


def parse_registration(line: str) -> RegistrationStatus:
    """Parse +CREG, +CGREG, +CEREG or +C5GREG, as answer or as URC (27.007 7.2, 10.1.20, 10.1.22).

    An answer has <n> in front: field count and quotes tell. A location that is not hex is
    unknown, one with broken quotes makes the line malformed.
    """
    command, text = header(line)
    if command not in REGISTRATION_NAMES:
        raise ParseError("not a registration line")
    fields = raw_fields(text)
    n = number(fields.pop(0)) if _has_n(fields) else None
    stat = number(fields[0])
    if not 0 <= stat < len(_STATS):
        raise ParseError("unknown registration state")
    lac, ci, act = _location(fields[1:])
    return RegistrationStatus(command, _STATS[stat], n, lac, ci, act)


def is_registration_urc(line: str) -> bool:
    """Whether a registration line is unsolicited: no <n> in front."""
    return not _has_n(raw_fields(header(line)[1]))


_SIZES = {1: False, 2: True, 3: False}  # fields of a line that can be read one way only
_STAT = re.compile(r"\d{1,3}")  # one modem writes 001
_HEX = re.compile(r"[0-9A-Fa-f]{1,9}")  # a 5G cell has 36 bits
_QUOTED_HEX = re.compile(r'"[0-9A-Fa-f]{1,9}"')
_RAC = re.compile(r'"?[0-9A-Fa-f]{1,2}"?')


def _has_n(fields: list[str]) -> bool:
    """Tell <n>,<stat>[,<lac>,<ci>...] from <stat>[,<lac>,<ci>...]: a <lac> is no small number."""
    if len(fields) in _SIZES:
        return _SIZES[len(fields)]
    return bool(_STAT.fullmatch(fields[1])) and int(fields[1]) < len(_STATS)


def _location(fields: list[str]) -> tuple[int | None, int | None, int | None]:
    """Read [<lac>,<ci>[,<AcT>...]]; some LTE modems put a <rac> before <ci>."""
    padded = [*fields, "", "", ""]
    lac_text, rest = padded[0], padded[1:]
    if _RAC.fullmatch(rest[0]) and not _RAC.fullmatch(rest[1]) and rest[1]:
        rest.pop(0)
    lac, ci, act = _hex(lac_text), _hex(rest[0]), rest[1]
    if lac_text == '""' and ci is not None:
        raise ParseError("a cell without an area")
    return lac, ci, int(act) if _STAT.fullmatch(act) else None


def _hex(text: str) -> int | None:
    if _HEX.fullmatch(text) or _QUOTED_HEX.fullmatch(text):
        return int(unquote(text), 16)
    if '"' in text and text != '""':
        raise ParseError("broken quotes around a location")
    return None


# --- operator


@dataclass(frozen=True, slots=True)
class Operator:
    """+COPS?: the operator; `format` 0 long name, 1 short name, 2 digits MCC+MNC (27.007 7.3)."""

    mode: int
    format: int | None = None
    name: str | None = None
    act: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkFound:
    """One network of +COPS=?; `stat` 0 unknown, 1 available, 2 current, 3 forbidden."""

    stat: int
    long_name: str | None
    short_name: str | None
    plmn: str
    act: int | None = None


def parse_cops(line: str) -> Operator:
    """Parse +COPS: <mode>[,<format>,<oper>[,<AcT>]]."""
    fields = split(body(line, "+COPS"))
    return Operator(
        mode=number(fields[0]),
        format=optional_number(fields, 1),
        name=field(fields, 2) or None,
        act=optional_number(fields, 3),
    )


# (2,"long","short","310260",2) and, in old firmware, (2,"long","short","310260"),2)
_FOUND = re.compile(
    r"""\(\s*(\d),\s*(?:"([^"]*)")?\s*,\s*(?:"([^"]*)")?\s*,\s*"(\d{5,7})"\s*\)?(?:,\s*(\d{1,2})\s*)?\)?"""
)


def parse_cops_list(line: str) -> list[NetworkFound]:
    """Parse +COPS: (<stat>,<long>,<short>,<digits>[,<AcT>]),...; the lists of modes are ignored."""
    return [
        NetworkFound(
            stat=int(found[1]),
            long_name=found[2] or None,
            short_name=found[3] or None,
            plmn=found[4],
            act=int(found[5]) if found[5] else None,
        )
        for found in _FOUND.finditer(body(line, "+COPS"))
    ]
