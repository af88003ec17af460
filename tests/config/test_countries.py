import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.campaign import DAYS, Marketing, week_of
from config.carriers import load_carriers
from config.countries import SHIPPED, Countries, load_countries
from config.guards import CountryGuard
from config.load import ConfigError, parse
from config.models import GatewayConfig

FRANCE = (SHIPPED / "fr.toml").read_text()


@pytest.fixture(scope="module")
def shipped() -> Countries:
    return load_countries([SHIPPED])


def test_fifteen_countries_and_one_for_the_others(shipped: Countries) -> None:
    assert len(shipped.by_name) > 15
    assert shipped.of("FR").name == "fr"
    assert shipped.of("TV").name == "default"
    assert shipped.of(None).name == "default"


def test_every_fact_of_every_file_has_its_source() -> None:
    for path in SHIPPED.glob("*.toml"):
        file = tomllib.loads(path.read_text())
        facts = {*file["campaign"], *file} - {"name", "title", "campaign", "sources"}
        assert facts == set(file["sources"]), path.name


def test_rules_of_the_law(shipped: Countries) -> None:
    france = shipped.of("FR").campaign
    assert week_of(france.hours) == (((600, 780), (840, 1200)),) * 5 + ((), ())
    assert (france.calls_per_30_days, france.refusal_rest_days) == (4, 60)
    assert week_of(shipped.of("ZA").campaign.hours)[5] == ((540, 780),)
    assert shipped.of("IN").campaign.mobile_sim_marketing is Marketing.FORBIDDEN
    assert shipped.of("CN").campaign.mobile_sim_marketing is Marketing.FORBIDDEN


def test_the_default_is_as_strict_as_the_field_guide(shipped: Countries) -> None:
    rules = shipped.of(None).campaign
    assert rules.hours == ("mon-sat 09:00-20:00",)
    assert rules.closed_on_holidays
    assert (rules.gap_h, rules.calls_per_day, rules.calls_per_30_days) == (4, 2, 4)
    assert rules.refusal_rest_days == 60


def test_networks_are_carriers_that_have_a_profile(shipped: Countries) -> None:
    carriers = load_carriers().by_name
    names = {name for profile in shipped.by_name.values() for name in profile.networks.values()}
    assert names
    assert names <= carriers.keys()


def test_files_of_the_owner_win(tmp_path: Path) -> None:
    (tmp_path / "fr.toml").write_text(FRANCE.replace("gap_h = 4", "gap_h = 24"))
    (tmp_path / "tv.toml").write_text(FRANCE.replace('"fr"', '"tv"'))
    found = load_countries([tmp_path, SHIPPED])
    assert found.of("FR").campaign.gap_h == 24
    assert found.of("TV").name == "tv"
    assert found.of("AT").campaign.gap_h == 4


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("gap_h = 4\n", ""), "campaign.gap_h is missing"),
        (('gap_h = "', 'gab = "'), "no source for gap_h; add it under [sources]"),
        (("[sources]", '[sources]\nzones = "x"'), "a source for zones, which the file does not"),
        (("10:00-13:00", "07:00-13:00"), "no campaign before 08:00 or after 21:00"),
        (("14:00-20:00", "14:00-13:00"), "14:00-13:00 will not do"),
        (("mon-fri", "fri-mon"), 'write "mon-fri 09:00-20:00"'),
        (("mon-fri", "monday"), 'write "mon-fri 09:00-20:00"'),
        (("ring_at_least_s = 15", "ring_at_least_s = 5"), "ring_at_least_s = 5 will not do"),
        (('name = "fr"', 'name = "de"'), "rename the file or the name"),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert change[0] in FRANCE
    (tmp_path / "fr.toml").write_text(FRANCE.replace(*change, 1))
    with pytest.raises(ConfigError, match=r"fr\.toml") as caught:
        load_countries([tmp_path, SHIPPED])
    assert problem in str(caught.value)


def test_without_a_default_nothing_works(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no profile default"):
        load_countries([tmp_path])


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ([], {}),
        (["sun 09:00-10:00"], {6: ((540, 600),)}),
        (
            ["mon-tue 14:00-15:00", "tue 09:00-10:00"],
            {0: ((840, 900),), 1: ((540, 600), (840, 900))},
        ),
    ],
)
def test_hours(hours: list[str], days: dict[int, tuple[tuple[int, int], ...]]) -> None:
    assert week_of(hours) == tuple(days.get(day, ()) for day in range(len(DAYS)))


@given(st.text(max_size=40))
def test_hours_of_garbage_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="will not do"):
        week_of([text])


@pytest.mark.parametrize(
    ("ours", "past"),
    [
        ({"hours": ["mon-fri 10:00-13:00"]}, []),
        ({"hours": ["mon-fri 10:00-13:30"]}, ["hours"]),
        ({"hours": ["mon-sat 10:00-13:00"]}, ["hours"]),
        ({"closed_on_holidays": False}, ["closed_on_holidays"]),
        ({"calls_per_day": 3, "calls_per_30_days": 4}, ["calls_per_day"]),
        (
            {"calls_per_30_days": 5, "broadcasts_per_30_days": 2},
            ["calls_per_30_days", "broadcasts_per_30_days"],
        ),
        ({"gap_h": 3.5}, ["gap_h"]),
        ({"refusal_rest_days": 30, "gap_h": 24}, ["refusal_rest_days"]),
        ({"consent_needed": False, "mobile_sim_marketing": "forbidden"}, ["consent_needed"]),
    ],
)
def test_where_the_owner_goes_past_the_profile(
    shipped: Countries, ours: dict[str, object], past: list[str]
) -> None:
    law = shipped.of("FR").campaign
    guard = CountryGuard.model_validate({"code": "FR", **ours})
    assert guard.past(law) == past
    sentences = list(shipped.passed_by([guard]))
    assert [sentence.split()[0] for sentence in sentences] == [f"country.0.{key}" for key in past]
    assert guard.over(law).model_dump() == {
        **law.model_dump(),
        **guard.model_dump(exclude={"code"}, exclude_none=True),
    }


def test_a_licence_of_the_owner_is_told(shipped: Countries) -> None:
    guard = CountryGuard(code="CN", mobile_sim_marketing=Marketing.ALLOWED)
    [sentence] = shipped.passed_by([guard])
    assert sentence.startswith("country.0.mobile_sim_marketing goes past the profile of CN, which")
    assert "says forbidden (MIIT" in sentence


def test_a_country_stands_once_in_the_file() -> None:
    with pytest.raises(ConfigError, match=r'country\.code "AT" stands twice'):
        parse('[[country]]\ncode = "AT"\n' * 2, GatewayConfig, "gateway.toml")
