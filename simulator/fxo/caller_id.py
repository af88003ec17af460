"""The lines in which a modem tells who calls (AT+VCID=1, V.253 clause 10.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fxo.parts import CallerId, ChipPart, ExchangePart

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.calls import NetworkCall
    from simulator.scenario import NetworkPart

_WITHHELD = "P"  # private
_UNKNOWN = "O"  # out of area


def lines(
    call: NetworkCall, when: datetime, network: NetworkPart, exchange: ExchangePart, chip: ChipPart
) -> list[str]:
    """Return them; a name is told by Bell exchanges only, and none of ours knows one."""
    number = _WITHHELD if call.withheld else dialable(call.caller_number, network)
    facts = {"NMBR": number}
    if chip.caller_id_form != "partial":
        facts = {"DATE": f"{when:%m%d}", "TIME": f"{when:%H%M}"} | facts
        if exchange.caller_id is CallerId.BELL:
            facts["NAME"] = _WITHHELD if call.withheld else _UNKNOWN
    mark = "=" if chip.caller_id_form == "tight" else " = "
    return [f"{name}{mark}{fact}" for name, fact in facts.items()]


def dialable(number: str, network: NetworkPart) -> str:
    """Return a number as an exchange shows it: as one would dial it."""
    if not number:
        return _UNKNOWN
    home = f"+{network.country_code}"
    if number.startswith(home):
        return network.trunk_prefix + number.removeprefix(home)
    return number.replace("+", "00", 1)
