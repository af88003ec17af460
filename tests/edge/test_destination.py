import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.carriers import load_carriers
from config.countries import SHIPPED, load_countries
from edge.destination import NumberingPlans, NumberKind
from edge.guards.hours import known_zones
from edge.numbers import BadNumber, normalize

COUNTRIES = load_countries([SHIPPED])
CARRIERS = load_carriers()


def plans(home: str | None = "AT") -> NumberingPlans:
    return NumberingPlans(home, COUNTRIES, CARRIERS)


@pytest.mark.parametrize(
    ("number", "kind", "country", "zones"),
    [
        ("+43720123456", "other", "AT", ("Europe/Vienna",)),
        ("+436601234567", "mobile", "AT", ("Europe/Vienna",)),
        ("+4315550100", "fixed", "AT", ("Europe/Vienna",)),
        ("+43800123456", "toll_free", "AT", ("Europe/Vienna",)),
        ("+43900123456", "premium", "AT", ("Europe/Vienna",)),
        ("+43810123456", "shared_cost", "AT", ("Europe/Vienna",)),
        ("+390612345678", "fixed", "IT", ("Europe/Rome",)),
        ("+12125551234", "fixed_or_mobile", "US", ("America/New_York",)),
        ("+12045551234", "fixed_or_mobile", "CA", ("America/Winnipeg",)),
        ("+5592987654321", "mobile", "BR", ("America/Manaus",)),
        ("+918001234567", "mobile", "IN", ("Asia/Kolkata",)),
        ("+15555550100", "unassigned", "US", None),
        ("+4917712345", "unassigned", "DE", ("Europe/Berlin",)),
        ("+80012345678", "toll_free", None, ()),
        ("112", "emergency", "AT", ("Europe/Vienna",)),
        ("133", "emergency", "AT", ("Europe/Vienna",)),
        ("140", "emergency", "AT", ("Europe/Vienna",)),
        ("111", "short", "AT", ("Europe/Vienna",)),
    ],
)
def test_what_is_known_of_a_number(
    number: str, kind: str, country: str | None, zones: tuple[str, ...] | None
) -> None:
    found = plans().classify(number)
    assert (found.number, found.kind, found.country) == (number, kind, country)
    assert zones is None or found.zones == zones


def test_a_number_that_may_be_anywhere_has_all_zones() -> None:
    assert {"America/New_York", "Pacific/Honolulu"} <= set(plans().classify("+18005551234").zones)
    assert {"Asia/Kamchatka", "Europe/Moscow"} <= set(plans().classify("+79161234567").zones)
    assert len(plans().classify("+61412345678").zones) > 5


@pytest.mark.parametrize(
    ("number", "home", "networks", "carrier"),
    [
        ("+436601234567", "AT", {"43660": "Three"}, "Three"),
        ("+436641234567", "AT", {"43660": "Three"}, None),
        ("+8613812345678", "CN", {"86138": "China Mobile"}, "cn-mobile"),
        ("+2348031234567", "NG", {"234803": "MTN", "234": "Glo"}, "ng-mtn"),
        ("+2348031234567", "AT", {}, None),
        ("+491701234567", "DE", {"49170": "T-Mobile"}, "de-telekom"),
        ("+491701234567", "AT", {}, "de-telekom"),
    ],
)
def test_the_carrier_is_named_by_its_profile(
    number: str, home: str, networks: dict[str, str], carrier: str | None
) -> None:
    found = plans(home)
    assert found.classify(number).carrier in (None, carrier)
    found.know_networks(networks)
    assert found.classify(number).carrier == carrier


def test_a_short_code_may_be_premium() -> None:
    assert plans("CH").classify("543").kind is NumberKind.PREMIUM


def test_emergency_numbers_without_a_country() -> None:
    assert normalize("112", None) == "112"
    assert plans(None).classify("112").kind is NumberKind.EMERGENCY
    assert plans(None).classify("911").kind is NumberKind.EMERGENCY
    with pytest.raises(BadNumber):
        normalize("133", None)


def test_the_tables_of_a_profile_win(tmp_path: Path) -> None:
    text = (SHIPPED / "default.toml").read_text().replace('"default"', '"at"')
    tables = (
        'emergency = ["1771"]\npremium = ["+43660"]\nunassigned = ["+43664"]\n',
        '[networks]\n"+43676" = "Own"\n[zones]\n"+43676" = ["Asia/Tokyo"]\n',
    )
    text = text.replace("[campaign]", f"{tables[0]}[campaign]").replace("[sources]", "%s[sources]")
    text = text % tables[1]
    text += "".join(
        f'{key} = "x"\n' for key in ("emergency", "premium", "unassigned", "networks", "zones")
    )
    (tmp_path / "at.toml").write_text(text)
    found = NumberingPlans("AT", load_countries([tmp_path, SHIPPED]), CARRIERS)
    assert found.classify("+436601234567").kind is NumberKind.PREMIUM
    assert found.classify("+436641234567").kind is NumberKind.UNASSIGNED
    assert found.classify("1771").kind is NumberKind.EMERGENCY
    assert found.classify("+436761234567").carrier == "Own"
    assert found.classify("+436761234567").zones == ("Asia/Tokyo",)


@given(st.from_regex(re.compile(r"\+[1-9][0-9]{6,14}"), fullmatch=True))
def test_every_number_that_can_be_dialled_is_classified(text: str) -> None:
    try:
        number = normalize(text, "AT")
    except BadNumber:
        return
    found = plans().classify(number)
    assert bool(found.zones) == (found.country is not None)
    assert len(known_zones(found.zones)) == len(found.zones)
