"""The commands that need no gateway, and what all others say where none is."""

import json
import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from typer.testing import CliRunner, Result

from drivers.discovery import UsbModem
from edge.cli.app import app
from edge.cli.common import EXIT_NO_GATEWAY, safe
from edge.cli.config import EXIT_BAD_CONFIG, EXIT_FAILED
from edge.cli.service import JournalFormatter
from tests.edge.processes import TRUNKLINE, child

NEED_GATEWAY = (
    ["lines"],
    ["lines", "--watch"],
    ["calls"],
    ["dial", "+4930123456"],
    ["dial", "+4930123456", "--wait"],
    ["hangup", "c-1"],
    ["answer", "c-1"],
    ["dtmf", "c-1", "1"],
    ["sms", "+4930123456", "hello"],
    ["ussd", "desk-1", "*100#"],
    ["line", "desk-1", "reset"],
    ["at", "desk-1", "ATI"],
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[control]\nsocket = "{tmp_path}/control.sock"\n[discovery]\nusb = false\n'
        f'[storage]\npath = "{tmp_path}/trunkline.db"\n'
    )
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(path))
    return path


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin)


def is_one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith(".\n")


@pytest.mark.parametrize("arguments", NEED_GATEWAY, ids=" ".join)
def test_without_a_gateway_the_way_to_start_it_is_said(config: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == EXIT_NO_GATEWAY
    assert result.stdout == ""
    assert is_one_sentence(result.stderr)
    assert f"{config.parent}/control.sock" in result.stderr
    assert "systemctl start trunkline" in result.stderr


@pytest.mark.parametrize("arguments", [["lines"], ["run"], ["config", "check"]], ids=" ".join)
def test_a_bad_configuration_has_its_own_code(config: Path, arguments: list[str]) -> None:
    config.write_text("[control]\nsokcet = 1\n")
    result = run(*arguments)
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "line 2: control.sokcet is not a known key; did you mean socket?" in result.stderr


def test_a_configuration_is_named_once_for_all_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_CONFIG", "/nowhere")
    path = tmp_path / "other.toml"
    path.write_text(f'[control]\nsocket = "{tmp_path}/other.sock"\n')
    assert "other.sock" in run("--config", str(path), "lines").stderr
    shown = run("--config", str(path), "config", "show", "control.socket").stdout
    assert shown == f'control.socket = "{tmp_path}/other.sock"\n'


def test_wrong_usage_is_2() -> None:
    assert run("dial").exit_code == 2
    assert run("line", "desk-1", "explode").exit_code == 2
    assert run("demo", "--lines", "0").exit_code == 2


@pytest.mark.usefixtures("config")
def test_run_refuses_an_unknown_profile(config: Path) -> None:
    config.write_text('[[modem]]\nname = "hat"\nport = "/dev/x"\nprofile = "sim-800"\n')
    result = run("run")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "modem hat: no profile sim-800" in result.stderr


@pytest.mark.parametrize(("blocked", "hint"), [("db", "storage.path"), ("sock", "control.socket")])
def test_run_says_what_it_cannot_use(config: Path, blocked: str, hint: str) -> None:
    blocker = config.parent / "blocker"
    blocker.touch()
    place = f"{blocker}/in.{blocked}"
    old = {"db": "trunkline.db", "sock": "control.sock"}[blocked]
    config.write_text(config.read_text().replace(f"{config.parent}/{old}", place))
    ended = subprocess.run([*TRUNKLINE, "run"], capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_FAILED
    assert is_one_sentence(ended.stderr)
    assert hint in ended.stderr


def test_help_is_quick_because_it_imports_little() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom edge.cli.app import app\n"
        "assert 'dtmf' in CliRunner().invoke(app, ['--help']).output\n"
        "heavy = {'simulator', 'aiomqtt', 'serial', 'pyudev', 'phonenumbers', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert ended.stdout == b"[]\n"


def test_explain_takes_arguments_or_stdin() -> None:
    assert run("explain", "BUSY", "+CSQ: 20,99").stdout == (
        "Call over: the called party is busy\nSignal -73 dBm\n"
    )
    lines = run("explain", "--json", stdin="AT+CSQ\r\nBUSY\n").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"line": "AT+CSQ", "meaning": "Command: signal"},
        {"line": "BUSY", "meaning": "Call over: the called party is busy"},
    ]


def test_version() -> None:
    assert run("version").stdout.startswith("trunkline ")
    assert set(json.loads(run("version", "--json").stdout)) == {"trunkline", "python"}


def test_what_a_network_says_cannot_move_the_cursor() -> None:
    assert safe("a\x1b[2Jb\nc\r\x9b") == "a\ufffd[2Jb\nc\ufffd\ufffd"


def test_detect_names_profile_and_ports(mocker: MockerFixture) -> None:
    known = UsbModem("1-1.2", "2c7c", "0125", "", "Quectel", "EC25", {2: "/dev/ttyUSB2"})
    stranger = UsbModem("1-1.3", "0403", "6001", "A7", "FTDI", "UART", {0: "/dev/ttyUSB9"})
    mocker.patch("drivers.discovery.detect", return_value=[known, stranger])
    one, other = json.loads(run("detect", "--json").stdout)["modems"]
    assert one["at_port"] == "/dev/ttyUSB2"
    assert one["profile"] in {"quectel-ec25", "quectel-ec2x", "quectel-eg25"}
    assert (other["profile"], other["at_port"]) == (None, None)
    assert other["ports"] == {"0": "/dev/ttyUSB9"}
    table = run("detect").stdout
    assert "1-1.3" in table
    assert "unknown" in table


def test_detect_says_so_when_nothing_is_plugged_in(mocker: MockerFixture) -> None:
    mocker.patch("drivers.discovery.detect", return_value=[])
    assert run("detect").stdout.startswith("No USB device")
    assert json.loads(run("detect", "--json").stdout) == {"modems": []}


def test_simulate_links_its_modems_until_it_is_told_to_stop(tmp_path: Path) -> None:
    links = tmp_path / "links"
    arguments = ("simulate", "demo", "--lines", "2", "--link-dir", str(links), "--json")
    with child(*arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout
        ports = json.loads(process.stdout.readline())["ports"]
        assert ports == {f"ec25-{n}": f"{links}/ec25-{n}" for n in (1, 2)}
        assert all(Path(path).readlink().parent == Path("/dev/pts") for path in ports.values())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert list(links.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "There is no scenario "),
        ("speed = ", "cannot be read: "),
        ("speed = 0", "is wrong: speed: "),
    ],
)
def test_a_scenario_that_cannot_be_used(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "world.toml"
    if text is not None:
        path.write_text(text)
    result = run("simulate", str(path))
    assert result.exit_code == EXIT_FAILED
    assert is_one_sentence(result.stderr)
    assert says in result.stderr


def test_each_line_of_a_record_has_its_priority_for_the_journal() -> None:
    record = logging.LogRecord("edge.x", logging.WARNING, "", 0, "one\ntwo", None, None)
    assert JournalFormatter("%(name)s: %(message)s").format(record) == "<4>edge.x: one\n<4>two"
