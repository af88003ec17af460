"""Which request goes wrong, and how."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from simulator.money.parts import FaultPart, Service


class Faults:
    """The first fault that fits a request and whose share is drawn happens."""

    def __init__(self, parts: Iterable[FaultPart], rng: Random) -> None:
        self._parts = list(parts)
        self._rng = rng
        self._happened: Counter[int] = Counter()

    def add(self, part: FaultPart) -> None:
        """Let this happen from now on."""
        self._parts.append(part)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._parts.clear()
        self._happened.clear()

    def strike(self, service: Service, code: str) -> FaultPart | None:
        """Return what goes wrong with this request."""
        for place, part in enumerate(self._parts):
            fits = part.on is service and (not part.codes or code in part.codes)
            spent = part.times is not None and self._happened[place] >= part.times
            if fits and not spent and self._rng.random() < part.share:
                self._happened[place] += 1
                return part
        return None
