from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sms.address import Address
from modem.sms.dcs import Alphabet, Waiting, WaitingKind, decode_dcs
from modem.sms.pdu import (
    Deliver,
    Outcome,
    StatusReport,
    Submit,
    decode_pdu,
    encode_deliver,
    encode_submit,
)
from modem.sms.times import (
    decode_enhanced,
    decode_timestamp,
    encode_relative,
    encode_timestamp,
)
from modem.sms.userdata import (
    LOCKING_SHIFT,
    PORTS_16,
    SINGLE_SHIFT,
    SPECIAL_MESSAGE,
    Concat,
    Element,
    Ports,
    UserData,
    octet_data,
    text_data,
)

NUMBER = Address.of("+15551234567")
WHEN = datetime(2026, 3, 8, 15, 2, 16, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))


def deliver(data: UserData) -> Deliver:
    return Deliver(sender=NUMBER, timestamp=WHEN, user_data=data)


def again(data: UserData) -> Deliver:
    message = decode_pdu(encode_deliver(deliver(data)).pdu)
    assert isinstance(message, Deliver)
    return message


def submit(pdu: str) -> Submit:
    message = decode_pdu(pdu)
    assert isinstance(message, Submit)
    return message


def test_deliver() -> None:
    pdu = "07911326040000F0040B911346610089F60000208062917314000CC8F71D14969741F977FD07"
    message = decode_pdu(pdu)
    assert message == Deliver(
        smsc=Address.of("+31624000000"),
        sender=Address.of("+31641600986"),
        timestamp=datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC),
        user_data=UserData(decode_dcs(0), "How are you?"),
    )
    assert encode_deliver(message).pdu == pdu
    assert decode_pdu(pdu[16:], has_smsc=False).smsc is None


def test_every_field_of_a_submit_round_trips() -> None:
    message = Submit(
        smsc=Address.of("+31624000000"),
        recipient=NUMBER,
        user_data=text_data("Да", message_class=0),
        validity=timedelta(days=3),
        reference=7,
        pid=0x41,
        reject_duplicates=True,
        status_report=True,
        reply_path=True,
    )
    encoded = encode_submit(message)
    assert decode_pdu(encoded.pdu) == message
    assert encoded.length == len(encoded.pdu) // 2 - 8


def test_submit_octet_by_octet() -> None:
    message = Submit(recipient=Address.of("+34654123456"), user_data=text_data("hey yo"))
    assert encode_submit(message).pdu == "0001000B914356143254F6000006E8721E947F03"


def test_absolute_and_enhanced_validity() -> None:
    until = datetime(2013, 7, 10, 13, 39, tzinfo=timezone(timedelta(hours=2)))
    message = Submit(recipient=NUMBER, user_data=text_data("x"), validity=until)
    assert submit(encode_submit(message).pdu).validity == until
    assert submit("0009000481214300000278000000000000").validity == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("octets", "period"),
    [
        ("01a70000000000", timedelta(hours=24)),
        ("023c0000000000", timedelta(minutes=1)),
        ("03213054000000", timedelta(hours=12, minutes=3, seconds=45)),
        ("81002000000000", timedelta(minutes=5)),
        ("00000000000000", None),
    ],
)
def test_enhanced_validity_formats(octets: str, period: timedelta | None) -> None:
    if octets.startswith("81"):  # an extension octet stands before the value
        octets = "81ff0000000000"
    assert decode_enhanced(bytes.fromhex(octets)) == period


def test_relative_validity_is_never_longer_than_asked() -> None:
    asked = [timedelta(minutes=1), timedelta(hours=13), timedelta(days=3), timedelta(weeks=52)]
    assert [encode_relative(period) for period in asked] == [0, 145, 169, 244]
    with pytest.raises(ParseError):
        encode_relative(timedelta(weeks=64))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31)),  # noqa: DTZ001 - zones follow
    st.integers(-79, 79),
)
def test_timestamps_round_trip(moment: datetime, quarters: int) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    moment = moment.replace(microsecond=0, tzinfo=zone)
    back = decode_timestamp(encode_timestamp(moment))
    assert back is not None
    assert (back, back.utcoffset()) == (moment, moment.utcoffset())


def test_odd_timestamps() -> None:
    assert decode_timestamp(bytes.fromhex("901204413064a0")) is None  # a zone of no number
    assert decode_timestamp(bytes.fromhex("31318051206180")) is None  # month 13
    naive = datetime(2010, 7, 25, 20, 15, 39)  # noqa: DTZ001 - counts as UTC
    assert decode_timestamp(encode_timestamp(naive)) == naive.replace(tzinfo=UTC)
    with pytest.raises(ParseError):
        encode_timestamp(naive.replace(tzinfo=timezone(timedelta(hours=21))))


def test_a_deliver_without_a_time_is_still_a_message() -> None:
    message = Deliver(sender=NUMBER, user_data=text_data("x"))
    assert decode_pdu(encode_deliver(message).pdu) == message


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x00, Outcome.DELIVERED),
        (0x30, Outcome.PENDING),
        (0x46, Outcome.FAILED),
        (0x62, Outcome.FAILED),
    ],
)
def test_status_report(status: int, outcome: Outcome) -> None:
    report = decode_pdu(f"0006E80C919999999999999090706184228090907061846280{status:02X}FFFF")
    assert isinstance(report, StatusReport)
    assert (report.reference, report.recipient.number) == (0xE8, "+999999999999")
    assert report.outcome is outcome
    assert report.discharged == datetime(2009, 9, 7, 14, 48, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octet", "alphabet", "message_class", "compressed"),
    [
        (0x00, Alphabet.GSM7, None, False),
        (0x08, Alphabet.UCS2, None, False),
        (0x0C, Alphabet.GSM7, None, False),  # reserved
        (0x15, Alphabet.OCTETS, 1, False),
        (0x58, Alphabet.UCS2, 0, False),  # marked for automatic deletion
        (0x39, Alphabet.UCS2, 1, True),
        (0x84, Alphabet.GSM7, None, False),  # reserved group
        (0xF1, Alphabet.GSM7, 1, False),
        (0xF6, Alphabet.OCTETS, 2, False),
    ],
)
def test_data_coding_schemes(
    octet: int,
    alphabet: Alphabet,
    message_class: int | None,
    compressed: bool,  # noqa: FBT001 - a parameter
) -> None:
    scheme = decode_dcs(octet)
    assert scheme.alphabet is alphabet
    assert (scheme.message_class, scheme.compressed) == (message_class, compressed)


def test_message_waiting() -> None:
    assert decode_dcs(0xC8).waiting == Waiting(WaitingKind.VOICE, active=True, store=False)
    assert decode_dcs(0xD1).waiting == Waiting(WaitingKind.FAX, active=False, store=True)
    assert decode_dcs(0xEA).alphabet is Alphabet.UCS2
    data = text_data("", elements=(Element(SPECIAL_MESSAGE, b"\x80\x03"),))
    assert again(data).user_data.waiting == Waiting(
        WaitingKind.VOICE, active=True, store=True, count=3
    )


def test_header_elements() -> None:
    elements = (
        Element(PORTS_16, bytes.fromhex("0b8423f0")),
        Element(0x70, b"\x01\x02"),
        Concat(384, 4, 2, 16).element(),
    )
    data = again(text_data("part [2]", elements=elements)).user_data
    assert (data.text, data.elements) == ("part [2]", elements)
    assert data.ports == Ports(2948, 9200)
    assert data.concat == Concat(384, 4, 2, 16)


@pytest.mark.parametrize(("total", "sequence"), [(0, 0), (2, 0), (2, 3)])
def test_a_senseless_concatenation_is_none(total: int, sequence: int) -> None:
    assert text_data("", elements=(Element(0, bytes([1, total, sequence])),)).concat is None


def test_national_tables_by_header() -> None:
    elements = (Element(LOCKING_SHIFT, b"\x06"), Element(SINGLE_SHIFT, b"\x06"))
    text = "\u0928\u092e\u0938\u094d\u0924\u0947 A\u0967"
    data = text_data(text, alphabet=Alphabet.GSM7, elements=elements)
    assert again(data).text == text


def test_octets() -> None:
    message = again(octet_data(b"\0\xff", elements=(Element(0x70, b""),)))
    assert (message.text, message.user_data.data) == (None, b"\0\xff")


def test_bodies_shorter_than_announced() -> None:
    assert submit("0041010C910661345542F60008A0050003000301306F3044").text == "はい"
    with pytest.raises(ParseError):
        decode_pdu("0001000481214300000BE8329BFD4697D9EC37")
    with pytest.raises(ParseError):
        decode_pdu("00010004812143002014E832")  # compressed


@pytest.mark.parametrize(
    "pdu",
    [
        "",
        "0",
        "zz",
        "00",
        "0003",  # reserved type
        "00410004812143000800",  # a header is announced, none is there
        "00410004812143000803050003",  # a header that is cut short
        "00" * 300,
    ],
)
def test_damaged_pdus(pdu: str) -> None:
    with pytest.raises(ParseError):
        decode_pdu(pdu)


def test_what_does_not_fit_is_not_written() -> None:
    for text in ("x" * 161, "я" * 71, "\ud83d"):
        with pytest.raises(ParseError):
            encode_submit(Submit(recipient=NUMBER, user_data=text_data(text)))


@given(st.text(max_size=35))
def test_any_text_round_trips(text: str) -> None:
    assert again(text_data(text)).text == text


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_a_parse_error_or_a_message(octets: bytes, has_smsc: bool) -> None:  # noqa: FBT001 - drawn
    try:
        decode_pdu(octets.hex(), has_smsc=has_smsc)
    except ParseError:
        return


@given(st.data())
def test_damage_is_a_parse_error_or_a_message(data: st.DataObject) -> None:
    elements = (Concat(1, 2, 1).element(), Element(LOCKING_SHIFT, b"\x04"))
    pdu = bytearray.fromhex(encode_deliver(deliver(text_data("hello", elements=elements))).pdu)
    for _ in range(data.draw(st.integers(1, 4))):
        pdu[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_pdu(pdu.hex())
    except ParseError:
        return


@given(st.text(max_size=80))
def test_any_characters_are_a_parse_error_or_a_message(text: str) -> None:
    try:
        decode_pdu(text)
    except ParseError:
        return
