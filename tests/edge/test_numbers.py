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
    ],
)
def test_what_people_write_is_dialled_as_e164(text: str, country: str | None, number: str) -> None:
    assert normalize(text, country) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "-", "()", "+43", "133", "0660123456", "+" + "1" * 30, "٠٦٦٠١٢٣٤"),
        *("+43;1", "+43ATH", "+436601234567\r", "+436601234567,1", "+436601234567p1"),
        *("*#06#", "+43*1"),
    ],
)
def test_what_is_no_number_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadNumber, match=r"[a-z].*\.$"):
        normalize(text, None)


@given(st.text(max_size=40), st.sampled_from([None, "AT", "US", "DE"]))
def test_nothing_but_digits_comes_out(text: str, country: str | None) -> None:
    try:
        number = normalize(text, country)
    except BadNumber:
        return
    assert re.fullmatch(r"\+?[0-9]{2,15}", number)


def test_a_log_shows_no_whole_number() -> None:
    assert mask("+436601234567") == "+436601234***"
    assert mask("112") == "***"
