"""What is known of a number before it is called: where it is, what kind, whose network."""

from dataclasses import dataclass
from enum import StrEnum


class NumberKind(StrEnum):
    """The kind of a number, in the words of ITU-T E.164 numbering plans."""

    FIXED = "fixed"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    SHARED_COST = "shared_cost"
    PREMIUM = "premium"
    OTHER = "other"
    SHORT = "short"
    EMERGENCY = "emergency"
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class Destination:
    """A callee. `zones` are all IANA zones it may be in; none when nothing is known."""

    number: str
    kind: NumberKind
    country: str | None = None
    carrier: str | None = None
    zones: tuple[str, ...] = ()
