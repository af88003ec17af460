"""The two families as the rest of the simulator sees them."""

from __future__ import annotations

from typing import ClassVar

from simulator.at import Commands
from simulator.dialects.generic import Generic
from simulator.fxo import commands


class Conexant(Generic):
    """CX93001 and its like, in Zoom 3095, StarTech USB56KEMH2 and others."""

    commands: ClassVar[Commands] = commands.CONEXANT


class Usr(Generic):
    """USR5637."""

    commands: ClassVar[Commands] = commands.USR
