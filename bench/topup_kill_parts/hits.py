"""Where the kills hit: in which step of a top-up, and what became of it then."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bench.topup_kill_parts.books import Books
from bench.topup_kill_parts.truth import Truth
from edge.money.saga import State, TopUp

RESERVED = "reserved"
LEAVING = "sent, the carrier has no code yet"
TAKEN = "sent, the carrier has decided, no answer is written"
ASKING = "unknown, the balance is asked for"
STEPS = (RESERVED, LEAVING, TAKEN, ASKING)


@dataclass(slots=True)
class Hits:
    """Top-ups that a kill hit in one step, by the state in which they ended."""

    topups: int = 0
    ends: Counter[State] = field(default_factory=Counter)


def hits(books: Books, truth: Truth, kills: Sequence[float]) -> dict[str, Hits]:
    """Tell of each step how many top-ups stood in it when a kill came, and how they ended."""
    found = {step: Hits() for step in STEPS}
    came = _arrivals(books, truth)
    for steps in books.stories().values():
        arrived = came.get(steps[-1].voucher or "")
        for step in steps_hit(steps, arrived, kills):
            found[step].topups += 1
            found[step].ends[steps[-1].state] += 1
    return found


def _arrivals(books: Books, truth: Truth) -> dict[str, float]:
    """When each voucher reached its carrier, by its name."""
    tries = truth.tries()
    return {name: truth.at(tries[code][0]) for code, name in books.names.items() if code in tries}


def steps_hit(
    steps: Sequence[TopUp], arrived: float | None, kills: Sequence[float]
) -> Iterator[str]:
    """Give the step in which each kill (epoch s) found a top-up; `arrived`: its code, there."""
    for step, following in pairwise(steps):
        for kill in kills:
            if step.since <= kill < following.since:
                yield _name(step.state, arrived is not None and arrived <= kill)


def _name(state: State, has_arrived: bool) -> str:  # noqa: FBT001 - a table of two columns
    match state:
        case State.RESERVED | State.ASKED:
            return RESERVED
        case State.SENT:
            return TAKEN if has_arrived else LEAVING
        case _:
            return ASKING
