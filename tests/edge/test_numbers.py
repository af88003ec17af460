import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.numbers import BadNumber, mask, normalize


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+43 660 123-4567", None, "+436601234567"),
        ("+43 (0) 660 1234567", "AT", "+436601234567"),
        ("0660/1234567", "AT", "+436601234567"),
        ("0043660.123.4567", "AT", "+436601234567"),
        ("+1 212 555 0100", "AT", "+12125550100"),
        ("112", "AT", "112"),
        ("133", "AT", "133"),
        ("911", "US", "911"),
        ("112", None, "112"),
        ("1 1 2", "DE", "112"),
        ("11-2", None, "112"),
        ("116 117", "DE", "116117"),
        ("+49112", "DE", "112"),
        ("+49 110", "DE", "110"),
        ("0049 110", "DE", "110"),
        ("0 112", "DE", "112"),
        ("000", "AU", "000"),
        ("+1 911", "US", "911"),
        ("+27 10111", "ZA", "10111"),
        ("+2710111", "ZA", "10111"),
        ("+86 17951 13812345678", "CN", "+8613812345678"),
        ("+86179511012345", None, "+861012345"),
    ],
)
def test_what_people_write_is_dialled_as_e164(text: str, country: str | None, number: str) -> None:
    assert normalize(text, country) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "-", "()", "+43", "133", "0660123456", "+" + "1" * 30, "٠٦٦٠١٢٣٤"),
        *("+43;1", "+43ATH", "+436601234567\r", "+436601234567,1", "+436601234567p1"),
        *("*#06#", "+43*1", "+49٢٣٤٦٨٢٣٤٦٨٢"),
        *("+49112", "+49 110", "+2710111", "+1911"),
        *("+8617951013812345678", "+4900660123456"),
        "9" * 5000,
    ],
)
def test_what_is_no_number_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadNumber, match=r"[a-z].*\.$"):
        normalize(text, None)


def test_an_emergency_number_of_another_country_is_refused() -> None:
    with pytest.raises(BadNumber, match=r"emergency number of another country"):
        normalize("+49 112", "AT")


def test_a_number_without_its_area_code_is_refused() -> None:
    with pytest.raises(BadNumber, match=r"too short"):
        normalize("5550100", "US")


_DIGITS = st.text(alphabet="0123456789+ -()٢٣", max_size=32)
_PREFIXES = st.sampled_from(["+86", "+49", "+55", "0", "00"])
_PREFIXED = st.builds("".join, st.tuples(_PREFIXES, _DIGITS))


@given(
    st.one_of(st.text(max_size=40), _DIGITS, _PREFIXED),
    st.sampled_from([None, "AT", "US", "DE", "CN", "BR"]),
)
def test_nothing_but_digits_comes_out_and_one_callee_has_one_number(
    text: str, country: str | None
) -> None:
    try:
        number = normalize(text, country)
    except BadNumber:
        return
    assert re.fullmatch(r"\+?[0-9]{2,15}", number, re.ASCII)
    assert normalize(number, country) == number


def test_a_log_shows_no_whole_number() -> None:
    assert mask("+436601234567") == "+436601234***"
    assert mask("112") == "***"
