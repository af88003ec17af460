"""The data coding scheme octet (3GPP TS 23.038 section 4) and message waiting."""

from dataclasses import dataclass
from enum import StrEnum

_COMPRESSED = 0x20
_HAS_CLASS = 0x10
_WAITING_ACTIVE = 0x08


class Alphabet(StrEnum):
    """How the octets of a message are to be read."""

    GSM7 = "gsm7"
    OCTETS = "8bit"
    UCS2 = "ucs2"


class WaitingKind(StrEnum):
    """What kind of message waits in a mailbox."""

    VOICE = "voice"
    FAX = "fax"
    EMAIL = "email"
    OTHER = "other"


WAITING_KINDS = tuple(WaitingKind)  # by the two bits of 23.038 4 and 23.040 9.2.3.24.2
_GENERAL = (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)  # 3 is reserved


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message waiting indication; `count` is None where only "some" or "none" is said.

    `store`: the SMS itself is for the user too.
    """

    kind: WaitingKind
    active: bool
    store: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class DataCoding:
    """A decoded DCS octet; `message_class` is 0 (flash) to 3 or None."""

    octet: int
    alphabet: Alphabet
    message_class: int | None = None
    compressed: bool = False
    waiting: Waiting | None = None


def decode_dcs(octet: int) -> DataCoding:
    """Read a DCS octet; reserved groups are the default alphabet, as 23.038 section 4 asks."""
    group = octet >> 4
    if group < 0x8:  # noqa: PLR2004 - general data coding, with or without automatic deletion
        return DataCoding(
            octet,
            _GENERAL[octet >> 2 & 0b11],
            octet & 0b11 if octet & _HAS_CLASS else None,
            compressed=bool(octet & _COMPRESSED),
        )
    if group == 0xF:  # noqa: PLR2004 - data coding and message class
        alphabet = Alphabet.OCTETS if octet & 0b100 else Alphabet.GSM7
        return DataCoding(octet, alphabet, octet & 0b11)
    if group < 0xC:  # noqa: PLR2004 - reserved
        return DataCoding(octet, Alphabet.GSM7)
    waiting = Waiting(
        WAITING_KINDS[octet & 0b11],
        active=bool(octet & _WAITING_ACTIVE),
        store=group != 0xC,  # noqa: PLR2004 - 1100 is "discard"
    )
    alphabet = Alphabet.UCS2 if group == 0xE else Alphabet.GSM7  # noqa: PLR2004
    return DataCoding(octet, alphabet, waiting=waiting)


def coding(alphabet: Alphabet, message_class: int | None = None) -> DataCoding:
    """Make the DCS of a message to send, in the general group."""
    octet = _GENERAL.index(alphabet) << 2
    if message_class is not None:
        octet |= _HAS_CLASS | message_class & 0b11
    return decode_dcs(octet)
