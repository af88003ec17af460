"""How strong the signal is: +CSQ, +CESQ, ^RSSI and ^HCSQ, as levels and in dBm."""

from dataclasses import dataclass

from modem.at.fields import body, field, number, split
from modem.errors import ParseError

_BER_UNKNOWN = 99  # 27.007 8.5


@dataclass(frozen=True, slots=True)
class Scale:
    """A table of 3GPP: level 0 is at or below `base`, each level `step` more, up to `top`."""

    top: int
    base: float
    step: float = 1.0

    def value(self, level: int) -> float | None:
        """Value of a level; None for the ones that mean "not known"."""
        return self.base + self.step * level if 0 <= level <= self.top else None


_CSQ_DBM = Scale(31, -113.0, 2.0)  # 27.007 8.5
_RXLEV_DBM = Scale(63, -111.0)  # 45.008 8.1.4
_RSCP_DBM = Scale(96, -121.0)  # 25.133 9.1.1.3
_ECN0_DB = Scale(49, -24.5, 0.5)  # 25.133 9.1.2.3
_RSRQ_DB = Scale(34, -20.0, 0.5)  # 36.133 9.1.7
_RSRP_DBM = Scale(97, -141.0)  # 36.133 9.1.4


@dataclass(frozen=True, slots=True)
class Signal:
    """+CSQ or ^RSSI: <rssi> 0 to 31 or 99, <ber> 0 to 7 or 99 (27.007 8.5)."""

    rssi: int
    ber: int

    @property
    def dbm(self) -> float | None:
        """Received level in dBm, None when the modem does not know."""
        return _CSQ_DBM.value(self.rssi)


@dataclass(frozen=True, slots=True)
class ExtendedSignal:
    """+CESQ: raw levels; 99 or 255 = not known (27.007 8.69)."""

    rxlev: int
    ber: int
    rscp: int
    ecn0: int
    rsrq: int
    rsrp: int

    @property
    def rssi_dbm(self) -> float | None:
        """GSM received level in dBm."""
        return _RXLEV_DBM.value(self.rxlev)

    @property
    def rscp_dbm(self) -> float | None:
        """UMTS pilot power in dBm."""
        return _RSCP_DBM.value(self.rscp)

    @property
    def ecn0_db(self) -> float | None:
        """UMTS pilot quality in dB."""
        return _ECN0_DB.value(self.ecn0)

    @property
    def rsrq_db(self) -> float | None:
        """LTE reference signal quality in dB."""
        return _RSRQ_DB.value(self.rsrq)

    @property
    def rsrp_dbm(self) -> float | None:
        """LTE reference signal power in dBm."""
        return _RSRP_DBM.value(self.rsrp)

    @property
    def dbm(self) -> float | None:
        """Level in dBm of the radio that the modem uses now."""
        known = (self.rsrp_dbm, self.rscp_dbm, self.rssi_dbm)
        return next((level for level in known if level is not None), None)


_CESQ_LEVELS = 6


def parse_csq(line: str) -> Signal:
    """Parse +CSQ: <rssi>,<ber>."""
    fields = split(body(line, "+CSQ"))
    return Signal(number(fields[0]), number(field(fields, 1)))


def parse_rssi(line: str) -> Signal:
    """Parse Huawei's ^RSSI: <rssi>, on the scale of +CSQ."""
    return Signal(number(body(line, "^RSSI")), _BER_UNKNOWN)


def parse_cesq(line: str) -> ExtendedSignal:
    """Parse +CESQ: <rxlev>,<ber>,<rscp>,<ecno>,<rsrq>,<rsrp>[,5G levels]."""
    levels = [number(text) for text in split(body(line, "+CESQ"))[:_CESQ_LEVELS]]
    if len(levels) < _CESQ_LEVELS:
        raise ParseError("+CESQ with too few levels")
    return ExtendedSignal(*levels)


@dataclass(frozen=True, slots=True)
class HuaweiSignal:
    """^HCSQ: radio in use (gsm, umts, lte; None = no service) and its raw levels."""

    access: str | None
    levels: tuple[int, ...] = ()

    @property
    def dbm(self) -> float | None:
        """Level in dBm: RSSI on GSM, RSCP on UMTS, RSRP on LTE; None when not known."""
        if self.access is None:
            return None
        index, scale = _HCSQ_LEVEL[self.access]
        return scale.value(self.levels[index]) if index < len(self.levels) else None


_HCSQ_ACCESS = {"GSM": "gsm", "WCDMA": "umts", "LTE": "lte"}
# Which level says the strength: <rssi>, <rssi>,<rscp>,<ecio> or <rssi>,<rsrp>,<sinr>,<rsrq>.
_HCSQ_LEVEL = {"gsm": (0, Scale(96, -121.0)), "umts": (1, _RSCP_DBM), "lte": (1, _RSRP_DBM)}


def parse_hcsq(line: str) -> HuaweiSignal:
    """Parse Huawei's ^HCSQ: "<sysmode>"[,<level>...]; radios other than GSM, WCDMA, LTE refused."""
    name, *levels = split(body(line, "^HCSQ"))
    if name == "NOSERVICE":
        return HuaweiSignal(None)
    if name not in _HCSQ_ACCESS or not levels:
        raise ParseError("^HCSQ of an unknown radio or without levels")
    return HuaweiSignal(_HCSQ_ACCESS[name], tuple(number(text) for text in levels))
