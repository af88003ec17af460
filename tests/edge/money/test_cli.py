"""The commands about money, as a person types them: a real socket, simulated carriers."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import Result

from edge.cli.config import EXIT_FAILED
from edge.cli.stories import CAUSES
from edge.money.reading import Words
from edge.money.saga import Event, Why
from tests.brokers import Broker
from tests.edge.money.office import CODES, carrier
from tests.edge.money.shop import Shop, shop

STRANGE = "999999999999"  # a code that the carrier does not know
FRIEND = "+2348031234567"


@pytest.fixture
async def desk(broker: Broker, tmp_path: Path) -> AsyncIterator[Shop]:
    """Two lines with 50.00 each, and vouchers of 100 for who asks for them."""
    async with shop(broker, tmp_path, 2) as found:
        yield found


async def brought(desk: Shop, *codes: str) -> None:
    text = "\n".join(f"{code},100" for code in codes)
    result = await desk.run("vouchers", "import", "-", "--carrier", "ng-mtn", stdin=text)
    assert result.exit_code == 0, result.stderr


async def campaign(desk: Shop, number: str) -> Result:
    return await desk.run("why", number, "--purpose", "campaign", "--consent", "c-1")


async def test_balance_shows_what_is_known_and_asks_anew(desk: Shop) -> None:
    told = await desk.facts("balance", "--ask")
    assert {event["event"]["line"] for event in told} == set(desk.lines)
    assert {event["event"]["amount"] for event in told} == {"50"}
    result = await desk.run("balance", desk.lines[0], "--ask")
    assert f"{desk.lines[0]}: 50.00 NGN" in result.stdout
    known = await desk.run("balance")
    assert known.stdout.count("50.00 NGN") == 2
    [shown] = await desk.facts("balance", desk.lines[1])
    assert [line["balance"] for line in shown["lines"]] == ["50"]
    assert "50.00 NGN" in (await desk.run("lines")).stdout


async def test_balance_of_no_line(desk: Shop) -> None:
    result = await desk.run("balance", "nowhere")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr == "There is no line nowhere; see `trunkline lines`.\n"


async def test_vouchers_come_in_and_are_listed_without_their_codes(
    desk: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "vouchers.csv"
    file.write_text(f"code,amount\n{CODES[0]},100\n12,100\n{CODES[1]},50.50\n{CODES[0]},100\n")
    result = await desk.run("vouchers", "import", str(file), "--carrier", "ng-mtn")
    assert result.exit_code == EXIT_FAILED
    assert result.stdout == "ng-mtn: 2 vouchers added, 150.50 NGN\n"
    assert result.stderr == (
        "line 3: a code is 6 to 24 digits, with spaces and dashes as you like\n"
        "line 5: the same code stands in line 2\n"
        "2 lines left out; mend and import them again.\n"
    )
    again = await desk.run("vouchers", "import", str(file), "--carrier", "ng-mtn", "--json")
    assert [bad["line"] for bad in json.loads(again.stdout)["left_out"]] == [2, 3, 4, 5]
    listed = await desk.run("vouchers", "list")
    assert "3456" in listed.stdout
    for text in (result.output, again.output, listed.output, caplog.text):
        assert not any(code in text for code in CODES)


async def test_a_file_that_is_not_there(desk: Shop) -> None:
    result = await desk.run("vouchers", "import", "/nowhere/at/all")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr == "/nowhere/at/all cannot be read: No such file or directory.\n"
    wrong = await desk.run("vouchers", "import", "-", "--amount", "ten", stdin=CODES[0])
    assert wrong.exit_code == EXIT_FAILED
    assert wrong.stderr.startswith("amount: ")
    assert CODES[0] not in wrong.output


async def test_a_topup_is_told_to_its_end_and_the_ledger_adds_up(desk: Shop) -> None:
    await brought(desk, CODES[0])
    result = await desk.run("topup", desk.lines[0])
    assert result.exit_code == 0, result.output
    told = [line.split("  ", 1)[1] for line in result.stdout.splitlines()]
    assert f"100.00 NGN is set aside for {desk.lines[0]}" in told[0]
    assert "waiting for the carrier" in told[1]
    assert f"{desk.lines[0]} got 100.00 NGN" in told[2]
    checked = await desk.run("ledger", "check")
    assert checked.stdout.startswith("The ledger adds up: ")
    assert "vouchers: 1 used" in checked.stdout
    kinds = [entry["kind"] for entry in (await desk.facts("ledger"))[0]["entries"]]
    of_line = (await desk.run("ledger", "--line", desk.lines[1])).stdout
    assert kinds.count("topup_confirmed") == 1
    assert "topup" not in of_line


async def test_a_code_that_the_carrier_refuses_fails_the_command(desk: Shop) -> None:
    await brought(desk, STRANGE)
    reply, *events = [
        json.loads(text)
        for text in (await desk.run("topup", desk.lines[0], "--json")).stdout.splitlines()
    ]
    assert reply["reply"]["result"] == "accepted"
    assert [event["event"]["kind"] for event in events][-1] == "topup_rejected"
    none = await desk.run("topup", desk.lines[1])
    assert none.exit_code == EXIT_FAILED
    assert none.stderr == "No voucher fits: import some.\n"
    unlocked = await desk.run("topup", desk.lines[0], "--unlock")
    assert unlocked.stdout == f"{desk.lines[0]} may try vouchers again\n"


async def test_a_person_pays_or_declines(broker: Broker, tmp_path: Path) -> None:
    async with shop(broker, tmp_path, rule={"method": "ask"}) as desk:
        asked = await desk.run("topup", desk.lines[0])
        assert asked.exit_code == 0
        assert "needs 100.00 NGN: pay it, then `trunkline topup --confirm" in asked.stdout
        await desk.until("topup_asked")
        [topup] = [event.topup_id for event in desk.money("topup_asked")]
        paid = await desk.run("topup", "--confirm", str(topup))
        assert paid.exit_code == 0
        assert "got 100.00 NGN (a person paid)" in paid.stdout
        again = await desk.run("topup", "--reject", str(topup))
        assert again.exit_code == EXIT_FAILED
        assert "is confirmed: there is nothing to decide" in again.stderr


async def test_what_is_asked_must_make_sense(desk: Shop) -> None:
    assert (await desk.run("topup")).exit_code == 2
    assert (await desk.run("topup", "--confirm", "t-1", "--reject", "t-1")).exit_code == 2


async def test_a_topup_that_is_not_over_in_time_goes_on(broker: Broker, tmp_path: Path) -> None:
    silent = carrier(faults=[{"kind": "silent", "codes": [CODES[0]]}])
    async with shop(broker, tmp_path, carriers=[silent]) as desk:
        await brought(desk, CODES[0])
        result = await desk.run("topup", desk.lines[0], "--wait", "1")
        assert result.exit_code == EXIT_FAILED
        assert "is not over after 1 s and goes on" in result.stderr
        assert "confirmed" not in result.stdout


async def test_numbers_are_denied_and_let_go(desk: Shop, tmp_path: Path) -> None:
    assert (await desk.run("deny", "add", FRIEND)).stdout == "1 number denied\n"
    file = tmp_path / "numbers"
    file.write_text("08031234568 # said stop\nnobody\n+2348031234569\n")
    result = await desk.run("deny", "import", str(file))
    assert result.exit_code == EXIT_FAILED
    assert result.stdout == "2 numbers denied\n"
    assert result.stderr.startswith("line 2: ")
    assert await desk.facts("deny", "count") == [{"count": 3}]
    removed = await desk.run("deny", "remove", FRIEND, "+2348031230000")
    assert removed.exit_code == EXIT_FAILED
    assert removed.stdout == "1 number may be called again\n"
    assert removed.stderr == "Not on the list: +2348031230000.\n"
    assert (await desk.run("deny", "count")).stdout == "2 numbers denied\n"
    assert "denied_number" in (await campaign(desk, "+2348031234568")).stdout
    assert "denied_number" not in (await campaign(desk, FRIEND)).stdout


async def test_a_long_list_is_denied_in_parts(desk: Shop) -> None:
    numbers = "\n".join(f"+23480312{place:05}" for place in range(2500))
    assert await desk.facts("deny", "import", "-", stdin=numbers) == [
        {"denied": 2500, "left_out": []}
    ]
    assert await desk.facts("deny", "count") == [{"count": 2500}]


async def test_why_tells_the_lines_and_what_the_number_is(desk: Shop) -> None:
    said = await desk.run("why", FRIEND)
    assert said.stdout.startswith(f"{FRIEND} is a mobile number of NG")
    [choice] = await desk.facts("why", FRIEND, "--line", desk.lines[1])
    assert (choice["line"], [row["rank"] for row in choice["lines"]]) == (desk.lines[1], [1])
    assert (await desk.run("line", desk.lines[0])).stdout.count("ng-mtn") == 1


def test_every_cause_has_words() -> None:
    assert {*Event, *Why, *Words} == set(CAUSES)
