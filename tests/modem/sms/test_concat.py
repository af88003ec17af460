from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sms.address import Address
from modem.sms.concat import Joined, PartKey, join, part_key, split
from modem.sms.dcs import Alphabet
from modem.sms.pdu import Deliver, decode_pdu, encode_deliver
from modem.sms.userdata import Concat, UserData, octet_data, text_data

SENDER = Address.of("+15551234567")


def received(part: UserData) -> Deliver:
    message = decode_pdu(encode_deliver(Deliver(sender=SENDER, user_data=part)).pdu)
    assert isinstance(message, Deliver)
    return message


def lengths(text: str, bits: int = 8) -> list[int]:
    return [len(part.text or "") for part in split(text, bits=bits)]


def test_where_a_text_is_cut() -> None:
    assert lengths("x" * 160) == [160]
    assert lengths("x" * 161) == [153, 8]
    assert lengths("x" * 161, bits=16) == [152, 9]
    assert lengths("я" * 70) == [70]
    assert lengths("я" * 71) == [67, 4]
    assert lengths("я" * 71, bits=16) == [66, 5]
    assert lengths("€" * 80) == [80]
    assert lengths("") == [0]


def test_neither_escapes_nor_surrogate_pairs_are_split() -> None:
    assert lengths("€" * 153) == [76, 76, 1]
    assert lengths("x" * 152 + "€" + "x" * 20) == [152, 21]
    assert lengths("я" * 66 + "😀" * 10) == [66, 10]


def test_each_part_says_which_it_is() -> None:
    parts = split("x" * 400, 0x1FF, bits=16)
    assert [part.concat for part in parts] == [Concat(0x1FF, 3, at, 16) for at in (1, 2, 3)]
    assert split("x" * 400, 0x1FF)[0].concat == Concat(0xFF, 3, 1)


def test_the_alphabet_can_be_forced() -> None:
    (part,) = split("plain", alphabet=Alphabet.UCS2, message_class=0)
    assert (part.coding.octet, part.text) == (0x18, "plain")


def test_more_than_255_parts_are_refused() -> None:
    with pytest.raises(ParseError):
        split("x" * (255 * 153 + 1))


def test_join_wants_every_part_once() -> None:
    first, second, third = split("x" * 153 + "y" * 153 + "z")
    assert join([]) is None
    assert join([text_data("whole")]) is None
    assert join([third, first, third]) is None
    other = text_data("?", elements=(Concat(0, 2, 2).element(),))
    assert join([third, other, first, first, second]) == Joined("x" * 153 + "y" * 153 + "z", b"")


def test_join_octets() -> None:
    parts = [
        octet_data(data, elements=(Concat(0, 2, at).element(),))
        for at, data in ((2, b"b"), (1, b"a"))
    ]
    assert join(parts) == Joined(None, b"ab")


def test_join_mends_a_surrogate_pair_that_the_sender_split() -> None:
    halves = "😀".encode("utf-16-be")
    parts = []
    for at, half in ((1, halves[:2]), (2, halves[2:])):
        part = received(octet_data(half, elements=(Concat(9, 2, at).element(),)))
        pdu = encode_deliver(part).pdu.replace("0004" + "00" * 7, "0008" + "00" * 7)
        message = decode_pdu(pdu)
        assert isinstance(message, Deliver)
        parts.append(message.user_data)
    joined = join(parts)
    assert joined is not None
    assert joined.text == "😀"


def test_the_key_of_a_part() -> None:
    part = split("x" * 161, 7)[1]
    assert part_key(received(part)) == PartKey("+15551234567", 7, 8, 2)
    assert part_key(received(text_data("whole"))) is None


@given(st.text(max_size=500), st.sampled_from([8, 16]), st.randoms(use_true_random=False))
def test_any_text_survives_the_air(text: str, bits: int, random: Random) -> None:
    parts = [received(part).user_data for part in split(text, 5, bits=bits)]
    if len(parts) == 1:
        assert parts[0].text == text
        return
    random.shuffle(parts)
    joined = join(parts)
    assert joined is not None
    assert joined.text == text
