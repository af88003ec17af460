import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sim import (
    CardStatus,
    Lock,
    Retries,
    lock_of_cme,
    parse_cnum,
    parse_cnum_list,
    parse_cpin,
    parse_iccid,
    parse_qsimstat,
    parse_retries,
    parse_simst,
    parse_spn,
)


@pytest.mark.parametrize(
    ("line", "lock"),
    [
        ("+CPIN: READY", Lock.READY),
        ("+CPIN:READY", Lock.READY),
        ('+CPIN: "SIM PIN"', Lock.SIM_PIN),
        ("   SIM PUK", Lock.SIM_PUK),
        ("+CPIN: SIM PIN2", Lock.SIM_PIN2),
        ("+CPIN: PH-NETSUB PUK", Lock.PH_NETSUB_PUK),
        ("+CPIN: NOT READY", Lock.NOT_READY),
        ("+CPIN: NOT INSERTED", Lock.NOT_INSERTED),
        ("+CPIN: SOMETHING", Lock.UNKNOWN),
        ("+CME ERROR: 10", Lock.NOT_INSERTED),
        ("+CME ERROR: 11", Lock.SIM_PIN),
        ("+CME ERROR: 100", Lock.UNKNOWN),
        ("+CME ERROR: SIM PUK", Lock.SIM_PUK),
        ("+CME ERROR: ²", Lock.UNKNOWN),
    ],
)
def test_cpin(line: str, lock: Lock) -> None:
    assert parse_cpin(line).lock is lock


def test_every_lock_of_the_standard_has_its_error() -> None:
    assert lock_of_cme(12) is Lock.SIM_PUK
    assert lock_of_cme(47) is Lock.PH_CORP_PUK


def test_cpin_refuses_other_lines() -> None:
    with pytest.raises(ParseError):
        parse_cpin("+CSQ: 1,2")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["+CPINR: SIM PIN,3,3", "+CPINR: SIM PUK,10,10"], Retries(pin=3, puk=10)),
        (['+QPINC: "SC",3,10', '+QPINC: "P2",0,9'], Retries(3, 10, 0, 9)),
        (["+SPIC: 3,10,0,10"], Retries(3, 10, 0, 10)),
        (["^CPIN: SIM PIN,3,10,3,10,2"], Retries(3, 10, 2, 10)),
        (["^CPIN: READY,,10,3,10,3", "RING"], Retries(3, 10, 3, 10)),
    ],
)
def test_retries(lines: list[str], expected: Retries) -> None:
    assert parse_retries(lines) == expected


@pytest.mark.parametrize("lines", [[], ["OK"], ["+SPIC: x"], ["+CPINR: SIM PIN"]])
def test_no_retries(lines: list[str]) -> None:
    with pytest.raises(ParseError):
        parse_retries(lines)


@pytest.mark.parametrize(
    ("line", "iccid"),
    [
        ("8944200053671052499", "8944200053671052499"),
        ("8944200053671052499F", "8944200053671052499"),
        ('"984402003576012594F9"', "8944200053671052499"),
        ("98231420326409614067", "89324102234690160476"),
        ('"898602F9091830030220"', "898602F9091830030220"),
        ("+QCCID: 89860025128306012474", "89860025128306012474"),
        ("^ICCID: 98684006907125000000", "89860460091752000000"),
        ("+CICCID: 89860318760238610932", "89860318760238610932"),
    ],
)
def test_iccid(line: str, iccid: str) -> None:
    assert parse_iccid(line) == iccid


@pytest.mark.parametrize(
    "line", ["982314203264096", "98231420326pl9614067", '"0044200053671052499"', "", "+CSQ: 1,2"]
)
def test_no_iccid(line: str) -> None:
    with pytest.raises(ParseError):
        parse_iccid(line)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CNUM: ,"1234567890",161', "1234567890"),
        ('+CNUM: "a, b","+34600000001",145', "+34600000001"),
        ('+CNUM: "",+79139131234",145', "+79139131234"),
        ('+CNUM: "Subscriber Number",,145', None),
        ("+CNUM: ", None),
    ],
)
def test_cnum(line: str, number: str | None) -> None:
    assert parse_cnum(line) == number


def test_cnum_list_leaves_out_empty_entries_and_other_lines() -> None:
    assert parse_cnum_list(['+CNUM: ,"1",129', "RING", '+CNUM: ,"",145']) == ["1"]


def test_card_status() -> None:
    assert parse_qsimstat("+QSIMSTAT: 1,0") == CardStatus(inserted=False)
    assert parse_qsimstat("+QSIMSTAT: 1,2") == CardStatus(inserted=None)
    assert parse_simst("^SIMST: 255,1") == CardStatus(inserted=False)
    assert parse_simst("^SIMST:1") == CardStatus(inserted=True)


@given(st.text(max_size=30))
def test_garbage_raises_parse_error_only(text: str) -> None:
    for parse in (parse_cpin, parse_iccid):
        try:
            parse(text)
        except ParseError:
            continue
    try:
        parse_retries([f"+SPIC: {text}", f"+CPINR: {text}"])
    except ParseError:
        return


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('+CRSM: 144,0,"0053696D6E6574FFFFFFFFFFFFFFFFFFFF"', "Simnet"),
        ("+CRSM: 144,0,0053696D6E6574FFFFFFFFFFFFFFFFFFFF", "Simnet"),
        ('+CRSM: 144,0,"01804E2D56FDFFFFFFFFFFFFFFFFFFFFFF"', "中国"),
        ('+CRSM: 144,0,"01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"', None),
        ("+CRSM: 148,4", None),
    ],
)
def test_the_service_provider_has_the_name_on_the_sim(line: str, name: str | None) -> None:
    assert parse_spn(line) == name


@pytest.mark.parametrize("line", ['+CRSM: 144,0,"0G"', "+CNUM: 144,0,00"])
def test_a_name_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ParseError):
        parse_spn(line)
