import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.explain import explain

DELIVER = "07912143658709F1000B918100551512F20000111010214365000AE8329BFD4697D9EC37"
HELLO = "SMS from +18005551212 at 2011-01-01 12:34:56+00:00: hellohello"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('+CREG: 2,5,"1F00","79D903",7', "Registered, roaming, LTE; area 0x1F00, cell 0x79D903"),
        ("+CREG: 3", "Registration denied"),
        ("+CREG: x", "Malformed: not a decimal number"),
        ('+CLCC: 1,0,3,0,0,"+4930",145', "Call 1, outgoing, alerting, +4930"),
        ('+CLCC: 1,0,0,1,0,"",128', "Data connection 1, outgoing, active"),
        ("OK", "Done"),
        ("ERROR", "Refused, no reason given: ERROR"),
        ("+CME ERROR: 30", "Refused, error of the modem 30: no network service"),
        ("+CMS ERROR: 322", "Refused, SMS error 322: memory full"),
        ("+CMS ERROR: 999", "Refused, SMS error 999: not in the standard"),
        ("NO CARRIER", "Call over: no carrier, no reason given"),
        ("ATD123;", "Command: dial"),
        ("at+creg?", "Command: registration"),
        ("AT+FOO", "Command"),
        ("RING", "Ringing"),
        ("^CEND: 1,9,67,17", "Call 1 ended after 9 s, cause 17 (busy)"),
        ("^CEND: 1,9,67", "Call 1 ended after 9 s"),
        ("+CSQ: 99,99", "Signal not known"),
        ("+CSQ: 18,99", "Signal -77 dBm"),
        ("+CPIN: READY", "SIM ready"),
        ("+CPIN: SIM PIN", "SIM waits: sim pin"),
        ('+COPS: 0,0,"T-Mobile",7', "Operator T-Mobile, LTE"),
        ('+COPS: (2,"A",,"26201",7),(1,,,"26202")', "Networks found: A, 26202"),
        ("+COPS: (0-4),(0-2)", "Networks found: none"),
        ('+CCLK: "14/08/05,04:00:21+40"', "Clock 2014-08-05 04:00:21+10:00"),
        ('+CUSD: 1,"1. Balance\n2. Help",15', "USSD, the network asks: 1. Balance\n2. Help"),
        ("+CUSD: 4", "USSD, not supported"),
        ('+CEER: "User busy"', "Why the last call ended: User busy"),
        ('+CMTI: "SM",3', "SMS stored in SM, index 3"),
        (DELIVER, HELLO),
        (f"+CMT: ,29\r\n{DELIVER}", HELLO),
        (f"+CMGR: 0,,29\n{DELIVER}", HELLO),
        ("+CMGR: 0,,29", "Malformed: the message has no PDU"),
        (
            "0006050D91945152991136F00160124130640A0160124130450A00",
            "SMS 5 to +4915259911630: delivered",
        ),
        ("", "An empty line"),
        ("Some notification!", "Not known"),
        ("x" * 5000, "Too long for a line of a modem"),
    ],
)
def test_explain(text: str, words: str) -> None:
    assert explain(text) == words


@given(st.text())
def test_any_text_is_explained(text: str) -> None:
    assert explain(text)


@given(
    st.sampled_from(["+CREG", "+CLCC", "+QIND", "+CUSD", "+CMGR", "+CMGL", "+CSCA", "+COPS"]),
    st.text(alphabet='",()0123456789ABF \n', max_size=80),
)
def test_garbage_behind_a_known_name_is_explained(name: str, text: str) -> None:
    assert explain(f"{name}: {text}")


@given(st.binary(max_size=80))
def test_any_octets_are_explained(octets: bytes) -> None:
    assert explain(octets.hex())
