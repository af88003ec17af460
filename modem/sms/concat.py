"""Long messages: a text into parts, and parts into a text (3GPP TS 23.040 9.2.3.24.1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from modem.errors import ParseError
from modem.sms import gsm7
from modem.sms.dcs import Alphabet
from modem.sms.pdu import Deliver
from modem.sms.userdata import (
    MAX_OCTETS,
    MAX_SEPTETS,
    MAX_UCS2,
    Concat,
    UserData,
    alphabet_for,
    text_data,
)

_MAX_PARTS = 255
_HEADER_OCTETS = {8: 6, 16: 7}  # by bits of the reference


def split(
    text: str,
    reference: int = 0,
    *,
    bits: int = 8,
    alphabet: Alphabet | None = None,
    message_class: int | None = None,
) -> list[UserData]:
    """Make the bodies of the messages that carry `text`: one without header where it fits.

    Neither an extension character nor a surrogate pair is ever split. `bits` is the size of the
    reference, 8 or 16; ParseError above 255 parts.
    """
    chosen = alphabet or alphabet_for(text)
    whole = MAX_SEPTETS if chosen is Alphabet.GSM7 else MAX_UCS2
    if sum(_sizes(text, chosen)) <= whole:
        return [text_data(text, alphabet=chosen, message_class=message_class)]
    pieces = cut(text, chosen, bits)
    if len(pieces) > _MAX_PARTS:
        raise ParseError(f"the text needs {len(pieces)} messages, 255 are possible")
    reference %= 1 << bits
    return [
        text_data(
            piece,
            alphabet=chosen,
            message_class=message_class,
            elements=(Concat(reference, len(pieces), sequence, bits).element(),),
        )
        for sequence, piece in enumerate(pieces, 1)
    ]


def _room(alphabet: Alphabet, bits: int) -> int:
    """How many septets or code units a part holds beside its header."""
    octets = MAX_OCTETS - _HEADER_OCTETS[bits]
    return octets * 8 // 7 if alphabet is Alphabet.GSM7 else octets // 2


def _sizes(text: str, alphabet: Alphabet) -> list[int]:
    """Count the septets or code units of each character."""
    if alphabet is Alphabet.GSM7:
        return [len(gsm7.encode(char)) for char in text]
    return [2 if char > "\uffff" else 1 for char in text]


def cut(text: str, alphabet: Alphabet, bits: int = 8) -> list[str]:
    """Cut a text into pieces that each fit beside the header of a concatenated message."""
    room = _room(alphabet, bits)
    pieces: list[str] = []
    start = used = 0
    for at, size in enumerate(_sizes(text, alphabet)):
        if used + size > room:
            pieces.append(text[start:at])
            start, used = at, 0
        used += size
    return [*pieces, text[start:]]


@dataclass(frozen=True, slots=True)
class PartKey:
    """What the parts of one message share; the reference alone repeats too soon."""

    sender: str
    reference: int
    bits: int
    total: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A whole message: `text`, or `data` where its parts carry octets."""

    text: str | None
    data: bytes


def part_key(message: Deliver) -> PartKey | None:
    """Under which key the parts of this message are kept; None where it is whole."""
    concat = message.user_data.concat
    if concat is None:
        return None
    return PartKey(message.sender.number, concat.reference, concat.bits, concat.total)


def join(parts: Iterable[UserData]) -> Joined | None:
    """Join parts of one key, in any order; None while one is missing.

    Of a part that came twice the first counts.
    """
    known: dict[int, UserData] = {}
    total = 0
    for part in parts:
        concat = part.concat
        if concat is None:
            continue
        total = total or concat.total
        if concat.total == total:
            known.setdefault(concat.sequence, part)
    if not total or len(known) < total:
        return None
    ordered = [known[sequence] for sequence in range(1, total + 1)]
    data = b"".join(part.data for part in ordered)
    if all(part.text is None for part in ordered):
        return Joined(None, data)
    return Joined(_mended("".join(part.text or "" for part in ordered)), data)


def _mended(text: str) -> str:
    """Pair up surrogates that lay in two parts; replace those that have no partner."""
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
