from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.calls import (
    CallInfo,
    CallState,
    Direction,
    is_dial_string,
    is_dialable,
    parse_calls,
    parse_ccinfo,
    parse_clcc,
    parse_dsci,
    parse_slcc,
)
from modem.errors import ParseError
from modem.urc import parse_urc

IN, OUT = Direction.INCOMING, Direction.OUTGOING


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '+CLCC: 1,1,4,0,0,"+79139131234",145',
            CallInfo(1, IN, CallState.INCOMING, number="+79139131234", number_type=145),
        ),
        (
            '+CLCC: 2,0,3,0,1,"123",129,"Al, ice"',
            CallInfo(
                2,
                OUT,
                CallState.ALERTING,
                multiparty=True,
                number="123",
                number_type=129,
                name="Al, ice",
            ),
        ),
        ("+CLCC: 1,1,0,0,1", CallInfo(1, IN, CallState.ACTIVE, 0, multiparty=True)),
        ('+CLCC: 1,0,6,0,0,"",128', CallInfo(1, OUT, CallState.RELEASED, number_type=128)),
    ],
)
def test_clcc(line: str, expected: CallInfo) -> None:
    assert parse_clcc(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        '+CLCC: 1,1,4,0,0,"123"',  # a number without its type
        "+CLCC: 1,1,9,0,0",
        "+CLCC: 1,2,0,0,0",
        "+CLCC: ",
        "+CLCC: 1",
    ],
)
def test_malformed_clcc(line: str) -> None:
    with pytest.raises(ParseError):
        parse_clcc(line)


def test_data_bearers_and_fax_are_no_calls() -> None:
    modes = [parse_clcc(f'+CLCC: 1,0,0,{mode},0,"",128').is_voice for mode in range(10)]
    assert modes == [mode in {0, 3, 4, 5} for mode in range(10)]


def test_list_of_calls_leaves_out_data_and_other_lines() -> None:
    lines = ['+CLCC: 1,0,0,1,0,"",128', "^CIEV: 1,0", '+CLCC: 2,1,5,0,0,"98",161', "OK"]
    assert [call.index for call in parse_calls(lines)] == [2]


def test_slcc_has_a_field_more_and_an_empty_end() -> None:
    assert parse_slcc('^SLCC: 3,1,0,0,1,0,"98",161,"Alice"') == CallInfo(
        3, IN, CallState.ACTIVE, 0, multiparty=True, number="98", number_type=161, name="Alice"
    )
    assert parse_slcc("^SLCC: ") is None


def test_ccinfo_says_released_with_minus_one() -> None:
    call = parse_urc('+QIND: "ccinfo",1,0,-1,0,0,"10086",129')
    assert isinstance(call, CallInfo)
    assert (call.state, call.number) == (CallState.RELEASED, "10086")


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, CallState.HELD),
        (2, CallState.DIALING),
        (3, CallState.ACTIVE),
        (4, CallState.INCOMING),
        (5, CallState.WAITING),
        (6, CallState.RELEASED),
        (7, CallState.ALERTING),
    ],
)
def test_dsci_has_numbers_of_its_own(number: int, state: CallState) -> None:
    assert parse_dsci(f"^DSCI: 1,0,{number},0,10086,129,0") == CallInfo(
        1, OUT, state, number="10086", number_type=129
    )


@pytest.mark.parametrize(
    "line",
    ['^DSCI: 1,0,6,0,0,"136",129,,17,128,"",255', "^DSCI: 1,0,0,0,10086,129", "^DSCI: 1"],
)
def test_dsci_of_another_vendor(line: str) -> None:
    with pytest.raises(ParseError):
        parse_dsci(line)


@pytest.mark.parametrize("text", ["123456", "*123#", "123W456", "+49,1", "123p4"])
def test_dial_string(text: str) -> None:
    assert is_dial_string(text)


@pytest.mark.parametrize("text", ["", "123\n456", "123;", "12 3", "1\r2", "123x", "\uff11"])
def test_no_dial_string(text: str) -> None:
    assert not is_dial_string(text)


@pytest.mark.parametrize("text", ["+49301234", "*100#", "112"])
def test_what_we_dial(text: str) -> None:
    assert is_dialable(text)


@pytest.mark.parametrize("text", ["", "+", "1+2", "++1", "123W4", "12,3", "1;2", "AT", "٣"])
def test_what_we_never_dial(text: str) -> None:
    assert not is_dialable(text)


@given(st.text(alphabet='",0123456789- x', max_size=40))
def test_garbage_raises_parse_error_only(text: str) -> None:
    for prefix, parse in (
        ("+CLCC", parse_clcc),
        ("^SLCC", parse_slcc),
        ("^DSCI", parse_dsci),
    ):
        with suppress(ParseError):
            parse(f"{prefix}: {text}")
    with suppress(ParseError):
        parse_ccinfo(text.split(","))


@given(st.text())
def test_what_we_dial_is_a_dial_string(text: str) -> None:
    assert is_dial_string(text) or not is_dialable(text)
