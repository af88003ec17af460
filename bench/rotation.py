"""Rotation: minutes carried and money spent by each way to choose a line, beside the optimum.

Days of traffic are simulated without I/O, on the dispatcher and the limits that the gateway uses;
nobody knows how long a call will last. The optimum knows all of them. The carrier bills by books of
its own, and bars a SIM that passes its fair use, which is just where the limits of the plan are.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from random import Random

from bench.bed.report import Goal, Report, Row, arguments
from bench.rotation_parts.day import Method, Tally, simulate
from bench.rotation_parts.optimum import Optimum
from bench.rotation_parts.scenarios import MAKERS, Size
from config.models import Dispatcher, Policy

# A small office keeps its lines less busy, or callers would find none: Erlang's B formula.
SIZES = (Size(8, 12, 0.10), Size(32, 4, 0.20), Size(128, 2, 0.25))
OURS = Method("ours", Dispatcher().policies)
METHODS = (
    OURS,
    Method("round robin", (Policy.ROUND_ROBIN,)),
    Method("least used", (Policy.LEAST_USED,)),
    Method("random", (), shuffles=True),
)
# What limits are for: the same, without them.
BLIND = Method("round robin, no limits", (Policy.ROUND_ROBIN,), obeys=False)
LEAST_MINUTES, MOST_MONEY = 98.0, 103.0  # per cent of the optimum
SEED = 3


def main() -> None:
    options = arguments("rotation", seed=SEED)
    report = Report("rotation")
    jobs = [(size, n, options.seed) for size, n in product(SIZES, range(len(MAKERS)))]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(_compare, reversed(jobs)))  # the long ones first
        for (size, _, _), rows in zip(jobs, reversed(found), strict=True):
            report.rows += rows
            report.goals += _goals(size, rows[0])
    report.show(as_json=options.json)


def _compare(job: tuple[Size, int, int]) -> list[Row]:
    """Live one scenario through by every method."""
    size, n, seed = job
    scenario = MAKERS[n](Random(seed), size)  # noqa: S311 - the same days each time
    optimum = Optimum(scenario)
    rows = []
    for method in (*METHODS, BLIND) if scenario.campaigns else METHODS:
        tally = simulate(scenario, method, seed)
        rows.append(
            {
                "scenario": scenario.name,
                "SIMs": size.sims,
                "method": method.name,
                **_shares(tally, optimum),
            }
        )
    return rows


def _shares(tally: Tally, optimum: Optimum) -> Row:
    """Minutes as a share of the most possible, money as one of the least for these minutes."""
    least = optimum.money(tally.minutes)
    return {
        "minutes": round(tally.minutes),
        "minutes_%": round(100 * tally.minutes / optimum.minutes, 2),
        "money": round(tally.money, 2),
        "money_%": round(100 * tally.money / least, 2) if least else None,
        "overshoots": tally.overshoots,
        "barred": tally.barred,
    }


def _goals(size: Size, ours: Row) -> Iterator[Goal]:
    name = f"{ours['scenario']}, {size.sims} SIMs"
    found = {key: float(value) for key, value in ours.items() if isinstance(value, int | float)}
    yield Goal(
        f"{name}: minutes", LEAST_MINUTES, found["minutes_%"], "% of the most", at_least=True
    )
    yield Goal(f"{name}: money", MOST_MONEY, found["money_%"], "% of the least")
    yield Goal(f"{name}: limits overshot", 0, found["overshoots"], "times")
    yield Goal(f"{name}: barred", 0, found["barred"], "SIMs")


if __name__ == "__main__":
    main()
