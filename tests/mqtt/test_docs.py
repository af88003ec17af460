import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mqtt import docs
from mqtt.catalog import CHANNELS
from mqtt.messages import COMMANDS

REPO = Path(__file__).parents[2]
DOCS = REPO / "docs" / "mqtt"


@pytest.mark.parametrize("name", docs.documents())
def test_the_committed_file_is_current(name: str) -> None:
    assert (DOCS / name).read_text() == docs.documents()[name]


def test_the_check_agrees() -> None:
    subprocess.run([REPO / "scripts" / "docs-generate", "--check"], check=True)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    document = docs.asyncapi()
    found = set(references(document))
    for reference in found:
        file, _, pointer = reference.partition("#")
        node: Any = json.loads((DOCS / file).read_text()) if file else document
        for step in pointer.split("/")[1:]:
            node = node[step]
    assert len(found) > 2 * len(CHANNELS)


def test_every_topic_and_command_is_there() -> None:
    document = docs.asyncapi()
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert "trunkline/v1/{gateway}/call/{call}" in addresses
    assert {f"trunkline/v1/{{gateway}}/cmd/{verb}" for verb in COMMANDS} <= addresses
    retained = {
        name
        for name, operation in document["operations"].items()
        if operation["bindings"]["mqtt"]["retain"]
    }
    assert retained == {"send-status", "send-capacity", "send-line", "send-alarm"}
