"""A SIM goes to another gateway and takes its counters along, by file and command line."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.cli.config import EXIT_FAILED
from mqtt.vocabulary import CallState
from tests.brokers import Broker
from tests.edge.money.shop import Shop, shop
from tests.edge.worlds import ANSWERS, STAYS


@pytest.fixture
async def old(broker: Broker, tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(broker, made(tmp_path / "old")) as found:
        yield found


@pytest.fixture
async def new(broker: Broker, tmp_path: Path, old: Shop) -> AsyncIterator[Shop]:
    """Another gateway, in whose modem the SIM sits now."""
    async with shop(broker, made(tmp_path / "new")) as found:
        assert found.iccids == old.iccids
        yield found


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def call(of: Shop) -> None:
    """Place a call that is over when this returns."""
    call_id = await of.world.dial(ANSWERS)
    await of.world.ear.cdr(call_id)


async def export(of: Shop) -> Any:
    result = await of.run("sim", "export", of.iccids[0])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


async def test_a_sim_is_taken_over_whole(old: Shop, new: Shop, tmp_path: Path) -> None:
    await call(old)
    await old.facts("balance", "--ask")
    taken = await export(old)
    assert taken["trunkline_sim"] == 1
    assert taken["account"]["counts"]["day"]["entries"][0]["calls"] == 1
    file = tmp_path / "sim.json"
    file.write_text(json.dumps(taken))
    said = await new.run("sim", "import", str(file))
    home = old.world.config.gateway.name
    assert said.stdout == f"{taken['iccid']}: took the counters and its balance over from {home}\n"
    again = await export(new)
    assert again["account"] == taken["account"]
    assert again["balance"] == taken["balance"]
    await new.until("balance")
    [event] = new.money("balance")
    assert event.message == f"was told to the gateway {home}"
    await new.world.stop()
    new.world.start()
    await new.world.ready()
    assert (await export(new))["account"]["counts"] == taken["account"]["counts"]


async def test_more_that_was_counted_here_is_not_forgotten(old: Shop, new: Shop) -> None:
    await call(old)
    file = json.dumps(await export(old))
    await call(new)
    await call(new)
    before = await export(new)
    refused = await new.run("sim", "import", "-", stdin=file)
    assert refused.exit_code == EXIT_FAILED
    assert refused.stderr.startswith("This gateway has counted more of the SIM")
    assert (await export(new))["account"] == before["account"]
    assert (await new.run("sim", "import", "-", "--force", stdin=file)).exit_code == 0
    assert (await export(new))["account"]["counts"] == json.loads(file)["account"]["counts"]


async def test_an_older_balance_is_not_believed(old: Shop) -> None:
    await old.facts("balance", "--ask")
    taken = await export(old)
    rich = taken["balance"] | {"amount": "1000", "at": "2026-11-01T00:00:00Z"}
    answer = await old.facts("sim", "import", "-", stdin=json.dumps(taken | {"balance": rich}))
    assert answer[0]["balance"] is False
    assert (await export(old))["balance"] == taken["balance"]


async def test_a_call_under_way_holds_everything_up(old: Shop) -> None:
    await old.facts("balance", "--ask")
    taken = await export(old)
    call_id = await old.world.dial(STAYS)
    await old.world.ear.state(call_id, CallState.ANSWERED)
    for arguments in (["export", taken["iccid"]], ["import", "-"]):
        result = await old.run("sim", *arguments, stdin=json.dumps(taken))
        assert result.exit_code == EXIT_FAILED
        assert result.stderr.startswith("A call is on this SIM; ")
    await old.run("hangup", call_id)
    await old.world.ear.cdr(call_id)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "- is not JSON"),
        ("[]", "- holds no SIM"),
        ("{}", "This is no file of `trunkline sim export`: trunkline_sim"),
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
