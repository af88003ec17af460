"""Conexant CX93001 and CX93010: caller id by a register of countries."""

from collections.abc import Sequence

from drivers.families.v253 import V253

# AT!4886 (callattendant): 00 Bell 202, 01 Japan, 02 ETSI FSK, 03 United Kingdom, 05 ETSI DTMF.
_BELL = "00"
_REGISTER = {
    "JP": "01",
    "GB": "03",
    **dict.fromkeys(("AT", "CH", "CZ", "DE", "ES", "FR", "IT", "PL"), "02"),
    **dict.fromkeys(("BE", "BR", "DK", "FI", "IN", "IS", "NL", "SA", "SE", "TW", "UY"), "05"),
}


class Conexant(V253):
    """Plays and listens at once; its words are shielded three times."""

    def caller_id(self, country: str | None) -> Sequence[str]:
        """The country's register goes first: it takes effect with AT+VCID."""
        register = _REGISTER.get((country or "").upper(), _BELL)
        return (f"AT!4886={register}", "AT+VCID=1")
