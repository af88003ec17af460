import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.at.fields import body, field, header, number, optional_number, raw_fields, split
from modem.errors import ParseError


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('1,"a,b",(1-3),,5', ["1", "a,b", "(1-3)", "", "5"]),
        ("", [""]),
        ("a,", ["a", ""]),
        (' "x" , y ', ["x", "y"]),
        ('"",+79139131234",145', ["", "+79139131234", "145"]),  # opening quote missing
        ('0,0,"TELE2,0', ["0", "0", "TELE2", "0"]),  # closing quote missing
        ('("ME","MT"),("SM")', ['("ME","MT")', '("SM")']),
        ('(2,"T (D)","x","1",0),,(0, 1,)', ['(2,"T (D)","x","1",0)', "", "(0, 1,)"]),
        ("(1,(2,3)),4", ["(1,(2,3))", "4"]),
        ("(1,2", ["(1", "2"]),  # closing bracket missing
    ],
)
def test_split(text: str, fields: list[str]) -> None:
    assert split(text) == fields


def test_raw_fields_keep_the_quotes() -> None:
    assert raw_fields('2,"8B37",,"') == ["2", '"8B37"', "", '"']


@pytest.mark.parametrize("line", ["+CREG: 2", "+CREG:2", "+CREG:   2 "])
def test_body_takes_any_blanks_behind_the_colon(line: str) -> None:
    assert body(line, "+CREG") == "2"


def test_body_refuses_another_prefix() -> None:
    with pytest.raises(ParseError):
        body("+CGREG: 2", "+CREG")


def test_header_without_colon() -> None:
    assert header("RING") == ("RING", "")


def test_missing_field_is_empty() -> None:
    assert field(["a"], 1) == ""
    assert optional_number(["1", ""], 1) is None


@pytest.mark.parametrize("text", ["", "x", "1.5", "²", "1234567890", "--1", "0x10"])
def test_number_refuses(text: str) -> None:
    with pytest.raises(ParseError):
        number(text)


def test_number() -> None:
    assert number("-1") == -1
    assert number("002") == 2


@given(st.text(alphabet='",()[ ]1aÿ\n', max_size=60))
def test_split_loses_no_character_but_quotes_and_blanks(text: str) -> None:
    kept = "".join(split(text)).replace(",", "")
    assert sorted(kept.replace('"', "").replace(" ", "")) == sorted(
        text.replace(",", "").replace('"', "").replace(" ", "")
    )
