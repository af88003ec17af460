import pytest

from modem.errors import ParseError
from modem.radio import (
    HuaweiSignal,
    Signal,
    parse_cesq,
    parse_csq,
    parse_hcsq,
    parse_rssi,
)


@pytest.mark.parametrize(
    ("line", "dbm"),
    [
        ("+CSQ: 0,99", -113),
        ("+CSQ:4,0", -105),
        ("+CSQ: 31,0", -51),
        ("+CSQ: 99,99", None),
    ],
)
def test_csq(line: str, dbm: int | None) -> None:
    assert parse_csq(line).dbm == dbm


def test_rssi_is_on_the_scale_of_csq() -> None:
    assert parse_rssi("^RSSI:18") == Signal(18, 99)


def test_cesq_on_lte() -> None:
    signal = parse_cesq("+CESQ: 99,99,255,255,20,80")
    assert (signal.rssi_dbm, signal.rscp_dbm, signal.ecn0_db) == (None, None, None)
    assert (signal.rsrq_db, signal.rsrp_dbm, signal.dbm) == (-10.0, -61.0, -61.0)


def test_cesq_on_gsm_and_umts() -> None:
    assert parse_cesq("+CESQ: 10,6,255,255,255,255").dbm == -101.0
    umts = parse_cesq("+CESQ: 99,99,95,40,255,255")
    assert (umts.dbm, umts.ecn0_db) == (-26.0, -4.5)


@pytest.mark.parametrize(
    ("line", "expected", "dbm"),
    [
        ('^HCSQ:"LTE",30,19,66,0', HuaweiSignal("lte", (30, 19, 66, 0)), -122),
        ('^HCSQ: "WCDMA",30,30,58', HuaweiSignal("umts", (30, 30, 58)), -91),
        ('^HCSQ: "GSM",36,255', HuaweiSignal("gsm", (36, 255)), -85),
        ('^HCSQ: "LTE",30', HuaweiSignal("lte", (30,)), None),
        ("^HCSQ: NOSERVICE", HuaweiSignal(None), None),
    ],
)
def test_hcsq(line: str, expected: HuaweiSignal, dbm: float | None) -> None:
    signal = parse_hcsq(line)
    assert signal == expected
    assert signal.dbm == dbm


@pytest.mark.parametrize("line", ['^HCSQ: "CDMA",1', "^HCSQ: LTE", "^HCSQ: LTE,x"])
def test_malformed_hcsq(line: str) -> None:
    with pytest.raises(ParseError):
        parse_hcsq(line)


def test_short_cesq_is_malformed() -> None:
    with pytest.raises(ParseError):
        parse_cesq("+CESQ: 99,99,255")
