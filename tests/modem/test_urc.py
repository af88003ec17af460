import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.network import RegistrationStatus
from modem.radio import HuaweiSignal, Signal
from modem.sim import CardStatus, Lock, SimLock
from modem.sms.storage import MessagePushed, MessageStored
from modem.urc import (
    AudioFlow,
    Malformed,
    Notice,
    PowerDown,
    Ready,
    StorageFull,
    Unknown,
    Urc,
    is_urc,
    parse_urc,
)
from modem.ussd import UssdReply, UssdStatus


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RDY", Ready("RDY")),
        ("SMS DONE", Ready("SMS DONE")),
        ("Call Ready", Ready("Call Ready")),
        ("+QIND: SMS DONE", Ready("SMS DONE")),
        ("+QIND: PB DONE", Ready("PB DONE")),
        ("NORMAL POWER DOWN", PowerDown()),
        ("+CPIN: READY", SimLock(Lock.READY)),
        ("+QSIMSTAT: 1,1", CardStatus(inserted=True)),
        ("+QUSIM: 1", CardStatus(inserted=None)),
        ("^SIMST: 255,1", CardStatus(inserted=False)),
        ("+QPCMV: 0,0", AudioFlow(go=False)),
        ("+QPCMV: 1,0", AudioFlow(go=True)),
        ('^SMMEMFULL: "SM"', StorageFull("SM")),
        ('+QIND: "smsfull","ME"', StorageFull("ME")),
        ('+CIEV: "smsfull",1', StorageFull()),
        ('+CIEV: "smsfull",0', Notice("+CIEV", ("smsfull", "0"))),
        ("+CIEV: 7,1", Notice("+CIEV", ("7", "1"))),
        ('+QIND: "csq",21,99', Signal(21, 99)),
        ('+QIND: "act","LTE"', Notice("+QIND", ("act", "LTE"))),
        ("^RSSI:18", Signal(18, 99)),
        ("^HCSQ: NOSERVICE", HuaweiSignal(None)),
        ("^BOOT:37478870,0,0,0,77", Notice("^BOOT", ("37478870", "0", "0", "0", "77"))),
        ("^SRVST:0", Notice("^SRVST", ("0",))),
        ("^SLCC: ", Notice("^SLCC", ("",))),
        ("+CGEV: NW DETACH", Notice("+CGEV", ("NW DETACH",))),
        ("+CUSD: 4", UssdReply(UssdStatus.NOT_SUPPORTED)),
        ('+CMTI: "SM",26', MessageStored("SM", 26, is_report=False)),
        ('+CDSI: "SR",0', MessageStored("SR", 0, is_report=True)),
        ("OPERATOR BUSY", Unknown("OPERATOR BUSY")),
        ("+CNUM: x", Unknown("+CNUM: x")),
        ("+CMTI: ", Malformed("+CMTI: ", "+CMTI has a storage and an index")),
    ],
)
def test_parse_urc(line: str, expected: Urc) -> None:
    assert parse_urc(line) == expected


def test_pdu_behind_its_header() -> None:
    pdu = "07914356060013F1065A098136395339F6219011700463802190117004638030"
    assert parse_urc("+CDS: 24", pdu) == MessagePushed(pdu, 24, is_report=True)
    assert isinstance(parse_urc("+CDS: 24"), Malformed)


def test_registration_goes_by_shape() -> None:
    assert is_urc("+CREG: 2")
    assert not is_urc("+CREG: 2,5,1607,14DB")
    assert isinstance(parse_urc('+CREG: 1,"8B37","0A265185",7'), RegistrationStatus)


@pytest.mark.parametrize("line", ["RING", "+CMT: ,24", "+CLCC: 1", "VOICE CALL: END", "^STIN:0,0"])
def test_urc(line: str) -> None:
    assert is_urc(line)


@pytest.mark.parametrize(
    "line", ["", "OK", "RINGING", "+CMGR: 0,,24", "+CNUM: x", "BUSY LINE", ":"]
)
def test_no_urc(line: str) -> None:
    assert not is_urc(line)


NAMES = ["+CREG", "+CLCC", "+QIND", "^DSCI", "+CUSD", "^CEND", "+CMT", "+CMTI", "^HCSQ", "+CIEV"]


@given(st.text(max_size=80), st.none() | st.text(max_size=40))
def test_garbage_never_raises(line: str, pdu: str | None) -> None:
    is_urc(line)
    parse_urc(line, pdu)


@given(st.sampled_from(NAMES), st.text(alphabet='",()0123456789ABccinfo- \r\n', max_size=60))
def test_garbage_behind_a_known_name_never_raises(name: str, text: str) -> None:
    is_urc(f"{name}: {text}")
    parse_urc(f"{name}: {text}", text)
