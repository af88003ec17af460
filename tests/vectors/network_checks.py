"""Kinds about the network: registration, signal, clock."""

from typing import Any

from modem.clock import parse_clock
from modem.errors import ParseError
from modem.network import RegistrationStatus, parse_registration
from modem.radio import parse_cesq, parse_csq
from tests.vectors.vector import Check, Vector


def _creg(vector: Vector) -> dict[str, Any]:
    line = next((line for line in vector.lines if line.startswith(("+C", "^"))), vector.raw)
    if vector.expects("error_or_unregistered"):
        return {"error_or_unregistered": not _is_registered(line)}
    status = parse_registration(line)
    if vector.expects("command"):  # an absent location counts as 0, an absent radio as "unknown"
        return _fields(status) | {
            "lac": status.lac or 0,
            "ci": status.ci or 0,
            "act": status.access or "unknown",
        }
    texts = [text.strip().strip('"') for text in line.split(",")]
    return _fields(status) | {
        "act": None if status.act is None else str(status.act),
        "lac_text": texts[-2],
        "ci_text": texts[-1],
    }


def _fields(status: RegistrationStatus) -> dict[str, Any]:
    return {
        "command": status.command,
        "n": status.n,
        "stat": status.stat,
        "state": status.state.value,
        "registered": status.is_registered,
        "lac": status.lac,
        "ci": status.ci,
    }


def _is_registered(line: str) -> bool:
    try:
        return parse_registration(line).is_registered
    except ParseError:
        return False


def _csq(vector: Vector) -> dict[str, Any]:
    signal = parse_csq(vector.line("+CSQ"))
    return {"rssi": signal.rssi, "ber": signal.ber, "dbm": signal.dbm}


def _cesq(vector: Vector) -> dict[str, Any]:
    signal = parse_cesq(vector.line("+CESQ"))
    return {
        "gsm_info": signal.rssi_dbm is not None,
        "rxlev": signal.rxlev,
        "rssi": signal.rssi_dbm,
        "ber": signal.ber,
        "umts_info": signal.rscp_dbm is not None,
        "rscp_level": signal.rscp,
        "rscp": signal.rscp_dbm,
        "ecn0_level": signal.ecn0,
        "ecio": signal.ecn0_db,
        "lte_info": signal.rsrp_dbm is not None,
        "rsrq_level": signal.rsrq,
        "rsrq": signal.rsrq_db,
        "rsrp_level": signal.rsrp,
        "rsrp": signal.rsrp_dbm,
    }


def _cclk(vector: Vector) -> dict[str, Any]:
    clock = parse_clock(vector.line(""))
    timestamp = clock.time.isoformat()
    wanted = str(vector.expect.get("timestamp", ""))
    if clock.zone_minutes is None and "+" not in wanted:
        timestamp = timestamp.partition("+")[0]
    return {"timestamp": timestamp, "tz_minutes": clock.zone_minutes or 0}


NETWORK_CHECKS: dict[str, Check] = {"creg": _creg, "csq": _csq, "cesq": _cesq, "cclk": _cclk}
