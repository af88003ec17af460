"""A SIM goes to another gateway and takes its counters along, by file and command line."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.models import GatewayConfig
from config.money import BalanceChecks
from edge.cli.config import EXIT_FAILED
from edge.destination import Destination, NumberKind
from edge.limits.account import Account, CallResult, Ending
from edge.usage import Usage
from tests.edge.money.office import ZONE, Settings, scenario
from tests.edge.money.shop import Shop, shop

FRIEND = Destination("+2348031234567", NumberKind.MOBILE, "NG", None, ("Africa/Lagos",))
NOW = datetime.now(UTC).timestamp()


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(made(tmp_path / "old"), scenario({})) as found:
        yield found


@pytest.fixture
async def new(tmp_path: Path, old: Shop) -> AsyncIterator[Shop]:
    """Another gateway, which has the same SIM in its modem now and asks no carrier."""
    settings = Settings(checks=BalanceChecks(enabled=False))
    async with shop(made(tmp_path / "new"), scenario({}), settings) as found:
        assert found.line.iccid == old.line.iccid
        yield found


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def account(of: Shop) -> Account:
    assert of.line.iccid
    return of.usage.of_sim(of.line.iccid, of.line.line, "ng-mtn")[0]


def call(of: Shop, seconds: float) -> None:
    account(of).reserve("c-1", FRIEND, None, NOW)
    account(of).settle("c-1", CallResult(Ending.ANSWERED, seconds), NOW + seconds)


async def export(of: Shop) -> Any:
    """What `sim export` prints, once a balance was told."""
    if not of.balances.fund(of.line.iccid or "").at:
        await of.facts("balance", "--ask")
    result = await of.run("sim", "export", str(of.line.iccid))
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


async def test_a_sim_is_taken_over_whole(old: Shop, new: Shop, tmp_path: Path) -> None:
    call(old, 120)
    taken = await export(old)
    assert taken["trunkline_sim"] == 1
    assert taken["balance"]["amount"] == "50"
    file = tmp_path / "sim.json"
    file.write_text(json.dumps(taken))
    said = await new.run("sim", "import", str(file))
    assert said.stdout == f"{taken['iccid']}: took the counters and its balance over from shop\n"
    again = await export(new)
    assert again["account"] == taken["account"]
    assert again["balance"] == taken["balance"]
    [event] = new.money("balance")
    assert event.message == "was told to the gateway shop"
    usage = Usage(GatewayConfig(), new.store, ZONE)
    await usage.load()
    assert usage.export(taken["iccid"]) == taken["account"]


async def test_more_that_was_counted_here_is_not_forgotten(old: Shop, new: Shop) -> None:
    call(old, 60)
    file = json.dumps(await export(old))
    call(new, 600)
    before = account(new).dump()
    refused = await new.run("sim", "import", "-", stdin=file)
    assert refused.exit_code == EXIT_FAILED
    assert refused.stderr.startswith("This gateway has counted more of the SIM")
    assert account(new).dump() == before
    assert (await new.facts("sim", "import", "-", "--force", stdin=file))[0]["balance"]
    assert account(new).dump() != before


async def test_an_older_balance_is_not_believed(old: Shop) -> None:
    taken = await export(old)
    before = old.balances.fund(taken["iccid"])
    taken["balance"] |= {"amount": "1000", "at": "2026-11-23T00:00:00Z"}
    answer = await old.facts("sim", "import", "-", stdin=json.dumps(taken))
    assert answer[0]["balance"] is False
    assert old.balances.fund(taken["iccid"]) == before


async def test_a_call_under_way_holds_everything_up(old: Shop) -> None:
    taken = await export(old)
    account(old).reserve("c-1", FRIEND, None, NOW)
    for arguments in (["export", taken["iccid"]], ["import", "-"]):
        result = await old.run("sim", *arguments, stdin=json.dumps(taken))
        assert result.exit_code == EXIT_FAILED
        assert result.stderr.startswith("A call is on this SIM; ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "- is not JSON"),
        ("[]", "- holds no SIM"),
        ("{}", "This is no file of `trunkline sim export`: trunkline_sim"),
        ("\xff", "- is not JSON"),
    ],
)
async def test_nonsense_is_refused(old: Shop, text: str, says: str) -> None:
    result = await old.run("sim", "import", "-", stdin=text)
    assert result.exit_code == EXIT_FAILED
    assert result.stderr.startswith(says)


async def test_a_stranger_has_nothing_to_take_along(old: Shop) -> None:
    result = await old.run("sim", "export", "8900000000000000000")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr.startswith("Nothing is known of the SIM 8900000000000000000; ")
