import json
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from typer.testing import CliRunner, Result

from config.carriers import load_carriers
from config.countries import load_countries
from edge.cli.config import EXIT_BAD_CONFIG, EXIT_FAILED, app

TEXT = '[mqtt]\nport = 1884  # ours\n\n[[sim]]\niccid = "8943051234567890123"\npin = "4711"\n'


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(TEXT)
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(path))
    return path


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=answer)


def test_check_says_that_a_file_is_right(path: Path) -> None:
    assert run("check").output == f"{path} is right\n"
    facts = json.loads(run("check", "--json").output)
    assert facts == {"path": str(path), "valid": True, "problems": [], "warnings": []}


def test_check_says_what_is_wrong(path: Path) -> None:
    path.write_text("[mqtt]\nprot = 1\n")
    result = run("check")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert result.stderr == f"{path}: line 2: mqtt.prot is not a known key; did you mean port?\n"
    assert json.loads(run("check", "--json").stdout)["valid"] is False


def test_check_knows_the_profiles(path: Path) -> None:
    path.write_text('[[modem]]\nname = "a"\nport = "/dev/a"\nprofile = "simcom"\n')
    result = run("check")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "modem a: no profile simcom; " in result.stderr


def test_check_warns_where_campaigns_may_do_more_than_the_profile(path: Path) -> None:
    path.write_text('[[country]]\ncode = "FR"\nhours = ["sat 09:00-12:00"]\ngap_h = 8\n')
    result = run("check")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: country.0.hours goes past the profile of FR, which ")
    assert "mon-fri 10:00-13:00 14:00-20:00 (Code de la consommation D223-9" in result.stderr
    assert "gap_h" not in result.stderr
    facts = json.loads(run("check", "--json").stdout)
    assert facts["valid"] is True
    assert len(facts["warnings"]) == 1


def test_check_reads_the_profiles_of_carriers_and_countries(
    path: Path, tmp_path: Path, mocker: MockerFixture
) -> None:
    for kind in ("carriers", "countries"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "xx.toml").write_text('name = "yy"\n')
    mocker.patch.object(load_carriers, "__defaults__", ([tmp_path / "carriers"],))
    mocker.patch.object(load_countries, "__defaults__", ([tmp_path / "countries"],))
    result = run("check")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "carriers/xx.toml: title is missing" in result.stderr
    assert "countries/xx.toml: campaign is missing" in result.stderr
    assert str(path) not in result.stderr


@pytest.mark.usefixtures("path")
def test_show_prints_what_is_in_force_without_secrets() -> None:
    output = run("show").output
    assert "mqtt.port = 1884\n" in output
    assert 'mqtt.host = "localhost"\n' in output
    assert "mqtt.username =\n" in output
    assert "4711" not in output
    assert run("show", "mqtt.port").output == "mqtt.port = 1884\n"
    assert run("show", "sim.0.iccid", "--json").output == '"8943051234567890123"\n'
    assert json.loads(run("show", "--json").output)["mqtt"]["port"] == 1884
    assert run("show", "mqtt.prot").exit_code == EXIT_BAD_CONFIG


def test_set_shows_the_difference_and_asks(path: Path) -> None:
    result = run("set", "mqtt.port", "8883", answer="n\n")
    assert result.exit_code == EXIT_FAILED
    assert "+port = 8883  # ours" in result.output
    assert path.read_text() == TEXT
    assert run("set", "mqtt.port", "8883", answer="y\n").exit_code == 0
    assert path.read_text() == TEXT.replace("1884", "8883")


def test_keys_that_need_each_other_are_set_together(path: Path) -> None:
    assert run("set", "modem.0.name", "hat", "--yes").exit_code == EXIT_BAD_CONFIG
    assert path.read_text() == TEXT
    result = run("set", "--yes", "modem.0.name", "hat", "modem.0.port", "/dev/ttyAMA0")
    assert result.exit_code == 0
    assert "4711" not in result.output
    assert path.read_text() == TEXT + '\n[[modem]]\nname = "hat"\nport = "/dev/ttyAMA0"\n'


def test_a_bad_value_is_never_written(path: Path) -> None:
    result = run("set", "mqtt.port", "0", "--yes")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "nothing was written: line 2: mqtt.port = 0 will not do" in result.stderr
    assert path.read_text() == TEXT


@pytest.mark.usefixtures("path")
def test_a_key_without_a_value_is_wrong_usage() -> None:
    assert run("set", "mqtt.port").exit_code == 2


def test_unset_diff_and_rollback(path: Path) -> None:
    assert run("unset", "mqtt.port", "-y").exit_code == 0
    assert "-port = 1884  # ours" in run("diff").output
    assert run("rollback", "--yes").exit_code == 0
    assert path.read_text() == TEXT
    assert "-[mqtt]" not in run("diff", "2").output
    result = run("rollback", "9", "-y")
    assert result.exit_code == EXIT_BAD_CONFIG
    assert "has 2 earlier versions, there is no 9" in result.stderr


def test_a_broken_file_can_be_rolled_back(path: Path) -> None:
    run("set", "mqtt.port", "1", "-y")
    path.write_text('[mqtt\n pin = "0815"\n')
    assert run("set", "mqtt.port", "2", "-y").exit_code == EXIT_BAD_CONFIG
    result = run("rollback", "-y")
    assert result.exit_code == 0
    assert "0815" not in result.output
    assert path.read_text() == TEXT


def test_nothing_to_change_writes_nothing(path: Path) -> None:
    assert run("set", "mqtt.port", "1884").output == "nothing to change\n"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_first_set_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gateway.toml"
    result = run("set", "gateway.name", "vienna", "-y", "--config", str(path))
    assert result.exit_code == 0
    assert path.read_text() == '[gateway]\nname = "vienna"\n'


@pytest.mark.usefixtures("path")
def test_a_disk_that_refuses_is_one_sentence(mocker: MockerFixture) -> None:
    mocker.patch("tempfile.mkstemp", side_effect=OSError(28, "No space left on device"))
    result = run("set", "mqtt.port", "1", "-y")
    assert result.exit_code == EXIT_FAILED
    assert result.stderr == "the file: No space left on device\n"
