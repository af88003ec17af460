import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sip import Codec
from edge.sip.sdp import (
    MAX_OCTETS,
    Direction,
    Local,
    SdpError,
    agree,
    answer,
    offer,
    parse,
)

BOTH = (Codec.PCMA, Codec.PCMU)
LOCAL = Local("192.0.2.1", 10_000, BOTH, 1, 1)
PHONE = """v=0
o=- 1 1 IN IP4 192.0.2.9
s=-
c=IN IP4 192.0.2.9
t=0 0
m=audio 4000 RTP/AVP 9 0 97 18
a=rtpmap:9 G722/8000
a=rtpmap:97 telephone-event/8000
a=fmtp:97 0-16
a=rtpmap:18 G729/8000
m=video 4002 RTP/AVP 99
a=rtpmap:99 H264/90000
a=sendonly
"""


def test_our_offer_is_read_as_it_was_meant() -> None:
    theirs = parse(offer(LOCAL))
    assert theirs.address == "192.0.2.1"
    assert theirs.port == 10_000
    assert dict(theirs.codecs) == {8: Codec.PCMA, 0: Codec.PCMU}
    assert (theirs.events, theirs.direction) == (101, Direction.BOTH)
    assert "a=ptime:20\r\n" in offer(LOCAL)


def test_an_answer_takes_one_codec_and_refuses_the_other_streams() -> None:
    theirs = parse(PHONE)
    agreed = agree(theirs, BOTH, Direction.BOTH)
    assert agreed is not None
    assert (agreed.codec, agreed.payload_type, agreed.events) == (Codec.PCMU, 0, 97)
    text = answer(LOCAL, theirs, agreed)
    assert "m=audio 10000 RTP/AVP 0 97\r\n" in text
    assert "a=rtpmap:97 telephone-event/8000\r\n" in text
    assert "m=video 0 RTP/AVP 99\r\n" in text
    assert text.index("m=audio") < text.index("m=video")


def test_our_own_order_of_codecs_counts() -> None:
    theirs = parse(PHONE.replace("9 0 97 18", "0 8 97"))
    first = agree(theirs, BOTH, Direction.BOTH)
    second = agree(theirs, (Codec.PCMU,), Direction.BOTH)
    assert first is not None
    assert second is not None
    assert (first.codec, second.codec) == (Codec.PCMA, Codec.PCMU)


def test_no_codec_of_ours() -> None:
    assert agree(parse(PHONE.replace("9 0 97 18", "9 18")), BOTH, Direction.BOTH) is None


def test_g711_under_a_number_of_its_own() -> None:
    theirs = parse(PHONE.replace("9 0 97 18", "110").replace("rtpmap:9 G722", "rtpmap:110 PCMA"))
    agreed = agree(theirs, BOTH, Direction.BOTH)
    assert agreed is not None
    assert agreed.payload_type == 110
    assert agreed.accepts[110] is Codec.PCMA


@pytest.mark.parametrize(
    ("line", "address", "direction", "held"),
    [
        ("", "192.0.2.9", Direction.BOTH, False),
        ("a=sendonly", "192.0.2.9", Direction.SEND, True),
        ("a=recvonly", "192.0.2.9", Direction.RECEIVE, False),
        ("a=inactive", "192.0.2.9", Direction.NONE, True),
        ("", "0.0.0.0", Direction.SEND, True),  # noqa: S104
        ("a=recvonly", "0.0.0.0", Direction.NONE, True),  # noqa: S104
    ],
)
def test_hold_in_all_its_forms(
    line: str, address: str, direction: Direction, *, held: bool
) -> None:
    text = (
        PHONE.split("m=video", maxsplit=1)[0].replace("c=IN IP4 192.0.2.9", f"c=IN IP4 {address}")
        + line
    )
    theirs = parse(text)
    assert (theirs.direction, theirs.held) == (direction, held)


@pytest.mark.parametrize(
    ("theirs", "hold", "ours"),
    [
        (Direction.BOTH, False, Direction.BOTH),
        (Direction.BOTH, True, Direction.SEND),
        (Direction.SEND, False, Direction.RECEIVE),
        (Direction.SEND, True, Direction.NONE),
        (Direction.RECEIVE, False, Direction.SEND),
        (Direction.NONE, False, Direction.NONE),
    ],
)
def test_directions_are_answered(theirs: Direction, ours: Direction, *, hold: bool) -> None:
    assert theirs.answered(hold=hold) is ours


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        PHONE.replace("v=0", "v=1"),
        PHONE.replace("c=IN IP4 192.0.2.9", "c=IN IP6 ::1"),
        PHONE.replace("c=IN IP4 192.0.2.9", "c=IN IP4 sip.example"),
        PHONE.replace("c=IN IP4 192.0.2.9", "c=IN IP4 239.1.1.1"),
        PHONE.replace("c=IN IP4 192.0.2.9", "c=IN IP4 255.255.255.255"),
        PHONE.replace("c=IN IP4 192.0.2.9\n", ""),
        PHONE.replace("m=audio 4000", "m=audio 99999"),
        PHONE.replace("m=audio 4000", "m=audio 0"),
        PHONE.replace("RTP/AVP 9", "RTP/SAVP 9"),
        PHONE.replace("t=0 0", "T"),
        PHONE + "m=x 1 y z\n" * 20,
        PHONE + "a=x\n" * 300,
        PHONE + "a=" + "x" * MAX_OCTETS,
    ],
)
def test_what_no_call_can_be_made_of(text: str) -> None:
    with pytest.raises(SdpError):
        parse(text)


@settings(deadline=None)
@given(st.text(max_size=500))
def test_garbage_raises_sdp_errors_alone(text: str) -> None:
    with pytest.raises(SdpError):
        parse(text)


@settings(deadline=None)
@given(st.integers(0, len(PHONE)), st.text(max_size=8), st.integers(0, 12))
def test_a_description_that_is_cut_and_patched_is_read_or_refused(
    at: int, patch: str, gone: int
) -> None:
    try:
        theirs = parse(PHONE[:at] + patch + PHONE[at + gone :])
    except SdpError:
        return
    if agreed := agree(theirs, BOTH, Direction.BOTH):
        assert parse(answer(LOCAL, theirs, agreed)).port == LOCAL.port
