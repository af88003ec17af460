import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sms.address import (
    Address,
    decode_address,
    decode_smsc,
    encode_address,
    encode_smsc,
)

NUMBERS = st.text("0123456789*#abc", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("number", "toa", "octets"),
    [
        ("+420800123456", 0x91, "0c91248000214365"),
        ("1234", 0x81, "04812143"),
        ("0129998765", 0xA1, "0aa11092997856"),
        ("*#abc", 0x81, "0581badcfe"),
        ("Ufone", 0xD0, "09d055f3db5d06"),
        ("a[]{}€", 0xD0, "14d0e10d6fe3dba036a94d19"),
        ("", 0x00, "0000"),
    ],
)
def test_both_ways(number: str, toa: int, octets: str) -> None:
    assert encode_address(Address(number, toa)).hex() == octets
    address, size = decode_address(bytes.fromhex(octets + "ffff"))
    assert (address, size) == (Address(number, toa), len(octets) // 2)


def test_lenient_takes_a_fill_that_is_counted_or_missing() -> None:
    for octets in ("0c910661345542f6", "0b91066134554206"):
        address, _ = decode_address(bytes.fromhex(octets), lenient=True)
        assert address.number == "+60164355246"
    with pytest.raises(ParseError):
        decode_address(bytes.fromhex("0c91f661345542f6"), lenient=True)


def test_service_centre_counts_octets() -> None:
    assert encode_smsc(Address.of("+3462")).hex() == "03914326"
    assert decode_smsc(bytes.fromhex("03914326ff")) == (Address("+3462", 0x91), 4)
    assert decode_smsc(bytes.fromhex("0297f1"))[0] == Address("+1", 0x97)
    assert decode_smsc(b"\0\x04") == (None, 1)
    assert encode_smsc(None) == b"\0"


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "0b",
        "0b9116048956",  # cut short
        "0b91160489562609",  # no fill behind an odd number
        "0c9116048956f7f9",  # fill inside the number
        "15911111111111111111111111",  # above 20 digits
        "0ad1edf27c039c",  # a plan and an escape
    ],
)
def test_damaged_addresses_are_refused(octets: str) -> None:
    with pytest.raises(ParseError):
        decode_address(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "address", [Address.of("0123x"), Address("1" * 21), Address("你", 0xD0), Address("|", 0xD1)]
)
def test_what_no_address_holds_is_not_written(address: Address) -> None:
    with pytest.raises(ParseError):
        encode_address(address)


@pytest.mark.parametrize("octets", ["", "05", "0c910000000000000000000000"])
def test_damaged_service_centres_are_refused(octets: str) -> None:
    with pytest.raises(ParseError):
        decode_smsc(bytes.fromhex(octets))


def test_overlong_service_centre_is_not_written() -> None:
    with pytest.raises(ParseError):
        encode_smsc(Address("1" * 22))


@given(NUMBERS, st.booleans())
def test_numbers_round_trip(digits: str, international: bool) -> None:  # noqa: FBT001 - drawn
    address = Address.of("+" + digits if international else digits)
    assert decode_address(encode_address(address))[0] == address
    assert decode_smsc(encode_smsc(address))[0] == address
