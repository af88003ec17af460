"""Conexant CX93001 and CX93010: caller id by a register of exchanges."""

from collections.abc import Sequence

from drivers.families.v253 import V253

_BELL = "00"  # Bell 202, the chip's own default


class Conexant(V253):
    """Plays and listens at once; its words are shielded three times."""

    def caller_id(self, register: str | None) -> Sequence[str]:
        """The register goes first: it takes effect with AT+VCID (callattendant)."""
        return (f"AT!4886={register or _BELL}", "AT+VCID=1")
