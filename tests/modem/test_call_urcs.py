import pytest

from modem.call_urcs import (
    Alerting,
    CallEnded,
    CallerId,
    CallUrc,
    CallWaiting,
    Connected,
    ConnectedLine,
    Dtmf,
    MissedCall,
    Originated,
    Ring,
    VoiceCall,
)
from modem.urc import Malformed, parse_urc


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RING", Ring()),
        ("+CRING: VOICE", Ring("VOICE")),
        ('+CLIP: "123456789",129,,,,0', CallerId("123456789", 129, None, 0)),
        ('+CLIP: "",128,,,"",2', CallerId(None, 128, None, 2)),
        ('+CLIP: "+4930",145,"",,"Alice",0', CallerId("+4930", 145, "Alice", 0)),
        ('+CCWA: "123456789",129,1,,0,,,', CallWaiting("123456789", 129, 1)),
        ('+COLP: "10086",129,"",0,""', ConnectedLine("10086", 129)),
        ("^ORIG:1,0", Originated(1, 0)),
        ("^CONF:1", Alerting(1)),
        ("^CONN:1,0", Connected(1, 0)),
        ("^CEND:1,9,67,16", CallEnded(1, 9, 67, 16)),
        ("^CEND: 1,0, 67, 21", CallEnded(1, 0, 67, 21)),
        ("^CEND:1,82,29", CallEnded(1, 82, 29)),
        ("VOICE CALL: BEGIN", VoiceCall(begin=True)),
        ("VOICE CALL: END", VoiceCall(begin=False)),
        ("VOICE CALL: END: 000041", VoiceCall(begin=False, duration_s=41)),
        ("VOICE CALL: END:000008", VoiceCall(begin=False, duration_s=8)),
        ("VOICE CALL:END: 000008", VoiceCall(begin=False, duration_s=8)),
        ("MISSED_CALL: 11:01AM 07712345678", MissedCall("11:01AM", "07712345678")),
        ("MISSED_CALL: 11:01AM", MissedCall("11:01AM", None)),
        ("+RXDTMF: *", Dtmf("*")),
        ("+DTMF: 8", Dtmf("8")),
        ('^DDTMF: "a"', Dtmf("A")),
        ("+QTONEDET: 35", Dtmf("#")),
        ("+QTONEDET: 48", Dtmf("0")),
    ],
)
def test_call_news(line: str, expected: CallUrc) -> None:
    assert parse_urc(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "+CCWA: 1,1",  # an answer to AT+CCWA?
        "+RXDTMF: 12",
        "+QTONEDET: 178",
        "VOICE CALL: MAYBE",
        "VOICE CALL: END: x",
        "^CEND:1",
        "^CONF:",
    ],
)
def test_malformed_call_news(line: str) -> None:
    assert isinstance(parse_urc(line), Malformed)
