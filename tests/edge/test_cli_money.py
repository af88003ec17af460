"""What the commands about money and choice print, and what they say where no gateway is."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edge.cli.app import app
from edge.cli.common import EXIT_NO_GATEWAY
from edge.cli.config import EXIT_FAILED
from edge.cli.tables import LINE_COLUMNS, line_facts, line_table
from edge.cli.words import count, moment, money, span
from edge.control_client import ControlClient
from mqtt.messages import Choice, Left, LineChoice, LineStatus, Use
from mqtt.vocabulary import LineKind, LineState, Reason

NEED_GATEWAY = (
    ["why", "+4930123456"],
    ["balance"],
    ["topup", "desk-1"],
    ["line", "desk-1"],
    ["vouchers", "list"],
    ["vouchers", "import", "-"],
    ["ledger"],
    ["ledger", "check"],
    ["deny", "add", "+4930123456"],
    ["deny", "import", "-"],
    ["deny", "remove", "+4930123456"],
    ["deny", "count"],
    ["sim", "export", "8923430000000000017"],
    ["sim", "import", "-"],
)
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
PLAIN = LineStatus(
    gateway="office", line="desk-1", kind=LineKind.GSM, state=LineState.READY, since=AT
)
RICH = PLAIN.model_copy(
    update={
        "line": "desk-2",
        "state": LineState.RESTING,
        "until": AT,
        "carrier": "at-a1",
        "plan": "prepaid",
        "use": [
            Use(limit="max_calls_day", used=2, most=100),
            Use(limit="max_minutes_day", used=45.25, most=60, until=AT),
        ],
        "balance": "12.3",
        "currency": "EUR",
        "balance_at": AT,
        "buckets": [Left(name="calls", unit="minutes", left=60, expires="2026-12-24")],
        "days_left": 9.4,
    }
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(f'[gateway]\ncountry = "DE"\n[control]\nsocket = "{tmp_path}/control.sock"\n')
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(path))
    return path


def run(*arguments: str, stdin: str = "+4930123456") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin)


@contextmanager
def gateway(config: Path, *answers: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """A control socket that gives these answers, a connection each; the requests it got."""
    got: list[dict[str, Any]] = []
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(config.parent / "control.sock"))
        door.listen()

        def serve() -> None:
            for answer in answers:
                with door.accept()[0] as client, client.makefile("rwb") as stream:
                    got.append(json.loads(stream.readline()))
                    stream.write(json.dumps(answer).encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield got
        thread.join()


def reply(data: Choice) -> dict[str, Any]:
    whole = {"gateway": "office", "ts": "2026-11-23T10:00:00Z", "verb": "why", "result": "done"}
    return whole | {"data": data.as_dict()}


@pytest.mark.parametrize("arguments", NEED_GATEWAY, ids=" ".join)
@pytest.mark.usefixtures("config")
def test_without_a_gateway_the_way_to_start_it_is_said(arguments: list[str]) -> None:
    stdin = "{}" if "sim" in arguments else "+4930123456"
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == EXIT_NO_GATEWAY
    assert result.stdout == ""
    assert "systemctl start trunkline" in result.stderr


def test_why_shows_the_rank_of_each_line_and_why_not(config: Path) -> None:
    rows = [
        LineChoice(line="desk-1", rank=1, seconds=3540, cost="0.0900", currency="EUR"),
        LineChoice(line="desk-2", rank=2, switch_s=25),
        LineChoice(
            line="desk-3",
            reason="limit_reached",
            message="60 of 60 minutes of today are used.",
            until=AT,
        ),
    ]
    choice = Choice(
        number="+4366412345678",
        kind="mobile",
        country="AT",
        carrier="at-a1",
        line="desk-1",
        lines=rows,
    )
    with gateway(config, reply(choice), reply(choice)) as got:
        shown = run("why", "+4366412345678", "--purpose", "campaign").stdout.splitlines()
        assert json.loads(run("why", "+4366412345678", "--json").stdout) == choice.as_dict()
    assert got[0]["payload"]["purpose"] == "campaign"
    assert shown[:2] == [
        "+4366412345678 is a mobile number of AT, network at-a1.",
        "desk-1 would take the call.",
    ]
    header, first, second, third = (line.split() for line in shown[2:])
    assert header[:3] == ["line", "rank", "why"]
    assert first[:2] == ["desk-1", "1"]
    assert "59 min" in shown[3]
    assert "0.09 EUR" in shown[3]
    assert second[:2] == ["desk-2", "2"]
    assert "any" in second
    assert shown[4].endswith("Its modem must switch SIMs first, which takes 25 s.")
    assert third[:3] == ["desk-3", "-", "limit_reached"]
    assert moment(AT) in shown[5]


def test_why_says_when_no_line_takes_it(config: Path) -> None:
    choice = Choice(
        number="112",
        kind="emergency",
        reason=Reason.EMERGENCY_NUMBER,
        message="Campaigns never call it.",
        retry_after_s=90,
        lines=[],
    )
    with gateway(config, reply(choice)):
        shown = run("why", "112").stdout
    assert shown == (
        "112 is an emergency number.\n"
        "No call now (emergency_number): Campaigns never call it. Try again in 90 s.\n"
    )


def test_a_number_that_is_none_is_refused_with_a_sentence(config: Path) -> None:
    refusal = {"gateway": "office", "ts": "2026-11-23T10:00:00Z", "verb": "why"} | {
        "result": "refused",
        "reason": "bad_number",
        "message": "This is no telephone number.",
    }
    with gateway(config, refusal):
        result = run("why", "abc")
    assert (result.exit_code, result.stderr) == (EXIT_FAILED, "This is no telephone number.\n")


def test_a_ledger_that_does_not_add_up_fails(config: Path) -> None:
    problems = [{"entry": 7, "message": "v-1 was sent 2 times"}, {"entry": None, "message": "v-2"}]
    answer = {"entries": 9, "vouchers": {}, "problems": problems, "sums": []}
    with gateway(config, answer):
        result = run("ledger", "check")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr == (
        "entry 7: v-1 was sent 2 times\nv-2\nThe ledger does not add up: 2 problems.\n"
    )


def test_the_watch_of_some_seconds_ends(config: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(config.parent / "control.sock"))
        door.listen()
        client = ControlClient(config.parent / "control.sock")
        began = monotonic()
        with client.watching_for(0.05) as told:
            assert list(told) == []
        assert monotonic() - began < 5


def test_lines_show_money_only_where_there_is_some() -> None:
    columns, [row] = line_table([PLAIN])
    assert columns == ["line", "state", "operator", "signal", "number", "modem", "why"]
    assert row[:2] == ["desk-1", "ready"]
    columns, rows = line_table([PLAIN, RICH])
    assert columns == list(LINE_COLUMNS)
    shown = dict(zip(columns, rows[1], strict=True))
    assert shown["use"] == "max_minutes_day 45.2/60"
    assert (shown["balance"], shown["days"], shown["until"]) == ("12.30 EUR", "9", moment(AT))


def test_a_line_is_shown_whole() -> None:
    facts = line_facts(RICH)
    assert ["max_calls_day 2/100", f"max_minutes_day 45.2/60 until {moment(AT)}"] == [
        text for name, text in facts if name == "used"
    ]
    assert ("left", "60 minutes calls until 2026-12-24") in facts
    assert ("balance lasts", "9 days") in facts


@pytest.mark.parametrize(
    ("amount", "text"),
    [("12", "12.00 EUR"), ("0.0905", "0.0905 EUR"), ("-3.5", "-3.50 EUR"), ("1000", "1000.00 EUR")],
)
def test_amounts_have_their_cents(amount: str, text: str) -> None:
    assert money(amount, "EUR") == text
    assert money(None, "EUR") == ""


def test_times_and_counts_are_written_for_people() -> None:
    lengths = [timedelta(seconds=119), timedelta(minutes=59), timedelta(hours=26, minutes=5)]
    assert [span(length.total_seconds()) for length in lengths] == ["119 s", "59 min", "26 h 5 min"]
    assert (count(1, "line"), count(2, "entry", "entries")) == ("1 line", "2 entries")
