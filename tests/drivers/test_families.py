"""What each family says its own way, and that nothing unformatted ever leaves the port."""

import pytest

from config.profiles import Quirk
from drivers.families import family_of
from drivers.families.conexant import Conexant
from drivers.families.generic import Generic
from drivers.families.huawei import Huawei
from drivers.families.quectel import Quectel
from drivers.families.simcom import Simcom
from drivers.families.usr import Usr
from drivers.families.v253 import V253
from modem.at.command import Command, default_timeout_s
from modem.calls import CallState, Direction
from modem.callstate import TrackedCall
from tests.drivers.wire import profiles

NAMES = sorted(profiles().by_name)
each_profile = pytest.mark.parametrize("name", NAMES)
FXO = [name for name in NAMES if profiles().by_name[name].is_fxo]
each_mobile = pytest.mark.parametrize("name", [name for name in NAMES if name not in FXO])
each_fxo = pytest.mark.parametrize("name", FXO)


def family(name: str) -> Generic:
    return family_of(profiles().by_name[name])


def call(index: int | None = 3, *, was_active: bool = True) -> TrackedCall:
    return TrackedCall(1, Direction.OUTGOING, CallState.ACTIVE, index, "123", was_active=was_active)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("generic", Generic),
        ("quectel-ec2x", Quectel),
        ("simcom-sim800", Simcom),
        ("huawei-e3531", Huawei),
        ("conexant-cx930xx", Conexant),
        ("usr-5637", Usr),
    ],
)
def test_a_profile_is_spoken_by_its_family(name: str, kind: type[Generic]) -> None:
    assert type(family(name)) is kind


def spoken(name: str) -> list[str]:
    """All that a family may ever send for a profile."""
    one = family(name)
    profile = one.profile
    voice = [*one.caller_id("02"), *one.voice_mode()] if isinstance(one, V253) else ()
    return [
        *voice,
        *one.opening,
        *one.iccid,
        one.tries_left,
        *one.end_all(),
        *(text for digit in "0123456789*#ABCD!" if (text := one.dtmf(digit, call()))),
        *filter(None, [one.end_one(call()), profile.urc_port, profile.power_off, profile.reset]),
        *one.choose_slot(1),
        *one.choose_slot(2),
        *profile.init,
        *profile.hotswap,
    ]


@each_profile
def test_every_line_is_a_whole_at_command(name: str) -> None:
    for line in spoken(name):
        assert line.startswith("AT")
        assert line.isascii()
        assert line.isprintable()
        assert not set(line) & set("%{}\r\n;")


@each_profile
def test_every_line_may_take_its_time(name: str) -> None:
    for line in spoken(name):
        assert 0.3 <= Command(line).limit_s == default_timeout_s(line) <= 180


@each_mobile
def test_one_of_two_calls_is_named_by_its_index(name: str) -> None:
    assert family(name).end_one(call()) == "AT+CHLD=13"
    assert family(name).end_one(call(None)) is None


@each_profile
def test_chld_waits_for_alerting_where_it_kills_the_stick(name: str) -> None:
    one = family(name)
    allowed = one.end_one(call(was_active=False)) is not None
    assert allowed is not one.has(Quirk.NO_CHLD_BEFORE_ALERTING)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("huawei")])
def test_a_huawei_is_silenced_before_anything_else(name: str) -> None:
    assert family(name).opening[0] == "AT^CURC=0"
    assert "AT^CURC=1" in profiles().by_name[name].init


@each_mobile
def test_digits_are_single_and_letters_only_where_the_modem_has_them(name: str) -> None:
    one = family(name)
    assert one.dtmf("!", call()) is None  # they have no hook
    assert one.dtmf("#", call()) in {'AT+VTS="#"', "AT^DTMF=3,#"}
    assert (one.dtmf("D", call()) is None) is one.has(Quirk.DTMF_DIGITS_ONLY)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("quectel-ec2x", ("AT+QDSIM=0", "AT+CFUN=0", "AT+CFUN=1")),
        ("simcom-a76xx", ("AT+SWITCHSIM=0", "AT+CFUN=0", "AT+CFUN=1")),
        ("quectel-ep06", ()),
        ("simcom-sim7600", ()),
        ("huawei-e1550", ()),
        ("generic", ()),
    ],
)
def test_slots_count_from_one(name: str, lines: tuple[str, ...]) -> None:
    assert tuple(family(name).choose_slot(1)) == lines


def test_a_slot_of_an_m2_modem_is_named_as_it_is_counted() -> None:
    profile = profiles().by_name["quectel-ec2x"].model_copy(update={"slots": "quimslot"})
    assert family_of(profile).choose_slot(2)[0] == "AT+QUIMSLOT=2"


def test_an_ep06_is_never_told_qhup() -> None:
    assert not [line for line in spoken("quectel-ep06") if "QHUP" in line]


@each_fxo
def test_an_analogue_line_is_dialled_by_tones_or_pulses(name: str) -> None:
    one = family(name)
    assert isinstance(one, V253)
    assert one.dial("0123", pulse=False) == "ATDT0123;"
    assert one.dial("0123", pulse=True) == "ATDP0123;"
    assert one.dtmf("#", call()) == "AT+VTS=#"


def test_a_conexant_reads_caller_id_as_the_exchange_sends_it() -> None:
    one, other = family("conexant-cx930xx"), family("usr-5637")
    assert isinstance(one, V253)
    assert isinstance(other, V253)
    assert one.caller_id("03") == ("AT!4886=03", "AT+VCID=1")
    assert one.caller_id(None) == ("AT!4886=00", "AT+VCID=1")
    assert other.caller_id("03") == ("AT+VCID=1",)


@pytest.mark.parametrize(("name", "text"), [("conexant-cx930xx", "AT+VTR"), ("usr-5637", "AT+VRX")])
def test_a_voice_modem_listens_as_it_can(name: str, text: str) -> None:
    one = family(name)
    assert isinstance(one, V253)
    assert one.listen() == text
