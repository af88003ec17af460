import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.ussd import (
    UssdCoding,
    UssdEvent,
    UssdReply,
    UssdSession,
    UssdState,
    UssdStatus,
    coding_of,
    decode_ussd,
    parse_cusd,
    request,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+CUSD: 2,"hello",15', UssdReply(UssdStatus.TERMINATED, "hello", 15)),
        ('+CUSD: 1,"a, b\r\n1,5\n"', UssdReply(UssdStatus.ASKS, "a, b\r\n1,5\n")),
        ('+CUSD: 1,"say "hi", please",0', UssdReply(UssdStatus.ASKS, 'say "hi", please', 0)),
        ("+CUSD: 0, 49B41C", UssdReply(UssdStatus.DONE, "49B41C")),
        ('+CUSD: 0,"open,15', UssdReply(UssdStatus.DONE, "open", 15)),
        ('+CUSD: 0,"text",', UssdReply(UssdStatus.DONE, "text")),
        ("+CUSD: 5", UssdReply(UssdStatus.TIMED_OUT)),
        ('+CUSD:2,"",', UssdReply(UssdStatus.TERMINATED)),
    ],
)
def test_cusd(line: str, expected: UssdReply) -> None:
    assert parse_cusd(line) == expected


@pytest.mark.parametrize("line", ["+CUSD: (0-2)", "+CUSD: 9", "+CUSD: ", "+CSQ: 1"])
def test_malformed_cusd(line: str) -> None:
    with pytest.raises(ParseError):
        parse_cusd(line)


@pytest.mark.parametrize(
    ("payload", "dcs", "text"),
    [
        ("Balance: 3.00 EUR", 15, "Balance: 3.00 EUR"),
        ("ABC", None, "ABC"),  # odd length: no octets
        ("AA180C3602", 15, "*100#"),  # packed, padded with a CR
        ("00480061007600690020", 15, "Havi "),  # UCS-2 in spite of dcs 15
        ("04110430043B0430043D0441", 72, "Баланс"),
        ("4E2D6587", 72, "中文"),
        ("656E00480069", 17, "Hi"),  # two octets of language in front
        ("61390631063506240000FFFF60B1", 17, "رصؤ"),  # NUL and padding behind
        ("", None, ""),
    ],
)
def test_decode(payload: str, dcs: int | None, text: str) -> None:
    assert decode_ussd(payload, dcs) == text


@pytest.mark.parametrize(
    ("coding", "command"),
    [
        (UssdCoding.PLAIN, 'AT+CUSD=1,"*100#",15'),
        (UssdCoding.UCS2, 'AT+CUSD=1,"002A0031003000300023",15'),
        (UssdCoding.PACKED, 'AT+CUSD=1,"AA180C3602",15'),
    ],
)
def test_request(coding: UssdCoding, command: str) -> None:
    assert request("*100#", coding) == command


@pytest.mark.parametrize("text", ["", '1",15\rATD1;', "1\r", "1" * 183, "\x1a"])
def test_request_that_cannot_be_sent(text: str) -> None:
    with pytest.raises(ParseError):
        request(text, UssdCoding.PLAIN)


def test_request_that_gsm7_does_not_hold() -> None:
    with pytest.raises(ParseError):
        request("да", UssdCoding.PACKED)


@given(st.text(alphabet="0123456789*#", min_size=1, max_size=30))
def test_packed_request_reads_back(text: str) -> None:
    payload = request(text, UssdCoding.PACKED).split('"')[1]
    if coding_of(payload, 15) is UssdCoding.PACKED:
        assert decode_ussd(payload, 15) == text


@given(st.text(max_size=60), st.none() | st.integers(0, 255))
def test_any_payload_decodes(payload: str, dcs: int | None) -> None:
    assert isinstance(decode_ussd(payload, dcs), str)


@given(st.binary(max_size=60), st.none() | st.integers(0, 255))
def test_any_octets_decode(octets: bytes, dcs: int | None) -> None:
    assert isinstance(decode_ussd(octets.hex(), dcs), str)


def play(*steps: UssdEvent | str) -> UssdSession:
    session = UssdSession()
    for step in steps:
        if isinstance(step, UssdEvent):
            session.feed(step, "reason")
        else:
            session.reply(parse_cusd(f"+CUSD: {step}"))
    return session


OK, GONE = UssdEvent.ACCEPTED, UssdEvent.TIMED_OUT


@pytest.mark.parametrize(
    ("steps", "state", "text"),
    [
        ((OK, '0,"text"'), UssdState.ENDED, "text"),
        (('0,"text"', OK), UssdState.ENDED, "text"),
        ((OK, '1,"menu"'), UssdState.MENU, "menu"),
        (('1,"menu"', OK), UssdState.MENU, "menu"),
        ((OK, '2,"text"'), UssdState.CLOSING, "text"),
        ((OK, '2,"text"', GONE), UssdState.ENDED, "text"),
        ((OK, '2,"Initiating Release"', '0,"text"'), UssdState.ENDED, "text"),
        (('2,"Initiating Release"', '0,"text"', OK), UssdState.ENDED, "text"),
        ((OK, '3,"Other local client responded"', '0,"text"'), UssdState.ENDED, "text"),
        ((OK, "2", '0,"text"'), UssdState.ENDED, "text"),
        ((OK, "0"), UssdState.ENDED, ""),
        ((OK, '1,"menu"', "2"), UssdState.ENDED, "menu"),
        ((OK, '1,"menu"', UssdEvent.SENT, OK, '0,"text"'), UssdState.ENDED, "text"),
        ((OK, '0,"text"', '0,"late"', UssdEvent.REFUSED), UssdState.ENDED, "text"),
    ],
)
def test_session(steps: tuple[UssdEvent | str, ...], state: UssdState, text: str) -> None:
    session = play(*steps)
    assert (session.state, session.text) == (state, text)
    assert (session.wait_s is None) == (state is UssdState.ENDED)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((OK, "4"), "not_supported"),
        ((OK, "5"), "timed_out"),
        ((OK, "2", GONE), "reason"),
        ((OK, UssdEvent.REFUSED), "reason"),  # an error after the OK
        ((UssdEvent.REFUSED,), "reason"),
        ((OK, GONE), "reason"),
    ],
)
def test_session_that_fails(steps: tuple[UssdEvent | str, ...], reason: str) -> None:
    session = play(*steps)
    assert (session.state, session.text, session.reason) == (UssdState.FAILED, None, reason)
    assert session.wait_s is None


@given(st.lists(st.sampled_from(UssdEvent), max_size=12))
def test_every_session_comes_to_an_end(events: list[UssdEvent]) -> None:
    session = play(*events, GONE, GONE)
    assert session.state in {UssdState.ENDED, UssdState.FAILED}
