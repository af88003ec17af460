import re
from pathlib import Path

import pytest

from config.carriers import SHIPPED, CarrierProfile, Carriers, How, load_carriers
from config.load import ConfigError
from modem.balance import currency_of

NEW = 'name = "{name}"\ntitle = "Own"\ncountry = "AT"\nplmn = ["23299"]\ncurrency = "EUR"\n'


@pytest.fixture(scope="module")
def shipped() -> Carriers:
    return load_carriers([SHIPPED])


def name_of(profile: CarrierProfile | None) -> str | None:
    return profile.name if profile else None


def test_thirty_carriers_of_twelve_countries(shipped: Carriers) -> None:
    profiles = shipped.by_name.values()
    assert len(profiles) >= 30
    assert len({profile.country for profile in profiles}) >= 12
    by_sms = {p.name for p in profiles if p.query and p.query.how is How.SMS}
    assert {"cn-mobile", "cn-unicom", "cn-telecom"} <= by_sms


def test_every_shipped_file_says_where_its_facts_come_from(shipped: Carriers) -> None:
    for name, profile in shipped.by_name.items():
        text = (SHIPPED / f"{name}.toml").read_text()
        for table in ("query", "recharge"):
            asked = re.search(rf"^# (.+)\n\[{table}\]", text, re.MULTILINE)
            assert bool(asked) == (getattr(profile, table) is not None), name
        assert "# Network codes" in text


def test_shipped_currencies_are_those_of_the_countries(shipped: Carriers) -> None:
    for profile in shipped.by_name.values():
        assert profile.currency == currency_of(profile.country)


@pytest.mark.parametrize(
    ("imsi", "spn", "name"),
    [
        ("228021234567890", "yallo", "ch-yallo"),
        ("228021234567890", "Sunrise", "ch-sunrise"),
        ("228021234567890", "Lebara", None),
        ("228021234567890", None, None),
        ("460001234567890", "CMCC", "cn-mobile"),
        ("460001234567890", None, "cn-mobile"),
        ("621301234567890", "MTN NG", "ng-mtn"),
        ("655101234567890", "MTN-SA", "za-mtn"),
        ("262011234567890", "congstar", "de-congstar"),
        ("262011234567890", "Telekom.de", "de-telekom"),
        ("999991234567890", "MTN", None),
    ],
)
def test_a_sim_is_known_by_imsi_and_spn(
    shipped: Carriers, imsi: str, spn: str | None, name: str | None
) -> None:
    assert name_of(shipped.match(imsi, spn)) == name


@pytest.mark.parametrize(
    ("called", "country", "name"),
    [
        ("China Mobile", "CN", "cn-mobile"),
        ("7-eleven speakout", None, "ca-speakout"),
        ("ng-mtn", None, "ng-mtn"),
        ("MTN", "UG", "ug-mtn"),
        ("MTN", None, None),
        ("MTN", "DE", None),
        ("various", None, None),
    ],
)
def test_a_carrier_is_known_by_its_name(
    shipped: Carriers, called: str, country: str | None, name: str | None
) -> None:
    assert name_of(shipped.called(called, country)) == name


def test_a_profile_without_spn_takes_what_no_other_claims(tmp_path: Path) -> None:
    (tmp_path / "host.toml").write_text(NEW.format(name="host"))
    (tmp_path / "guest.toml").write_text(NEW.format(name="guest") + 'spn = ["Guest"]')
    carriers = load_carriers([tmp_path])
    assert name_of(carriers.match("232991", "Guest AT")) == "guest"
    assert name_of(carriers.match("232991", "Other")) == "host"
    assert carriers.match("232991", "") is None


def test_a_file_in_etc_wins_by_name(tmp_path: Path) -> None:
    (tmp_path / "ng-mtn.toml").write_text(NEW.format(name="ng-mtn"))
    carriers = load_carriers([tmp_path / "missing", tmp_path, SHIPPED])
    assert carriers.by_name["ng-mtn"].title == "Own"
    assert "ng-glo" in carriers.by_name


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('spm = ["X"]', "did you mean spn?"),
        ('query = { how = "sms", code = "222" }', "text goes with how = sms"),
        ('query = { how = "ussd", code = "*1#", text = "A" }', "text goes with how = sms"),
        ('query = { how = "call", code = "1", steps = ["1"] }', "steps go with how = ussd"),
        ('query = { how = "ussd", code = "ATD1" }', "will not do"),
        ('recharge = { how = "ussd", template = "*1*code#" }', "will not do"),
        ('recharge = { how = "sms", template = "R {code}" }', "number goes with"),
        ('recharge = { how = "ussd", template = "*1*{code}#", number = "1" }', "number goes with"),
        ('read = { amount = ["saldo (.*)"] }', "needs a group"),
        ('read = { amount = ["("] }', "is no regular expression"),
        ('after_call = "("', "is no regular expression"),
    ],
)
def test_a_wrong_profile_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "own.toml").write_text(NEW.format(name="own") + line)
    with pytest.raises(ConfigError) as caught:
        load_carriers([tmp_path])
    assert problem in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_name_and_file_agree(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(NEW.format(name="other"))
    with pytest.raises(ConfigError, match='the name is "other"'):
        load_carriers([tmp_path])
