from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import simulator
from simulator import Scenario
from simulator.identity import luhn

SHIPPED = sorted((Path(simulator.__file__).parent / "scenarios").glob("*.toml"))


def is_luhn(digits: str) -> bool:
    return luhn(digits[:-1]) == digits


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_loads_and_its_identities_are_whole(path: Path) -> None:
    lines = Scenario.load(path).lines()
    assert len(lines) == {"demo": 8, "money": 10, "office": 4}[path.stem]
    for line in lines:
        assert is_luhn(line.imei)
        assert len(line.imei) == 15
        for sim in line.sims:
            assert is_luhn(sim.iccid)
            assert len(sim.imsi) == 15
            assert sim.account or sim.number.startswith("+49")


def test_luhn_of_the_known_imei() -> None:
    assert luhn("49015420323751") == "490154203237518"


def test_count_numbers_names_and_identities() -> None:
    modem = {"name": "m", "count": 3, "imei": "490154203237518", "sims": [{"number": "+491009"}]}
    lines = Scenario.model_validate({"modems": [modem]}).lines()
    assert [line.name for line in lines] == ["m-1", "m-2", "m-3"]
    assert [line.sims[0].number for line in lines] == ["+491009", "+491010", "+491011"]
    assert [line.imei[:14] for line in lines] == [str(49015420323751 + n) for n in range(3)]
    assert all(is_luhn(line.imei) for line in lines)


@pytest.mark.parametrize("count", [1, 4, 8, 32])
def test_with_lines_gives_that_many_different_modems(count: int) -> None:
    lines = Scenario.load(SHIPPED[0]).with_lines(count).lines()
    assert len(lines) == count
    assert len({line.name for line in lines}) == count
    assert len({line.imei for line in lines}) == count
    assert len({sim.number for line in lines for sim in line.sims}) >= count


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"sped": 2}, "sped"),
        ({"speed": 0}, "speed"),
        ({"modems": [{"name": "m", "oddities": {"hangs": 1}}]}, "hangs"),
        ({"modems": [{"name": "m"}, {"name": "m"}]}, "same name"),
        ({"modems": [{"name": "../m"}]}, "name"),
        ({"callees": [{"does": "answer"}]}, "exactly one"),
        ({"callees": [{"number": "+49", "share": 1}]}, "exactly one"),
        ({"ussd": [{"code": "*1#", "text": "Баланс"}]}, "dcs 72"),
        ({"carriers": [{"name": "c", "dialect": "klingon"}]}, "no dialect 'klingon'"),
        ({"carriers": [{"name": "c"}, {"name": "c"}]}, "same name"),
        ({"modems": [{"name": "m", "sims": [{"account": {"carrier": "c"}}]}]}, "no carrier 'c'"),
        (
            {"modems": [{"name": n, "sims": [{"number": "+491"}]} for n in "ab"]},
            "same number",
        ),
    ],
)
def test_a_wrong_scenario_is_refused_with_the_word_that_is_wrong(
    wrong: dict[str, object], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        Scenario.model_validate(wrong)
