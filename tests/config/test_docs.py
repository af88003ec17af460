import re

import pytest

from config import docs
from config.keys import keys
from config.load import parse
from config.models import GatewayConfig
from config.profiles import SHIPPED

EXAMPLE = SHIPPED.parents[1] / "gateway.example.toml"
DEFAULT = re.compile(r"^# (?=\w+ = )", re.MULTILINE)
SAMPLE = re.compile(r"^## ", re.MULTILINE)


def read(text: str) -> GatewayConfig:
    return parse(text, GatewayConfig, EXAMPLE.name)


def test_the_example_is_the_one_made_from_the_models() -> None:
    assert EXAMPLE.read_text() == docs.example_toml()


def test_the_example_changes_nothing() -> None:
    assert read(EXAMPLE.read_text()) == GatewayConfig()


def test_every_default_uncommented_changes_nothing() -> None:
    text = EXAMPLE.read_text()
    places = [match.span() for match in DEFAULT.finditer(text)]
    assert len(places) > 10
    for start, end in places:
        assert read(text[:start] + text[end:]) == GatewayConfig()
    assert read(DEFAULT.sub("", text)) == GatewayConfig()


def test_every_example_uncommented_is_valid() -> None:
    text = SAMPLE.sub("", EXAMPLE.read_text())
    for twin in ('pin = "0000"\n', 'password = "Tr0mbone-pedal-9"\n'):  # a file says the same
        text = text.replace(twin, "")
    config = read(text)
    assert config.gateway.country == "AT"
    assert config.mqtt.username
    assert len(config.modem) == len(config.sim) == 1


@pytest.mark.parametrize("path", [path for path, _ in keys(GatewayConfig)], ids=str)
def test_every_key_is_in_the_example_and_the_reference(path: tuple[str, ...]) -> None:
    assert re.search(rf"^\| `{path[-1]}` ", docs.reference_md(), re.MULTILINE)
    section = re.split(rf"\[{path[0]}\]", docs.example_toml())[1]
    assert re.search(rf"^#+ {path[1]} = ", section, re.MULTILINE)


def test_every_field_has_a_description() -> None:
    assert all(field.description for _, field in keys(GatewayConfig))
