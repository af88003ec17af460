from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import MAX_FILE_BYTES, PATH_VARIABLE, ConfigError, config_path, load, parse
from config.models import GatewayConfig, MqttVersion, Policy

ICCID = "8943051234567890123"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, GatewayConfig, "gateway.toml")
    return caught.value.problems


def test_an_empty_file_is_valid() -> None:
    config = parse("", GatewayConfig, "gateway.toml")
    assert config == GatewayConfig()
    assert config.client_id == "trunkline-trunkline"


def test_every_table_is_read() -> None:
    config = parse(
        f"""
        [gateway]
        name = "vienna-1"
        [mqtt]
        version = "3.1.1"
        [dispatcher]
        policies = ["round_robin"]
        [[modem]]
        name = "hat"
        port = "/dev/ttyAMA0"
        [[sim]]
        iccid = "{ICCID}"
        pin = "4711"
        """,
        GatewayConfig,
        "gateway.toml",
    )
    assert config.client_id == "trunkline-vienna-1"
    assert config.mqtt.version is MqttVersion.V311
    assert config.dispatcher.policies == (Policy.ROUND_ROBIN,)
    assert config.modem[0].profile is None
    assert config.sim[0].pin is not None
    assert config.sim[0].pin.get_secret_value() == "4711"
    assert "4711" not in repr(config)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[mqtt]\nprot = 1", "line 2: mqtt.prot is not a known key; did you mean port?"),
        ("[mqqt]\nport = 1", "line 1: mqqt is not a known key; did you mean mqtt?"),
        ("[calls]\nzzz = 1", "known are ring_timeout_s, max_call_s"),
        ("[mqtt]\nport = 99999", "line 2: mqtt.port = 99999 will not do"),
        ("\n[[sim]]\niccid = 89430512", "line 3: sim.0.iccid = 89430512 will not do: put it in"),
        ('[[sim]]\nline = "a"', "line 1: sim.0.iccid is missing and cannot be guessed"),
        ("mqtt = 3", "write it as a table that begins with [mqtt]"),
        ('[modem]\nname = "a"', "write it as a list: [[modem]] for tables"),
        ('[mqtt]\nversion = "4"', "it should be 'auto', '5' or '3.1.1'"),
        ('[dispatcher]\npolicies = ["cheap"]', "line 2: dispatcher.policies.0 = 'cheap'"),
        ('[mqtt]\npassword_file = "x"', "password_file needs username"),
        ('[mqtt]\nca_file = "x"\ncert_file = "x"', "cert_file and key_file go together"),
        ('[mqtt]\ncert_file = "x"\nkey_file = "x"', "cert_file needs ca_file"),
        ("a = = 1", "is not TOML: Invalid value (at line 1, column 5)"),
        (f'[[sim]]\niccid="{ICCID}"\n[[sim]]\niccid="{ICCID}"', f'sim.iccid "{ICCID}" stands'),
    ],
)
def test_a_problem_names_its_line_and_the_way_out(text: str, problem: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert problem in found[0]


def test_all_problems_are_told_at_once() -> None:
    assert len(problems("[mqtt]\nport = 0\nprot = 1\n[calls]\nring_timeout_s = 1")) == 3


@pytest.mark.parametrize(
    "text",
    [
        f'[[sim]]\niccid = "{ICCID}"\npin = "98x76"',
        f'[[sim]]\niccid = "{ICCID}"\npin = "98765"\npin_file = "x"',
        'sim = {pin = "98765"}',
        f'sim = [{{iccid = "{ICCID}", pin = 98765}}]',
    ],
)
def test_a_problem_never_shows_a_pin(text: str) -> None:
    assert not any("987" in problem for problem in problems(text))


@given(st.text(max_size=200))
def test_garbage_is_valid_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        assert parse(text, GatewayConfig, "gateway.toml").client_id


def test_the_file_is_named_by_option_then_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    monkeypatch.setenv(PATH_VARIABLE, str(other))
    assert config_path(one) == one
    assert config_path() == other
    other.write_text('[gateway]\nname = "other"')
    assert load().gateway.name == "other"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "does not exist; name another one with --config"),
        (b"\xff", "is not UTF-8 text"),
        (b"#" * (MAX_FILE_BYTES + 1), "is larger than"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, data: bytes | None, problem: str
) -> None:
    path = tmp_path / "gateway.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=problem):
        load(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)
