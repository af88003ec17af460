"""What the network says to USSD codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.scenario import UssdCode, UssdStep


class UssdService:
    """Finds the network's next step: by code, or by the answer given in a menu."""

    def __init__(self, codes: Sequence[UssdCode]) -> None:
        self._codes = {code.code: code for code in codes}

    def step(self, text: str, menu: UssdStep | None) -> UssdStep | None:
        """Return what comes next, None for a code that the network does not know."""
        if menu is not None:
            return menu.menu.get(text) or menu.menu.get("*")
        return self._codes.get(text)
