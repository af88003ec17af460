import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.network import (
    NetworkFound,
    Operator,
    Registration,
    RegistrationStatus,
    access_name,
    is_registration_urc,
    parse_cops,
    parse_cops_list,
    parse_registration,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("+CREG: 2", RegistrationStatus("+CREG", Registration.SEARCHING)),
        ("+CREG: 0,0", RegistrationStatus("+CREG", Registration.IDLE, 0)),
        ("+CREG: 2,,", RegistrationStatus("+CREG", Registration.SEARCHING)),
        ("+CREG: 2,5,1607,14DB", RegistrationStatus("+CREG", Registration.ROAMING, 2, 5639, 5339)),
        (
            '+CREG: 6,"8B37","0A265185",7',
            RegistrationStatus("+CREG", Registration.HOME_SMS_ONLY, None, 0x8B37, 0xA265185, 7),
        ),
        ("+CREG: 1,12,2BAF", RegistrationStatus("+CREG", Registration.HOME, None, 0x12, 0x2BAF)),
        (
            "+CREG: 1,0001,0010,0",
            RegistrationStatus("+CREG", Registration.HOME, None, 1, 16, 0),
        ),
        (
            "+CEREG: 2,1, 1F00, 20 ,79D903 ,7",  # a <rac> before the cell
            RegistrationStatus("+CEREG", Registration.HOME, 2, 0x1F00, 0x79D903, 7),
        ),
        (
            '+CGREG: 1,"1422","00000142",3,"00"',  # a <rac> at the end
            RegistrationStatus("+CGREG", Registration.HOME, None, 0x1422, 0x142, 3),
        ),
        (
            "+C5GREG: 1,1F00,79D903,11,6,ABCDEF",
            RegistrationStatus("+C5GREG", Registration.HOME, None, 0x1F00, 0x79D903, 11),
        ),
        (
            "+CREG: 2,1,  0 5, 2715",  # an area that is no number
            RegistrationStatus("+CREG", Registration.HOME, 2, None, 0x2715),
        ),
        (
            "+CREG: 2,1,000B,2816, B, C2816",  # vendor fields where the radio should be
            RegistrationStatus("+CREG", Registration.HOME, 2, 11, 0x2816),
        ),
    ],
)
def test_registration(line: str, expected: RegistrationStatus) -> None:
    assert parse_registration(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        '+CREG: 2,1,"0B,"0100701",7',
        '+CREG: 2,1,"5E25',
        '+CREG: 2,1,"","605F"',
        "+CREG: 12",
        "+CREG: ",
        "+CREG",
        "+CSQ: 1,2",
    ],
)
def test_malformed_registration(line: str) -> None:
    with pytest.raises(ParseError):
        parse_registration(line)


def test_registration_reads_as_words() -> None:
    status = parse_registration('+CREG: 10,"1","2",7')
    assert (status.stat, status.is_registered, status.is_roaming, status.access) == (
        10,
        True,
        True,
        "lte",
    )
    assert not parse_registration("+CREG: 0,3").is_registered


@pytest.mark.parametrize(
    ("line", "is_urc"),
    [
        ("+CREG: 2", True),
        ('+CREG: 1,"8B37","0A265185",7', True),
        ("+CREG: 2,5,1607,14DB", False),
        ("+CREG: 0,1", False),
    ],
)
def test_urc_and_answer_are_told_by_shape(line: str, *, is_urc: bool) -> None:
    assert is_registration_urc(line) is is_urc


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+COPS: 1,2,"46000",7', Operator(1, 2, "46000", 7)),
        ("+COPS: 0", Operator(0)),
        ("+COPS: 0,0,TELE2,0", Operator(0, 0, "TELE2", 0)),
        ('+COPS: 0,0,"BUSY LINE"', Operator(0, 0, "BUSY LINE")),
    ],
)
def test_cops(line: str, expected: Operator) -> None:
    assert parse_cops(line) == expected


def test_cops_list_with_brackets_in_the_wrong_place() -> None:
    line = (
        '+COPS: (2,"","T-Mobile","31026",0),(2,"T - Mobile","T - Mobile","310260"),2),'
        '(1,"AT&T",,"310410"),,(0,1,2,3,4),(0,1,2)'
    )
    assert parse_cops_list(line) == [
        NetworkFound(2, None, "T-Mobile", "31026", 0),
        NetworkFound(2, "T - Mobile", "T - Mobile", "310260", 2),
        NetworkFound(1, "AT&T", None, "310410"),
    ]


def test_cops_list_of_modes_alone_is_empty() -> None:
    assert parse_cops_list("+COPS: (0,1,2,3),(1,2,3,4)") == []


def test_access_name_of_an_unknown_number() -> None:
    assert access_name(99) is None
    assert access_name(None) is None


@given(st.text(alphabet='",()0123456789ABx ', max_size=40))
def test_garbage_raises_parse_error_only(text: str) -> None:
    for parse in (parse_registration, parse_cops, parse_cops_list):
        try:
            parse(f"+CREG: {text}" if parse is parse_registration else f"+COPS: {text}")
        except ParseError:
            continue
