"""The families' ways of saying things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.dialects.generic import Generic
from simulator.dialects.huawei import Huawei
from simulator.dialects.quectel import Quectel
from simulator.dialects.simcom import Sim800, Simcom
from simulator.fxo.dialect import Conexant, Usr

if TYPE_CHECKING:
    from simulator.scenario import ModemPart

_FAMILIES: dict[str, type[Generic]] = {
    "generic": Generic,
    "quectel": Quectel,
    "simcom": Simcom,
    "huawei": Huawei,
    "conexant": Conexant,
    "usr": Usr,
}


def dialect_for(part: ModemPart) -> Generic:
    """Return the dialect of a family, or of the one model in it that differs much."""
    if part.family == "simcom" and part.model.upper().startswith(("SIM800", "SIM900")):
        return Sim800()
    return _FAMILIES[part.family]()
