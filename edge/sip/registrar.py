"""Where extensions can be reached: contacts with their time (RFC 3261 10). Pure.

A contact is the same as another of its extension when user, host and port are: a phone that starts
anew writes other parameters. They are answered, and called, exactly as they were sent.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

MIN_S = 60  # seconds, the shortest registration
MAX_CONTACT = 512  # characters of one Contact header
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\]|\\.)*"\s*|[^<"]*)<(?P<uri>[^<>\s]+)>(?P<params>.*)', re.DOTALL
)
_URI = re.compile(
    r"sip:(?:(?P<user>[^@\s;:]{1,128})(?::[^@\s]*)?@)?(?P<host>[A-Za-z0-9.-]{1,253})"
    r"(?::(?P<port>\d{1,5}))?(?P<params>;[^\s?]*)?",
    re.ASCII | re.IGNORECASE,
)
_EXPIRES = re.compile(r";\s*expires\s*=\s*\"?(\d{1,10})\"?\s*(?:;|$)", re.ASCII | re.IGNORECASE)
_PORT = 5060


class RegisterError(Exception):
    """A REGISTER that is refused, with code, reason and headers of the answer."""

    def __init__(self, code: int, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason, self.headers = code, reason, headers


@dataclass(frozen=True, slots=True)
class Contact:
    """One phone of an extension. Time is in seconds of the wall clock: it survives restarts."""

    uri: str  # as sent
    address: tuple[str, int]  # where its REGISTER came from: there it is called
    expires_at: float
    since: float
    agent: str  # its User-Agent
    call_id: str
    sequence: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it the same phone."""
        return _key(self.uri)


@dataclass(frozen=True, slots=True)
class Register:
    """A REGISTER, read."""

    contacts: Sequence[tuple[str, int | None]]  # URI and its expires; ("*", None) for all
    expires: int | None  # the header
    call_id: str
    sequence: int
    address: tuple[str, int]
    agent: str


@dataclass(slots=True)
class Registrar:
    """The contacts of each name."""

    room: Callable[[str], int]  # contacts that a name may have
    max_s: int
    _contacts: dict[str, list[Contact]] = field(default_factory=dict)

    def register(self, name: str, request: Register, now: float) -> tuple[Contact, ...]:
        """Do what a REGISTER asks for; what is registered then. Raises RegisterError."""
        self.expire(now)
        held = list(self._contacts.get(name, ()))
        _check_order(held, request)
        for uri, expires in request.contacts:
            held = self._change(held, request, uri, expires, now)
        held.sort(key=lambda contact: contact.since)
        held = held[-self.room(name) :]
        self._set(name, held)
        return tuple(held)

    def contacts(self, name: str, now: float) -> tuple[Contact, ...]:
        """Where a name can be reached."""
        return tuple(c for c in self._contacts.get(name, ()) if c.expires_at > now)

    def everything(self) -> list[tuple[str, Contact]]:
        """Each contact with its name."""
        return [(name, contact) for name, held in self._contacts.items() for contact in held]

    def drop(self, name: str, contact: Contact) -> bool:
        """Forget a contact that does not answer, unless it registered anew meanwhile."""
        held = self._contacts.get(name, [])
        if contact not in held:
            return False
        self._set(name, [each for each in held if each != contact])
        return True

    def expire(self, now: float) -> bool:
        """Forget what has run out; whether there was any."""
        gone = [(n, c) for n, c in self.everything() if c.expires_at <= now]
        for name, contact in gone:
            self.drop(name, contact)
        return bool(gone)

    def snapshot(self) -> list[dict[str, Any]]:
        """Everything, as JSON can hold it."""
        return [{"name": name} | asdict(contact) for name, contact in self.everything()]

    def restore(self, saved: Iterable[dict[str, Any]], now: float) -> None:
        """Take a snapshot back; what ran out meanwhile, or is for nobody any more, is left."""
        for item in saved:
            fields = dict(item)
            name = str(fields.pop("name"))
            host, port = fields.pop("address")
            contact = Contact(address=(str(host), int(port)), **fields)
            held = self._contacts.get(name, [])
            if now < contact.expires_at and len(held) < self.room(name):
                self._set(name, [*held, contact])

    def _change(
        self, held: list[Contact], request: Register, uri: str, expires: int | None, now: float
    ) -> list[Contact]:
        if uri == "*":
            if request.expires != 0 or len(request.contacts) > 1:
                raise RegisterError(400, "Bad Request")
            return []
        wanted = next(e for e in (expires, request.expires, self.max_s) if e is not None)
        if 0 < wanted < MIN_S:
            raise RegisterError(423, "Interval Too Brief", ("Min-Expires", str(MIN_S)))
        others = [contact for contact in held if contact.key != _key(uri)]
        if wanted == 0:
            return others
        until = now + min(wanted, self.max_s)
        new = Contact(
            uri, request.address, until, now, request.agent, request.call_id, request.sequence
        )
        return [*others, new]

    def _set(self, name: str, held: list[Contact]) -> None:
        if held:
            self._contacts[name] = held
        else:
            self._contacts.pop(name, None)


def read_contact(header: str) -> tuple[str, int | None]:
    """Read one Contact header: its URI as sent and its expires. Raises RegisterError."""
    text = header.strip()
    if text == "*":
        return "*", None
    found = _ADDRESS.fullmatch(text) if len(text) <= MAX_CONTACT else None
    if found:
        uri, params = found["uri"], found["params"]
    else:  # without brackets everything behind ; is of the header, RFC 3261 20.10
        uri, _, params = text.partition(";")
        params = f";{params}"
    if len(text) > MAX_CONTACT or not _is_ours(uri):
        raise RegisterError(400, "Bad Contact")
    expires = _EXPIRES.search(params)
    return uri, int(expires[1]) if expires else None


def _is_ours(uri: str) -> bool:
    """Whether it is a sip: URI over UDP that can be called."""
    found = _URI.fullmatch(uri)
    return found is not None and int(found["port"] or _PORT) in range(1, 65536)


def _key(uri: str) -> tuple[str, str, int]:
    found = _URI.fullmatch(uri)
    if found is None:
        return uri, "", 0
    return found["user"] or "", found["host"].lower(), int(found["port"] or _PORT)


def _check_order(held: Iterable[Contact], request: Register) -> None:
    """Refuse a REGISTER that was overtaken by a later one, RFC 3261 10.3."""
    if any(c.call_id == request.call_id and c.sequence >= request.sequence for c in held):
        raise RegisterError(500, "Out Of Order")
