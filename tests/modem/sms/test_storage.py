from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sms.storage import (
    MessagePushed,
    MessageStored,
    ServiceCentre,
    StorageUse,
    StoredPdu,
    StoredText,
    parse_cmgl,
    parse_cmgr,
    parse_cmgs,
    parse_cpms,
    parse_cpms_test,
    parse_csca,
    parse_pushed,
    parse_stored,
)

PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("+CMGR: 1,,30", StoredPdu(PDU, 1, 30)),
        ('+CMGR: 0,"",30', StoredPdu(PDU, 0, 30)),
        ("+CMGR: 0,30", StoredPdu(PDU, 0, 30)),
        ("+CMGR: 30", StoredPdu(PDU, None, 30)),
        ("+CMGR: ,,30", StoredPdu(PDU, None, 30)),
        ("+CMGR: 4,1,,30", StoredPdu(PDU, 1, 30, 4)),
    ],
)
def test_headers_of_one_message(header: str, expected: StoredPdu) -> None:
    assert parse_cmgr([header, PDU]) == expected
    assert parse_cmgr([header, "", PDU]) == expected
    assert parse_cmgr([f"{header} {PDU}"]) == expected


def test_an_empty_slot() -> None:
    assert parse_cmgr([]) is None


def test_a_listing() -> None:
    lines = ["+CMGL: 17,3,35", PDU, "+CMGL: 2,1,,30", PDU[:9], '+CMGL: 3,0,"Ann, B",30', PDU]
    assert parse_cmgl(lines) == [
        StoredPdu(PDU, 3, 35, 17),
        StoredPdu(PDU[:9], 1, 30, 2),
        StoredPdu(PDU, 0, 30, 3),
    ]
    assert parse_cmgl([]) == []


def test_text_mode() -> None:
    lines = ['+CMGL: 0,"REC UNREAD","+27748577604",,"13/01/28,14:51:42+08"', "Hello", "there"]
    moment = datetime(2013, 1, 28, 14, 51, 42, tzinfo=timezone(timedelta(hours=2)))
    stored = StoredText("Hello\nthere", "REC UNREAD", "+27748577604", moment, 0)
    assert parse_cmgl(lines) == [stored]
    one = parse_cmgr(['+CMGR: "REC READ", "002B00340031", "2009/8/18,19:11:45"', "x"])
    moment = datetime(2009, 8, 18, 19, 11, 45, tzinfo=UTC)
    assert one == StoredText("x", "REC READ", "+41", moment)
    unsent = parse_cmgr(['+CMGR:"STO UNSENT","+10011",,145,17,0,0,167,"+86138",145,4', "Hi"])
    assert unsent == StoredText("Hi", "STO UNSENT", "+10011", None)


@pytest.mark.parametrize(
    "lines",
    [
        ["+CMGR: 1,,30"],
        ["+CMGR: 1,,30", "0BD0p26=8>"],
        ["+CMGR: 1,,x", PDU],
        ['+CMGR: "REC READ","1",,"13/13/28,14:51:42+08"', ""],
    ],
)
def test_damaged_messages(lines: list[str]) -> None:
    with pytest.raises(ParseError):
        parse_cmgr(lines)


def test_damaged_listings() -> None:
    for line in ("+CMGL: 1", "+CMGL: x,1,,30"):
        with pytest.raises(ParseError):
            parse_cmgl([line, PDU])


def test_what_is_announced() -> None:
    assert parse_stored('+CMTI: "ME",41') == MessageStored("ME", 41, is_report=False)
    assert parse_stored('+CDSI: "SM",0') == MessageStored("SM", 0, is_report=True)
    assert parse_stored("+CMTI: ,-1") == MessageStored("", -1, is_report=False)
    for line in ("+CMTI: ", '+CMTI: "ME"', "+CMTI: 1,x", "+CDS: 1,2"):
        with pytest.raises(ParseError):
            parse_stored(line)


@pytest.mark.parametrize("header", ["+CMT: ,30", "+CMT: 30", '+CMT: "Ann",30'])
def test_what_is_pushed(header: str) -> None:
    assert parse_pushed(header, PDU) == MessagePushed(PDU, 30, is_report=False)


def test_pushed_reports_and_damage() -> None:
    assert parse_pushed("+CDS: ,24", PDU) == MessagePushed(PDU, 24, is_report=True)
    for header, pdu in (("+CMT: ,30", None), ("+CMT: ,x", PDU), ("+CMTI: ,30", PDU)):
        with pytest.raises(ParseError):
            parse_pushed(header, pdu)


def test_storages() -> None:
    assert parse_cpms('+CPMS: "ME",1,100,"MT",5,100,"SM",1,20') == (
        StorageUse("ME", 1, 100),
        StorageUse("MT", 5, 100),
        StorageUse("SM", 1, 20),
    )
    assert parse_cpms("+CPMS: 1,100,5,100")[1] == StorageUse(None, 5, 100)
    for line in ("+CPMS: ", '+CPMS: "ME","SM","SM"', '+CPMS: "ME",1'):
        with pytest.raises(ParseError):
            parse_cpms(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+CPMS: ("ME","MT"),("SM"),("SM", "SM_P")', (("ME", "MT"), ("SM",), ("SM", "SM_P"))),
        ("+CPMS: (),,(  )", ((), (), ())),
        ("+CPMS: ", ((), (), ())),
        ('+CPMS: "SM","SM","SM"', (("SM",), ("SM",), ("SM",))),
        ('+CPMS: (ME", "SR"), ("ME"), ("ME")', (("ME", "SR"), ("ME",), ("ME",))),
    ],
)
def test_possible_storages(line: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert parse_cpms_test(line) == expected


def test_service_centre() -> None:
    assert parse_csca('+CSCA: "+79168999100",145') == ServiceCentre("+79168999100", 145)
    assert parse_csca("+CSCA: 002B00390037,145") == ServiceCentre("+97", 145)
    with pytest.raises(ParseError):
        parse_csca('+CSCA: "",129')


def test_reference() -> None:
    assert parse_cmgs("+CMGS: 24") == 24
    for line in ("+CMGS: ", "+CMGS: 256", "+CMGS: -1"):
        with pytest.raises(ParseError):
            parse_cmgs(line)


LINE_PARSERS: list[tuple[str, Callable[[str], object]]] = [
    ("+CMTI: ", parse_stored),
    ("+CDSI: ", parse_stored),
    ("+CMT: ", lambda line: parse_pushed(line, PDU)),
    ("+CPMS: ", parse_cpms),
    ("+CPMS: ", parse_cpms_test),
    ("+CSCA: ", parse_csca),
    ("+CMGS: ", parse_cmgs),
    ("+CMGL: ", lambda line: parse_cmgl([line, PDU])),
    ("+CMGR: ", lambda line: parse_cmgr([line, PDU])),
]


@given(st.sampled_from(LINE_PARSERS), st.text('0123456789,"()+-/: AREC\u0660', max_size=60))
def test_garbage_is_a_parse_error_at_worst(
    parser: tuple[str, Callable[[str], object]], text: str
) -> None:
    prefix, parse = parser
    try:
        parse(prefix + text)
    except ParseError:
        return
