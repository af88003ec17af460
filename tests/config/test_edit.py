import pytest

from config import edit
from config.keys import parse_key
from config.load import ConfigError, parse
from config.models import GatewayConfig

TEXT = """\
# our office
[mqtt]
host = "broker"  # the one in the cellar
# port = 1883

[[sim]]
iccid = "8943051234567890123"
pin = "4711"
"""


def change(key: str, value: str, text: str = TEXT) -> str:
    return edit.set_value(text, parse_key(key), value)


def read(text: str) -> GatewayConfig:
    return parse(text, GatewayConfig, "gateway.toml")


@pytest.mark.parametrize(
    ("key", "value", "want"),
    [
        ("mqtt.port", "8883", 8883),
        ("mqtt.host", "10", "10"),
        ("mqtt.username", "true", "true"),
        ("console.at_enabled", "true", True),
        ("dispatcher.policies", "round_robin,least_used", ["round_robin", "least_used"]),
        ("dispatcher.policies", '["round_robin"]', ["round_robin"]),
        ("dispatcher.policies", "least_used", ["least_used"]),
        ("storage.path", "/srv/t.db", "/srv/t.db"),
        ("calls.max_call_s", "60", 60),
        ("sim.0.line", "desk-1", "desk-1"),
        ("sim.0.enabled", "false", False),
        ("sim.0.number", "+436601234567", "+436601234567"),
        ("sim.1.iccid", "8943051234567890999", "8943051234567890999"),
        ("mqtt.version", "5", "5"),
        ("limits.max_minutes_day", "120", "120"),
        ("sim.0.limits.max_calls_day", "5", 5),
        ("line.0.name", "desk-1", "desk-1"),
    ],
)
def test_a_value_is_read_by_the_type_of_its_key(key: str, value: str, want: object) -> None:
    assert edit.get(read(change(key, value)), parse_key(key)) == want


def test_a_pin_keeps_its_zeros() -> None:
    pin = read(change("sim.0.pin", "0042")).sim[0].pin
    assert pin is not None
    assert pin.get_secret_value() == "0042"


def test_comments_and_order_stay() -> None:
    assert change("mqtt.host", "other") == TEXT.replace('"broker"', '"other"')


def test_a_table_is_made_where_there_is_none() -> None:
    text = change("gateway.name", "vienna", "# head\n")
    assert text == '# head\n\n[gateway]\nname = "vienna"\n'
    text = change("modem.0.name", "hat", text)
    assert text.endswith('[[modem]]\nname = "hat"\n')


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("limits.windows.0.from", "in a list within a table; change it in the file"),
        ("mqtt.prot", "did you mean port?"),
        ("mqttt.port", "did you mean mqtt?"),
        ("mqtt", "is a table; name a key in it"),
        ("sim.0", "is a table"),
        ("sim.iccid", "sim is a list; begin with sim.0"),
        ("sim.3.iccid", "the next place in the list is 1"),
        ("mqtt.0", "mqtt has no parts"),
        ("mqtt.port.x", "mqtt.port has no parts"),
        ("0", "a key is a name"),
        ("", "is not a known key"),
    ],
)
def test_a_wrong_key_is_refused(key: str, problem: str) -> None:
    with pytest.raises(edit.KeyPathError) as caught:
        change(key, "1")
    assert problem in str(caught.value)


def test_a_list_in_one_line_is_not_split() -> None:
    text = 'sim = [{iccid = "8943051234567890123"}]\n'
    assert read(change("sim.0.line", "a", text)).sim[0].line == "a"
    with pytest.raises(edit.KeyPathError, match="written in one line"):
        change("sim.1.line", "a", text)


def test_what_is_unset_has_its_default() -> None:
    text = edit.unset(TEXT, ("mqtt", "host"))
    assert read(text).mqtt.host == "localhost"
    assert "# port = 1883" in text
    assert read(edit.unset(text, ("sim", 0))).sim == ()
    assert read(edit.unset(text, ("mqtt",))).mqtt == GatewayConfig().mqtt


@pytest.mark.parametrize("key", ["mqtt.port", "gateway.name", "sim.1", "sim.x", "mqtt.host.x"])
def test_what_is_not_there_cannot_be_unset(key: str) -> None:
    with pytest.raises(edit.KeyPathError, match="is not in the file"):
        edit.unset(TEXT, parse_key(key))


def test_broken_toml_is_not_edited() -> None:
    with pytest.raises(ConfigError, match="is not TOML, mend it or roll back first"):
        change("mqtt.port", "1", "[mqtt")


@pytest.mark.parametrize("key", ["mqtt.x", "sim.1", "mqtt.port.x", "sim.x"])
def test_an_unknown_key_has_no_value(key: str) -> None:
    with pytest.raises(edit.KeyPathError, match=r"is not a known key|has no"):
        edit.get(read(TEXT), parse_key(key))


@pytest.mark.parametrize(
    "line",
    ['pin = "4711"', "pin='4711'", "pin = 4711", '"pin" = """4711"""', '# pin = "4711"'],
)
def test_a_secret_is_masked_however_it_is_written(line: str) -> None:
    shown = edit.masked(f"[[sim]]\n{line}\npin_file = 'p'\n")
    assert "4711" not in shown
    assert "pin_file = 'p'" in shown


def test_a_difference_shows_that_a_secret_changed_but_not_the_secret() -> None:
    shown = edit.difference(TEXT, change("sim.0.pin", "0815"), "gateway.toml")
    assert '-pin = "****"' in shown
    assert '+pin = "**** new"' in shown
    assert "0815" not in shown
    assert "4711" not in shown
    assert not edit.difference(TEXT, TEXT, "gateway.toml")
