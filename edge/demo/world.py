"""The simulated world as a process of its own: modems until a signal, and people who call them."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any

from edge.demo.children import cancel_on
from simulator import Scenario, Simulator, serve
from simulator.money.account import Account, What

PATIENCE_S = 25.0  # simulated; then a caller hangs up, answered or not

OnReady = Callable[[Simulator], None]
OnOver = Callable[[dict[str, Any]], None]


def run_world(
    scenario: Scenario,
    link_dir: Path | None,
    incoming_s: float | None,
    on_ready: OnReady,
    on_over: OnOver,
) -> None:
    """Run it until SIGINT or SIGTERM, the links go with it.

    `on_ready` gets the simulator once its ports are open, `on_over` what is in the carriers'
    own books at the end.
    """
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(scenario, link_dir, incoming_s, on_ready, on_over))


async def _serve(
    scenario: Scenario,
    link_dir: Path | None,
    incoming_s: float | None,
    on_ready: OnReady,
    on_over: OnOver,
) -> None:
    cancel_on(signal.SIGINT, signal.SIGTERM)
    with ExitStack() as ending:
        async with asyncio.TaskGroup() as group:

            def ready(simulator: Simulator) -> None:
                ending.callback(lambda: on_over(_books(simulator)))
                on_ready(simulator)
                if incoming_s:
                    group.create_task(_call_lines(simulator, incoming_s))

            await serve(scenario, link_dir, on_ready=ready)


def _books(simulator: Simulator) -> dict[str, Any]:
    """What the carriers know: accounts by ICCID, how often vouchers were tried, and how many."""
    money = simulator.network.money
    tries = money.tries
    return {
        "accounts": {iccid: _account(account) for iccid, account in money.accounts.items()},
        "vouchers": {"tries": len(tries), "tried": len({entry.code for entry in tries})},
    }


def _account(account: Account) -> dict[str, str]:
    """One account; amounts as text, in the carrier's currency."""
    added = (each.amount for each in account.movements if each.what is What.TOPUP)
    return {
        "balance": f"{account.balance}",
        "charged": f"{-sum(each.amount for each in account.charges)}",
        "topped_up": f"{sum(added)}",
    }


async def _call_lines(simulator: Simulator, every_s: float) -> None:
    """Every so many simulated seconds, have somebody outside call a line; for ever."""
    speed = simulator.scenario.speed
    rng = Random(simulator.scenario.seed)  # noqa: S311 - a repeatable world is the purpose
    numbers = sorted(simulator.network.numbers)
    while True:
        await asyncio.sleep(every_s / speed)
        caller = f"+4989{rng.randrange(10**7):07d}"
        call = simulator.network.call(caller, rng.choice(numbers))
        simulator.clock.later(PATIENCE_S, call.hang_up)
