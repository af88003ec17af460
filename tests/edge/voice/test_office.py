from typing import Any

import pytest

from config.models import GatewayConfig
from config.sip import Reach
from edge.destination import Destination, NumberKind
from edge.voice.office import Office, Stage

OFFICE = {
    "gateway": {"country": "AT"},
    "extension": [
        {"name": "201", "password": "x"},
        {"name": "202", "password": "x"},
    ],
    "group": [
        {"name": "600", "members": ["201", "202"]},
        {"name": "601", "members": ["201", "202"], "order": "in_turn", "ring_s": 7},
    ],
    "pbx": [{"name": "house", "mode": "peer", "host": "192.0.2.1"}],
    "incoming": [
        {"line": "desk-1", "to": ["202", "600", "play closed"], "ring_s": 10},
        {"to": ["pbx house"]},
    ],
}


def office(**more: Any) -> Office:
    return Office(GatewayConfig.model_validate({**OFFICE, **more}))


def test_a_group_rings_together_or_in_turn() -> None:
    assert office().stages("600", 20) == [Stage(("201", "202"), 20)]
    assert office().stages("601", 20) == [Stage(("201",), 7), Stage(("202",), 7)]
    assert office().stages("201", 12) == [Stage(("201",), 12)]


def test_a_line_has_its_own_rule_and_the_others_have_the_common_one() -> None:
    takes = office().takes("desk-1")
    assert takes == [Stage(("202",), 10), Stage(("201", "202"), 10), Stage(play="closed")]
    assert office().takes("desk-9") == [Stage(("pbx house",), 20)]


def test_without_a_rule_nobody_takes_a_call() -> None:
    assert office(incoming=[]).takes("desk-1") == []


@pytest.mark.parametrize(
    ("kind", "country", "least"),
    [
        (NumberKind.EMERGENCY, "AT", Reach.INTERNAL),
        (NumberKind.FIXED, "AT", Reach.LOCAL),
        (NumberKind.TOLL_FREE, "AT", Reach.LOCAL),
        (NumberKind.MOBILE, "AT", Reach.NATIONAL),
        (NumberKind.UNASSIGNED, "AT", Reach.NATIONAL),
        (NumberKind.FIXED, "DE", Reach.INTERNATIONAL),
        (NumberKind.MOBILE, "DE", Reach.INTERNATIONAL),
        (NumberKind.PREMIUM, "AT", Reach.PREMIUM),
        (NumberKind.PREMIUM, "DE", Reach.PREMIUM),
        (NumberKind.SHARED_COST, "AT", Reach.PREMIUM),
    ],
)
def test_how_far_an_extension_may_call(kind: NumberKind, country: str, least: Reach) -> None:
    to = Destination("+431234567", kind, country)
    may = [reach for reach in Reach if office().may_call(reach, to)]
    assert may == list(Reach)[list(Reach).index(least) :]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"group": [{"name": "600", "members": ["299"]}]}, "299"),
        ({"incoming": [{"to": ["pbx nobody"]}]}, "pbx nobody"),
        ({"group": [{"name": "201", "members": ["202"]}]}, "201"),
    ],
)
def test_a_destination_that_is_not_there_is_refused(table: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        office(**table)
