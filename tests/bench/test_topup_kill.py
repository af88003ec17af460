"""The kill test of top-ups: a small one with real kills, and what its judge sees."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from bench.topup_kill_parts.books import Finding, compare
from bench.topup_kill_parts.hits import ASKING, LEAVING, RESERVED, TAKEN, steps_hit
from bench.topup_kill_parts.naive import Hours, play
from bench.topup_kill_parts.scenario import (
    AMOUNT,
    CARRIERS,
    STRANGER,
    Kiosk,
    as_file,
    scenario,
)
from bench.topup_kill_parts.truth import Truth
from config.carriers import load_carriers
from edge.money.saga import State, TopUp
from edge.money.voucher_file import Defaults, read_vouchers
from edge.money.vouchers import VoucherState
from simulator.clock import Clock
from simulator.money.vouchers import Verdict
from simulator.network import Network
from tests.brokers import MOSQUITTO
from tests.edge.money.till import TODAY

BENCH = Path(__file__).parents[2] / "bench" / "topup_kill.py"
CODE, SIM = "7000000000000001", "8923430000000000017"
FREE, USED, SPOILED, UNKNOWN = (
    VoucherState(state) for state in ("free", "used", "spoiled", "unknown")
)


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_no_kill_costs_a_voucher() -> None:
    options = ("--topups", "12", "--kills", "4", "--lines", "12", "--json")
    done = subprocess.run(
        [sys.executable, BENCH, *options], capture_output=True, text=True, check=True, timeout=60
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["bench"] == "topup-kill"
    assert [goal["name"] for goal in result["goals"] if not goal["holds"]] == []
    ours, *_ = result["rows"]
    assert ours["top-ups"] == ours["confirmed"] + ours["rejected"] + ours["unknown"] >= 12
    assert ours["confirmed"] > 0
    assert ours["kills"] >= 4


@pytest.fixture
def network() -> Network:
    return Network(scenario(1, 1), Clock(cast("Any", Hours()), 1.0))


def tried(network: Network, verdicts: Sequence[Verdict], *, known: bool, sim: str = SIM) -> Truth:
    """What the carrier knows of CODE after these tries; `known`: it sold it."""
    vouchers = network.money.carriers[CARRIERS[0]].vouchers
    if known:
        vouchers.issue(CODE, AMOUNT)
    for verdict in verdicts:
        vouchers.use(0.0, sim, CODE, verdict)
    return Truth(network)


TOOK, WRONG, LOST_ON_ITS_WAY = Verdict.ACCEPTED, Verdict.WRONG_CODE, Verdict.NOT_TAKEN


@pytest.mark.parametrize(
    ("verdicts", "state", "expected"),
    [
        ([TOOK], USED, set()),
        ([TOOK], UNKNOWN, set()),
        ([TOOK], FREE, {"wrong", "lost"}),
        ([TOOK], SPOILED, {"wrong", "lost"}),
        ([TOOK, Verdict.ALREADY_USED], USED, {"twice"}),
        ([LOST_ON_ITS_WAY], USED, {"wrong", "lost"}),
        ([LOST_ON_ITS_WAY], FREE, {"wrong", "lost"}),  # it may be sent again
        ([LOST_ON_ITS_WAY], SPOILED, {"given_up"}),
        ([], FREE, set()),
        ([], USED, {"wrong", "lost"}),
        ([], SPOILED, {"given_up"}),
        ([], None, {"wrong", "lost"}),
    ],
)
def test_books_are_held_against_the_carrier(
    network: Network, verdicts: list[Verdict], state: VoucherState | None, expected: set[str]
) -> None:
    found = compare({CODE: state}, tried(network, verdicts, known=True))
    assert {name for name in Finding.__slots__ if getattr(found, name)} == expected


@pytest.mark.parametrize(("state", "wrong"), [(USED, True), (SPOILED, False), (FREE, True)])
def test_nothing_is_lost_by_a_code_that_was_never_good(
    network: Network, state: VoucherState, *, wrong: bool
) -> None:
    found = compare({CODE: state}, tried(network, [WRONG], known=False))
    assert (bool(found.wrong), found.lost) == (wrong, ())


def test_what_a_stranger_did_is_no_try_of_ours(network: Network) -> None:
    truth = tried(network, [TOOK], known=True, sim=STRANGER)
    assert truth.tries() == {}
    assert not truth.took_since(SIM, 0.0)


def test_the_gateway_can_read_what_the_kiosk_sells(network: Network) -> None:
    cards = Kiosk(network.money, Random(1)).sell(40)  # noqa: S311 - repeatable
    good, bad = read_vouchers(as_file(cards), Defaults(), load_carriers(), TODAY)
    assert bad == []
    assert [(v.carrier, v.code.get_secret_value(), v.amount) for v in good] == [
        (card.carrier, card.code, AMOUNT) for card in cards
    ]


def story(*states: State) -> list[TopUp]:
    """A step a second, from 1 on."""
    return [TopUp("t-1", 1, state, float(at), SIM) for at, state in enumerate(states, start=1)]


@pytest.mark.parametrize(
    ("kill", "arrived", "hit"),
    [
        (0.5, None, []),
        (1.5, None, [RESERVED]),
        (2.5, None, [LEAVING]),
        (2.5, 2.7, [LEAVING]),
        (2.5, 2.2, [TAKEN]),
        (3.5, 2.2, [ASKING]),
        (4.5, 2.2, []),
    ],
)
def test_a_kill_hits_the_step_that_it_falls_into(
    kill: float, arrived: float | None, hit: list[str]
) -> None:
    steps = story(State.RESERVED, State.SENT, State.UNKNOWN, State.CONFIRMED)
    assert list(steps_hit(steps, arrived, [kill])) == hit


def test_a_script_that_sends_first_sends_codes_twice() -> None:
    rival = play(notes_first=False, topups=100, lines=8, life_s=11.0)
    found = compare(rival.states, rival.truth)
    assert found.twice
    assert found.lost


def test_a_script_that_notes_first_loses_what_never_left() -> None:
    rival = play(notes_first=True, topups=100, lines=8, life_s=11.0)
    found = compare(rival.states, rival.truth)
    assert found.twice == ()
    assert found.lost
