"""Types of a scenario's values, and the base of its pieces."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(ge=0)]
Span = Amount | tuple[Amount, Amount]
Digits = Annotated[str, Field(pattern=r"^[0-9]*$")]
Number = Annotated[str, Field(pattern=r"^\+?[0-9*#]*$")]
Money = Annotated[Decimal, Field(ge=0, decimal_places=2)]  # in the carrier's currency


class Part(BaseModel):
    """A piece of the scenario: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
