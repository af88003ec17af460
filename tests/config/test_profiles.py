from pathlib import Path

import pytest

from config.load import ConfigError
from config.models import GatewayConfig
from config.profiles import (
    SHIPPED,
    CallReports,
    Family,
    Profiles,
    Quirk,
    load_profiles,
)

NEW = 'name = "{name}"\nfamily = "generic"\n'


@pytest.fixture(scope="module")
def shipped() -> Profiles:
    return load_profiles([SHIPPED])


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        ("Quectel", "EC25", "quectel-ec2x"),
        ("Quectel", "EC20F", "quectel-ec2x"),
        ("Quectel", "EG25", "quectel-ec2x"),
        ("Quectel", "EP06", "quectel-ep06"),
        ("Quectel", "UC15", "quectel-uc15"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-sim7600"),
        ("SIMCOM INCORPORATED", "A7670E-FASE", "simcom-a76xx"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-sim800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM900", "simcom-sim800"),
        ("huawei", "E1550", "huawei-e1550"),
        ("huawei", "E173", "huawei-e1750"),
        ("huawei", "E1750", "huawei-e1750"),
        ("huawei", "E176G", "huawei-e17xx"),
        ("huawei", "E171", "huawei-e171"),
        ("Huawei", "E153Du-1", "huawei-e153"),
        ("huawei", "E3531", "huawei-e3531"),
    ],
)
def test_a_model_is_known_by_what_it_answers(
    shipped: Profiles, manufacturer: str, model: str, name: str
) -> None:
    found = shipped.match_model(manufacturer, f" {model}\n")
    assert found is not None
    assert found.name == name
    assert [p.name for p in shipped.by_name.values() if p.knows(manufacturer, model)] == [name]


def test_a_stranger_is_unknown(shipped: Profiles) -> None:
    assert shipped.match_model("Telit", "HE910") is None
    assert shipped.match("0403:6001") is None
    assert shipped.generic.family is Family.GENERIC


def test_a_usb_id_belongs_to_one_profile(shipped: Profiles) -> None:
    ids = [usb_id for profile in shipped.by_name.values() for usb_id in profile.usb]
    assert len(ids) == len(set(ids)) == len(shipped.by_usb_id)
    found = shipped.match("2C7C:0125")
    assert found is not None
    assert found.interfaces is not None
    assert (found.name, found.interfaces.at) == ("quectel-ec2x", 2)


@pytest.mark.parametrize(
    ("usb_id", "name"),
    [
        ("0572:1329", "conexant-cx930xx"),
        ("0803:3095", "conexant-cx930xx"),
        ("0baf:0303", "usr-5637"),
    ],
)
def test_a_voice_modem_is_known_by_its_usb_id(shipped: Profiles, usb_id: str, name: str) -> None:
    found = shipped.match(usb_id)
    assert found is not None
    assert (found.name, found.is_fxo) == (name, True)


def test_a_modem_with_a_sim_is_no_voice_modem(shipped: Profiles) -> None:
    assert [p.name for p in shipped.by_name.values() if p.is_fxo] == [
        "conexant-cx930xx",
        "usr-5637",
    ]


def test_every_family_and_quirk_is_in_use(shipped: Profiles) -> None:
    profiles = shipped.by_name.values()
    assert {p.family for p in profiles} == set(Family)
    assert {quirk for p in profiles for quirk in p.quirks} == set(Quirk)
    assert {p.call_reports for p in profiles} == set(CallReports)


def test_a_file_in_etc_wins_by_name_and_by_usb_id(tmp_path: Path) -> None:
    (tmp_path / "generic.toml").write_text(NEW.format(name="generic") + 'reset = "ATZ"\n')
    own = 'usb = ["2c7c:0125"]\ninterfaces = { at = 5 }\n'
    (tmp_path / "own.toml").write_text(NEW.format(name="own") + own)
    profiles = load_profiles([tmp_path / "missing", tmp_path, SHIPPED])
    assert profiles.generic.reset == "ATZ"
    found = profiles.match("2c7c:0125")
    assert found is not None
    assert found.name == "own"
    assert "quectel-ec2x" in profiles.by_name


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('inti = ["AT"]', "did you mean init?"),
        ('init = ["ATD123;"]', "is no set-up command"),
        ('init = ["ATA"]', "is no set-up command"),
        ('init = ["ATE0D123"]', "is no set-up command"),
        ('init = ["ATZ"]', "is no set-up command"),
        ('init = ["AT+CMEE=1;+CHUP"]', "is no set-up command"),
        ('init = ["AT+CMEE=1;D123"]', "is no set-up command"),
        ("init = ['AT+CPIN=\"0000\"']", "is no set-up command"),
        ("init = ['AT+EGMR=1,7,\"0\"']", "is no set-up command"),
        ('init = ["AT+CFUN=1,1"]', "is no set-up command"),
        ('init = ["AT&W0"]', "is no set-up command"),
        ('init = ["AT+CMEE=1\\r"]', "will not do"),
        ('hangup = ["+CHUP"]', "will not do"),
        ('models = ["("]', "is no regular expression"),
        ('usb = ["2c7c:0125"]', "usb needs interfaces"),
        ('usb = ["2C7C:0125"]\ninterfaces = { at = 2 }', "will not do"),
        ('ready = "qinistat"', "ready_mask goes with ready = qinistat"),
        ("ready_mask = 3", "ready_mask goes with ready = qinistat"),
        ('sms = { cnmi = ["2,9,0,0,0"] }', "sms.cnmi.0"),
        ('quirks = ["odd"]', "will not do"),
        (
            'voice = { format = "unsigned", compression = "AT+VSM=1", duplex = "full" }',
            "voice goes with family",
        ),
    ],
)
def test_a_wrong_profile_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "own.toml").write_text(NEW.format(name="own") + line)
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path, SHIPPED])
    assert problem in str(caught.value)
    assert "own.toml" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["AT", "ATE0V1", "AT&C0", "AT+CMEE=1;+CLIP=1", "AT^DSCI=1", 'AT+QURCCFG="urcport","usbat"'],
)
def test_a_set_up_line_is_taken(tmp_path: Path, line: str) -> None:
    (tmp_path / "own.toml").write_text(NEW.format(name="own") + f"init = ['{line}']")
    assert load_profiles([tmp_path, SHIPPED]).by_name["own"].init == (line,)


def test_name_and_file_agree(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(NEW.format(name="other"))
    with pytest.raises(ConfigError, match='the name is "other"'):
        load_profiles([tmp_path, SHIPPED])


def test_there_is_always_a_generic_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no profile generic"):
        load_profiles([tmp_path])


def test_a_modem_may_only_name_a_profile_that_is_there(shipped: Profiles) -> None:
    modems = [
        {"name": "a", "port": "/dev/a", "profile": "simcom-sim800"},
        {"name": "b", "port": "/dev/b", "profile": "simcom-sim808"},
        {"name": "c", "port": "/dev/c"},
    ]
    config = GatewayConfig.model_validate({"modem": modems})
    assert shipped.unknown_in(config) == [
        "modem b: no profile simcom-sim808; did you mean simcom-sim800?"
    ]
