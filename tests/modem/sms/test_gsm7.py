import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.errors import ParseError
from modem.sms import gsm7
from modem.sms.alphabets import DEFAULT, ESCAPE, EXTENSION, LOCKING, SINGLE, UNDEFINED

SEPTETS = st.binary(max_size=200).map(lambda octets: bytes(octet & 0x7F for octet in octets))
LANGUAGES = st.integers(0, 13)


def test_packs_as_23_038_shows() -> None:
    assert gsm7.pack(gsm7.encode("How are you?")).hex() == "c8f71d14969741f977fd07"
    assert gsm7.pack(b"\x7f", bit_offset=6).hex() == "c01f"


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        (b"1234567", "31d98c56b3dd1a"),  # 7 bits spare: a CR fills them
        (b"12345678", "31d98c56b3dd70"),
        (b"1234567\r", "31d98c56b3dd1a0d"),  # the text's own CR is doubled
        (b"\r", "0d"),
        (b"", ""),
    ],
)
def test_ussd_padding_of_23_038_6_1_2_3(text: bytes, packed: str) -> None:
    assert gsm7.pack(text, ussd=True).hex() == packed
    assert gsm7.unpack(bytes.fromhex(packed), ussd=True) == text


@given(SEPTETS, st.integers(0, 6))
def test_unpack_undoes_pack(septets: bytes, bit_offset: int) -> None:
    packed = gsm7.pack(septets, bit_offset=bit_offset)
    assert gsm7.unpack(packed, len(septets), bit_offset=bit_offset) == septets


@given(SEPTETS.filter(lambda septets: not septets.endswith(b"\r")), st.integers(0, 6))
def test_ussd_unpack_needs_no_count(septets: bytes, bit_offset: int) -> None:
    packed = gsm7.pack(septets, bit_offset=bit_offset, ussd=True)
    assert gsm7.unpack(packed, bit_offset=bit_offset, ussd=True) == septets


def test_missing_septets_and_wide_septets_are_refused() -> None:
    with pytest.raises(ParseError):
        gsm7.unpack(b"\x31", 2)
    with pytest.raises(ParseError):
        gsm7.pack(b"\x80")


def test_extension_unknown_extension_and_escape() -> None:
    assert gsm7.encode("[€]").hex() == "1b3c1b651b3e"
    assert gsm7.decode(b"\x1b\x65\x1bA\x1b\x1b!\x1b") == "€A ! "


def test_what_is_not_in_the_alphabet() -> None:
    assert not gsm7.encodable("Zkouška")
    with pytest.raises(ParseError):
        gsm7.encode("Zkouška")
    assert gsm7.closest("Zkouška sirén 你") == "Zkouska sirén ?"


def test_tables_have_the_shape_of_annex_a() -> None:
    for table in LOCKING.values():
        assert len(table) == 128
        assert (table[0x0A], table[0x0D], table[ESCAPE], table[0x20]) == ("\n", "\r", "\x1b", " ")
        assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
        known = [char for char in table if char != UNDEFINED]
        assert len(set(known)) == len(known)
    for extension in SINGLE.values():
        assert EXTENSION.items() <= extension.items()
        assert ESCAPE not in extension


@pytest.mark.parametrize(
    ("language", "septet", "char"),
    [
        (1, 0x40, "İ"),
        (3, 0x15, "∞"),
        (4, 0x60, "\u09ce"),
        (5, 0x7F, "\u0af1"),
        (6, 0x3C, "\u0929"),
        (7, 0x24, "\u0ca1"),
        (8, 0x7F, "\u0d79"),
        (9, 0x7B, "\u0b57"),
        (10, 0x3C, UNDEFINED),
        (11, 0x48, "\u0bb4"),
        (12, 0x5F, "\u0c4d"),
        (13, 0x5B, "\u06d2"),
    ],
)
def test_locking_tables(language: int, septet: int, char: str) -> None:
    assert gsm7.decode(bytes([septet]), locking=language) == char


@pytest.mark.parametrize(
    ("language", "septet", "char"),
    [
        (1, 0x53, "Ş"),
        (2, 0x6F, "ó"),
        (3, 0x1F, "Ê"),
        (4, 0x34, "\u09fa"),
        (5, 0x25, "\u0aef"),
        (6, 0x3A, "\u0971"),
        (7, 0x2A, "\u0cf2"),
        (8, 0x2E, "\u0d7a"),
        (9, 0x2C, "\u0b71"),
        (10, 0x2D, "\u0a75"),
        (11, 0x2E, "\u0bfa"),
        (12, 0x1C, "\u0c66"),
        (13, 0x3F, "\u06d4"),
    ],
)
def test_single_shift_tables(language: int, septet: int, char: str) -> None:
    assert gsm7.decode(bytes([ESCAPE, septet]), single=language) == char


@given(LANGUAGES, LANGUAGES, st.data())
def test_every_table_round_trips(locking: int, single: int, data: st.DataObject) -> None:
    table = LOCKING.get(locking, DEFAULT) + "".join(SINGLE[single].values())
    chars = sorted(set(table) - {"\x1b", UNDEFINED})
    text = data.draw(st.text(st.sampled_from(chars)))
    assert gsm7.decode(gsm7.encode(text, locking, single), locking, single) == text
