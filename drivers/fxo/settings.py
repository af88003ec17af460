"""What the owner and the country say of one analogue line."""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.fxo.judge import CodeJudge, JudgeMaker


def as_it_is(number: str) -> str:
    """A number that needs no change to be dialled."""
    return number


@dataclass(frozen=True, slots=True)
class LineSettings:
    """`dialable` gives the digits that this line's exchange wants for a number."""

    register: str | None = None  # of the exchange's caller id, as AT!4886 has it
    prefix: str = ""
    pulse: bool = False
    judge: JudgeMaker = CodeJudge
    dialable: Callable[[str], str] = as_it_is
