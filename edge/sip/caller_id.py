"""How a caller is shown to phones: From, P-Asserted-Identity (RFC 3325) or nothing (RFC 3323)."""

from dataclasses import dataclass

from edge.sip.dialog import Header
from edge.sip.words import MAX_NAME, MAX_USER, clean

_ANONYMOUS = "anonymous"
_NOWHERE = "anonymous.invalid"  # RFC 3323 4.1.1.3


@dataclass(frozen=True, slots=True)
class Shown:
    """What an INVITE says of the caller."""

    user: str
    name: str
    domain: str | None  # of From; None for the usual one
    headers: tuple[Header, ...]


def shown(caller: str, name: str, identity: str | None, host: str) -> Shown:
    """Show a caller; an empty number is a withheld one. `host` is that of the identity."""
    headers: list[Header] = []
    number = clean(caller, MAX_USER)
    if identity is not None and (asserted := clean(identity, MAX_USER)):
        headers.append(("P-Asserted-Identity", f"<sip:{_escaped(asserted)}@{host}>"))
    if not number or number.lower() == _ANONYMOUS:
        return Shown(_ANONYMOUS, "Anonymous", _NOWHERE, (*headers, ("Privacy", "id")))
    return Shown(number, clean(name, MAX_NAME), None, tuple(headers))


def _escaped(user: str) -> str:
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "+*-_.") else "" for char in user
    )
