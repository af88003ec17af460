from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import gsm7, pdu

UTC_PLUS_2 = timezone(timedelta(hours=2))
SENT = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC_PLUS_2)


def test_hello_packs_as_in_every_textbook() -> None:
    assert gsm7.pack(gsm7.encode("hellohello")).hex().upper() == "E8329BFD4697D9EC37"


def test_a_ussd_code_packs_as_a_stick_wants_it() -> None:
    assert gsm7.pack(gsm7.encode("*100#")).hex().upper() == "AA180C3602"


@given(st.text(alphabet=[*gsm7._CODES]), st.integers(0, 6))
def test_gsm7_comes_back(text: str, fill_bits: int) -> None:
    septets = gsm7.encode(text)
    assert gsm7.decode(gsm7.unpack(gsm7.pack(septets, fill_bits), len(septets), fill_bits)) == text


def test_a_submit_reads_as_the_standard_says() -> None:
    tpdu = bytes.fromhex("3100" + "0C91947121436587" + "0000" + "AA" + "0AE8329BFD4697D9EC37")
    submit = pdu.read_submit(tpdu)
    assert submit.destination == "+491712345678"
    assert submit.data.text == "hellohello"
    assert submit.wants_report


@given(st.binary(max_size=200))
def test_a_garbled_submit_is_refused_in_one_way(garbage: bytes) -> None:
    try:
        text = pdu.read_submit(garbage).data.text
    except pdu.BadPduError:
        return
    assert isinstance(text, str)


def test_a_deliver_is_laid_out_as_in_23_040() -> None:
    (data,) = pdu.user_data("hellohello", 1)
    tpdu = pdu.deliver("+491712345678", 0, data, SENT)
    assert tpdu.hex().upper() == (
        "04" + "0C91947121436587" + "0000" + "62113241509080" + "0AE8329BFD4697D9EC37"
    )


def test_a_zone_west_of_greenwich_sets_the_sign_bit() -> None:
    west = SENT.replace(tzinfo=timezone(timedelta(hours=-5)))
    assert pdu.timestamp(west)[-1] == 0x0A


@pytest.mark.parametrize("text", ["a" * 161, "€" * 100, "Ж" * 71, "😀" * 40, "x" * 400])
def test_a_long_text_comes_in_parts_that_join(text: str) -> None:
    parts = pdu.user_data(text, 300)
    assert len(parts) > 1
    assert "".join(part.text for part in parts) == text
    assert all(len(part.octets) <= 140 for part in parts)
    assert [part.header[3:] for part in parts] == [
        bytes([300 & 0xFF, len(parts), at + 1]) for at in range(len(parts))
    ]
