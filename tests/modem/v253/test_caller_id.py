import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.v253.caller_id import CallerId, CallerIdReader

MDMF = "8019" + "0108" + b"03151423".hex() + "0204" + b"4711".hex() + "0707" + b"EXAMPLE".hex()
SDMF = "040C" + b"03151423".hex() + b"4711".hex()


def summed(digits: str) -> str:
    return digits + f"{-sum(bytes.fromhex(digits)) % 256:02X}"


def told(*lines: str) -> CallerId | None:
    reader = CallerIdReader()
    for line in lines:
        assert reader.hear(line)
    return reader.take()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["NMBR = 0123456789"], CallerId("0123456789")),
        (["NMBR=0123456789", "NAME=EXAMPLE LTD"], CallerId("0123456789", "EXAMPLE LTD")),
        (["DATE = 0805", "TIME = 1432", "NMBR = 1"], CallerId("1", at="08051432")),
        (["NMBR = P"], CallerId(withheld=True)),
        (["NMBR = O", "NAME = O"], None),
        (["NMBR = ; drop", "NAME = Bobby"], CallerId(name="Bobby")),
        (["NMBR = " + "9" * 60], None),
        ([f"MESG = {summed(SDMF)}"], CallerId("4711", at="03151423")),
        (["MESG = 80"], None),
        (["MESG = zz" * 9], None),
        ([], None),
    ],
)
def test_what_a_modem_tells(lines: list[str], found: CallerId | None) -> None:
    assert told(*lines) == found


def test_a_message_in_hex_has_several_fields() -> None:
    digits = "80" + f"{len(MDMF) // 2 - 2:02X}" + MDMF[4:]
    assert told(f"MESG = {summed(digits)}") == CallerId("4711", "EXAMPLE", "03151423")
    assert told(f"MESG = {summed(digits)[:-2]}00") is None


def test_a_message_in_hex_says_why_there_is_no_number() -> None:
    assert told(f"MESG = {summed('8003' + '0401' + b'P'.hex())}") == CallerId(withheld=True)


@pytest.mark.parametrize("line", ["RING", "NMBR", "DATEN = 1", "OK", ""])
def test_other_lines_are_left_alone(line: str) -> None:
    reader = CallerIdReader()
    assert not reader.hear(line)
    assert reader.take() is None


def test_each_call_begins_anew() -> None:
    reader = CallerIdReader()
    reader.hear("NMBR = 1")
    assert reader.has_number
    assert reader.take() == CallerId("1")
    assert not reader.has_number
    assert reader.take() is None


@given(
    st.one_of(
        st.text(max_size=80),
        st.text("0123456789abcdefABCDEF", max_size=80).map("MESG = {}".format),
        st.binary(max_size=40).map(
            lambda fields: f"MESG={summed(bytes([128, len(fields), *fields]).hex())}"
        ),
    )
)
def test_garbage_never_raises(line: str) -> None:
    reader = CallerIdReader()
    reader.hear(line)
    known = reader.take()
    assert known is None or len(known.number or "") <= 25
