"""The commands against a running gateway: real processes, simulated modems, the control socket."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edge.cli.app import app
from edge.cli.config import EXIT_FAILED
from edge.control_client import ControlClient
from mqtt.messages import LineStatus
from mqtt.vocabulary import LineState
from tests.brokers import Broker
from tests.edge.processes import PATIENCE_S, TRUNKLINE, child

ANSWERS, STAYS, BUSY = (f"+4930123456{n}0" for n in range(3))
WORLD = f"""
speed = 50
network = {{ setup_s = 0.5, sms_delay_s = 0.1, report_delay_s = 0.2 }}
callees = [
    {{ number = "{ANSWERS}", answer_after_s = 5, talk_s = 20 }},
    {{ number = "{STAYS}", answer_after_s = 5, then = "stay" }},
    {{ number = "{BUSY}", does = "busy" }},
]
ussd = [
    {{ code = "*100#", text = "12.34 EUR" }},
    {{ code = "*101#", text = "1 Tariff", menu = {{ 1 = {{ text = "Office" }} }} }},
]
[[modems]]
name = "m"
family = "quectel"
count = 3
latency_ms = 0
registration_delay_s = 0
"""


@pytest.fixture(scope="module")
def client(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlClient]:
    """A gateway with three lines that are ready."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "world.toml").write_text(WORLD)
    modems = "".join(f'[[modem]]\nname = "m-{n}"\nport = "{folder}/m-{n}"\n' for n in (1, 2, 3))
    config = folder / "gateway.toml"
    config.write_text(
        f'[gateway]\nname = "cli"\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
        f'[storage]\npath = "{folder}/t.db"\n[control]\nsocket = "{folder}/c.sock"\n'
        f"[console]\nat_enabled = true\n[discovery]\nusb = false\n{modems}"
    )
    world = ("simulate", f"{folder}/world.toml", "--link-dir", str(folder), "--json")
    with (
        pytest.MonkeyPatch.context() as patch,
        child(*world, stdout=subprocess.PIPE) as simulator,
    ):
        patch.setenv("TRUNKLINE_CONFIG", str(config))
        assert simulator.stdout
        simulator.stdout.readline()
        with child("run", stderr=subprocess.PIPE) as gateway:
            assert gateway.stderr
            while "is up" not in gateway.stderr.readline():
                assert gateway.poll() is None
            client = ControlClient(folder / "c.sock")
            _wait_for_lines(client, 3)
            yield client


def _wait_for_lines(client: ControlClient, count: int) -> None:
    with client.watching(PATIENCE_S) as told:
        while sum(line.state is LineState.READY for line in client.snapshot().lines) < count:
            next(told)


@pytest.fixture
def line(client: ControlClient) -> LineStatus:
    _wait_for_lines(client, 3)
    return client.snapshot().lines[0]


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin)


def facts(*arguments: str, stdin: str = "") -> list[Any]:
    result = run(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return [json.loads(text) for text in result.stdout.splitlines()]


def answered(client: ControlClient, number: str) -> str:
    """Place a call and wait until it is answered."""
    with client.watching(PATIENCE_S) as told:
        [reply] = facts("dial", number)
        events = (published.payload or {} for published in told)
        assert next(e for e in events if e.get("call_id") == reply["call_id"])
        assert next(e for e in events if e.get("state") == "answered")
        return str(reply["call_id"])


def test_lines(line: LineStatus) -> None:
    [shown] = facts("lines")
    assert len(shown["lines"]) == 3
    assert line.as_dict() in shown["lines"]
    header, *rows = run("lines").stdout.splitlines()
    assert header.split() == ["line", "state", "operator", "signal", "number", "modem", "why"]
    assert line.line in rows[0]


def test_lines_are_watched_until_ctrl_c(line: LineStatus) -> None:
    with child("lines", "--watch", "--json", stdout=subprocess.PIPE) as process:
        assert process.stdout
        first = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert line.line in {shown["line"] for shown in first}
        assert run("line", line.line, "disable").stdout == f"{line.line} is not used any more\n"
        shown = json.loads(process.stdout.readline())
        assert (shown["line"], shown["state"]) == (line.line, "disabled")
        assert facts("line", line.line, "enable")[0]["result"] == "done"
        assert json.loads(process.stdout.readline())["state"] == "ready"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


@pytest.mark.usefixtures("line")
def test_dial_and_wait_tells_each_state_and_the_cdr() -> None:
    reply, *events, last = facts("dial", ANSWERS, "--wait")
    assert reply["reply"]["result"] == "accepted"
    states = [event["event"]["state"] for event in events]
    assert states == ["dialing", "alerting", "answered", "ended"]
    assert last["cdr"]["cause"] == "normal"
    assert last["cdr"]["number"] == ANSWERS


@pytest.mark.usefixtures("line")
def test_a_call_that_nobody_answers_fails_the_command() -> None:
    result = run("dial", BUSY, "--wait")
    assert result.exit_code == EXIT_FAILED
    states = [text.split(maxsplit=1)[1] for text in result.stdout.splitlines()]
    assert states[0].startswith("dialing  ")
    assert states[-1].startswith("busy (")


def test_ctrl_c_hangs_up_and_the_cdr_still_comes(line: LineStatus) -> None:
    with child("dial", STAYS, "--wait", "--line", line.line, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while "answered" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        ended, cdr = process.stdout.readline(), process.stdout.readline()
        assert process.wait(PATIENCE_S) == 0
    assert "ended" in ended
    assert "normal" in cdr


def test_a_call_is_placed_dtmf_sent_and_hung_up(client: ControlClient, line: LineStatus) -> None:
    call_id = answered(client, STAYS)
    assert line.line
    assert [c["call_id"] for c in facts("calls")[0]["calls"]] == [call_id]
    assert call_id in run("calls").stdout
    assert facts("dtmf", call_id, "12#")[0]["result"] == "accepted"
    refused = run("answer", call_id)
    assert refused.exit_code == EXIT_FAILED
    assert refused.stderr == "The call is answered; there is none to answer.\n"
    with client.watching(PATIENCE_S) as told:
        assert run("hangup", call_id).stdout == f"{call_id} is being ended\n"
        while next(told).topic.kind != "cdr":
            pass
    newest = facts("calls", "--last", "1")[0]["cdrs"]
    assert [(cdr["call_id"], cdr["hangup_by"]) for cdr in newest] == [(call_id, "local")]
    assert call_id in run("calls").stdout


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["dial", "+49;ATH"], "bad_number"),
        (["dial", ANSWERS, "--line", "nowhere"], "unknown_line"),
        (["hangup", "c-none"], "unknown_call"),
        (["answer", "c-none"], "unknown_call"),
        (["dtmf", "c-none", "x"], "bad_request"),
        (["ussd", "nowhere", "*100#"], "unknown_line"),
        (["line", "nowhere", "reset"], "unknown_line"),
        (["sms", "abc", "hello"], "bad_number"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_refusal_is_one_sentence_and_its_reply_is_json(arguments: list[str], reason: str) -> None:
    result = run(*arguments, "--json")
    assert result.exit_code == EXIT_FAILED
    assert json.loads(result.stdout)["reason"] == reason
    assert result.stderr.count("\n") == 1
    assert run(*arguments).stdout == ""


def test_sms_waits_for_the_network_and_for_the_report(line: LineStatus) -> None:
    result = run("sms", ANSWERS, "hello", "--line", line.line)
    assert result.stdout == f"sent, 1 part(s), by {line.line}\n"
    [event] = facts("sms", ANSWERS, "x" * 200, "--report")
    assert (event["state"], event["parts"]) == ("delivered", 2)


def test_ussd_shows_the_reply_and_answers_menus(line: LineStatus) -> None:
    assert run("ussd", line.line, "*100#").stdout == "12.34 EUR\n"
    menu, reply = facts("ussd", line.line, "*101#", stdin="1\n")
    assert (menu["state"], reply["state"]) == ("menu", "reply")
    assert reply["text"] == "Office"


def test_a_menu_without_an_answer_is_left(line: LineStatus) -> None:
    assert run("ussd", line.line, "*101#").stdout == "1 Tariff\n"
    assert run("ussd", line.line, "*100#").stdout == "12.34 EUR\n"


def test_an_unknown_code_fails(line: LineStatus) -> None:
    result = run("ussd", line.line, "*555#")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr.startswith("The session ended, failed: ")


def test_at_talks_to_the_modem(line: LineStatus) -> None:
    assert run("at", line.line, "AT+CMGF?").stdout == "+CMGF: 0\nOK\n"
    assert run("at", line.line, "AT+NONSENSE").exit_code == EXIT_FAILED
    result = run("at", line.line, stdin="AT+CMGF?\nhello\nAT\n")
    assert result.stdout == "+CMGF: 0\nOK\nOK\n"
    assert result.stderr == "A command begins with AT and is one printable line.\n"
    assert facts("at", line.line, "AT+CMGF?") == [{"lines": ["+CMGF: 0"], "final": "OK"}]


def test_a_second_gateway_does_not_start(client: ControlClient) -> None:
    ended = subprocess.run([*TRUNKLINE, "run"], capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_FAILED
    assert ended.stderr.startswith(f"A gateway runs already on {client.path}: ")


def test_at_is_refused_unless_the_owner_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[mqtt]\nport = 1\n[storage]\npath = "{tmp_path}/t.db"\n[discovery]\nusb = false\n'
        f'[control]\nsocket = "{tmp_path}/c.sock"\n'
    )
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(config))
    with child("run", stderr=subprocess.PIPE) as gateway:
        assert gateway.stderr
        gateway.stderr.readline()  # the broker is away: all else is up by then
        result = run("at", "desk-1", "ATI")
    assert result.exit_code == EXIT_FAILED
    assert "set console.at_enabled = true" in result.stderr
    assert gateway.returncode == 0
