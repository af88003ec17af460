"""Where the gateway looks for a modem's sound."""

from pathlib import Path
from typing import cast

import pytest

from config.profiles import load_profiles
from drivers.audio.port import AudioPlace
from drivers.discovery import UsbModem
from edge.fleet import _audio_port, _wanted
from edge.keeper import Keeper, Owner, Source
from edge.store import Store
from edge.tasks import Tasks


def plugged(ports: dict[int, str]) -> UsbModem:
    return UsbModem("1-1.2", "2c7c", "0125", "", "", "", ports)


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [("quectel-ec2x", {1, 2}), ("simcom-sim7600", {2, 4}), ("quectel-uc15", {2})],
)
def test_a_usb_modem_is_awaited_with_its_voice_port(profile: str, wanted: set[int]) -> None:
    interfaces = load_profiles().by_name[profile].interfaces
    assert interfaces
    assert _wanted(interfaces) == wanted


def test_the_voice_port_is_known_by_its_interface() -> None:
    profile = load_profiles().by_name["quectel-ec2x"]
    ports = {1: "/dev/ttyUSB7", 2: "/dev/ttyUSB4"}
    assert _audio_port(profile, plugged(ports)) == Path("/dev/ttyUSB7")
    assert _audio_port(profile, plugged({2: "/dev/ttyUSB4"})) is None


def test_a_modem_is_told_where_its_sound_is() -> None:
    source = Source("hat", Path("/dev/ttyS0"), audio=Path("/dev/ttyS1"), usb_path="1-1.2")
    keeper = Keeper(source, load_profiles(), cast("Owner", None), cast("Store", None))
    modem = keeper._make_modem(Tasks("hat"))
    assert modem.audio_place == AudioPlace(Path("/dev/ttyS1"), "1-1.2")
